import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from specdl.cli.main import main

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        value = json.loads(self.out)
        assert value["version"] == 1
        return value


@pytest.fixture
def specdl(capsys):
    """Run a command in this process."""

    def run(*words):
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return Done(code, out, err)

    return run


@pytest.fixture
def shell():
    """Run a command in a process of its own."""

    def run(*words, stdin="", **environment):
        done = subprocess.run(
            [sys.executable, "-W", "error", "-m", "specdl", *map(str, words)],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def spec(**changes):
    """A small spec whose data is made up, with changes to its sections."""
    value = {
        "specdl": 1,
        "name": "small",
        "seed": 0,
        "data": {"source": {"type": "random", "train": 40, "validation": 10, "test": 10}, "batch_size": 8},
        "model": {
            "input": {"shape": [6]},
            "layers": [
                {"type": "linear", "out_features": 5, "activation": "tanh", "name": "fc1"},
                {"type": "linear", "out_features": 3, "name": "head"},
            ],
        },
        "loss": {"type": "cross_entropy"},
        "optimizer": {"type": "adam", "lr": 0.01},
        "train": {"epochs": 2},
        "metrics": ["accuracy"],
    }
    return value | changes


@pytest.fixture
def write(tmp_path):
    """Write a spec to a file; its path."""

    def to(value, name="spec.json"):
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value, indent=2), encoding="utf-8")
        return path

    return to


@pytest.fixture
def small(write):
    return write(spec())
