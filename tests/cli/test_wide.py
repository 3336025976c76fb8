"""A layer that reads thousands of values: its formula is as deep, and no command may recurse over it."""

import json

import pytest
from safetensors.numpy import load_file

from tests.backends.c.compilers import NEEDS_COMPILER
from tests.cli.conftest import spec

INPUTS = 5000


@pytest.fixture
def wide(tmp_path):
    """One value added up so many times."""
    layers = [
        {"type": "linear", "out_features": 3, "name": "a"},
        {"type": "add", "inputs": ["a"] * INPUTS},
    ]
    value = spec(
        data={"source": {"type": "random", "train": 8}, "batch_size": 4},
        model={"input": {"shape": [3]}, "layers": layers},
        loss={"type": "mse"},
        optimizer={"type": "sgd", "lr": 1e-9},
        train={"steps": 2, "evaluate_every": 0},
        metrics=[],
    )
    path = tmp_path / "wide.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


def trained(specdl, path, backend):
    out = path.with_name(backend)
    done = specdl("train", path, "--backend", backend, "--out", out)
    assert done.code == 0, done.err
    return load_file(out / "checkpoints/step-00000002/weights.safetensors")


def test_checked_and_on_torch(specdl, wide):
    assert specdl("check", wide).code == 0
    assert trained(specdl, wide, "torch")


@NEEDS_COMPILER
def test_planned_compiled_and_exported(specdl, wide):
    done = specdl("plan", wide, "--backend", "c", "--program")
    assert done.code == 0, done.err
    assert done.out.count("add.forward") >= 1
    native, eager = trained(specdl, wide, "c"), trained(specdl, wide, "torch")
    for name, value in native.items():
        assert value == pytest.approx(eager[name], rel=1e-4), name
    done = specdl("export", wide.with_name("c"), "--to", "c", "--out", wide.with_name("exported"))
    assert done.code == 0, done.err
