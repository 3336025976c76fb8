"""Signals to `specdl train`, at moments before, during and after training, and to what else compiles."""

import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from specdl.backends.c.compiler import find
from specdl.cli.signals import leave
from tests.backends.c.compilers import NEEDS_COMPILER
from tests.cli.conftest import ROOT, spec

PAUSE = """
import sys, time
{at}
from specdl.cli.main import entry_point
sys.argv = ["specdl", *{words!r}]
entry_point()
"""
STAGES = {
    "import of torch": """
class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "torch":
            print("ready", flush=True)
            time.sleep(60)
sys.meta_path.insert(0, Slow())
""",
    "loading of data": """
import specdl.data.load
def slow(*words):
    print("ready", flush=True)
    time.sleep(60)
specdl.data.load.load = slow
""",
}


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
@pytest.mark.parametrize("stage", STAGES)
def test_before_training(write, tmp_path, stage, number, code):
    out = tmp_path / "run"
    program = PAUSE.format(at=STAGES[stage], words=["train", str(write(spec())), "--out", str(out)])
    ended = interrupted([sys.executable, "-c", program], "ready", number)
    assert ended.returncode == code
    assert ended.stderr == f"specdl: ended by {number.name}\n"
    assert not list(out.glob("checkpoints/*"))


HANGING = """#!/bin/sh
case "$*" in
  *-shared*) echo $$ >> {pids}; exec sleep 1000;;
  *) exec {compiler} "$@";;
esac
"""


@NEEDS_COMPILER
@pytest.mark.parametrize(
    ("command", "number", "code"),
    [
        ("train", signal.SIGTERM, 143),
        ("train", signal.SIGINT, 130),
        ("bench", signal.SIGTERM, 143),
        ("eval", signal.SIGTERM, 143),
        ("predict", signal.SIGTERM, 143),
    ],
)
def test_while_compiling(specdl, write, tmp_path, monkeypatch, command, number, code):
    """No compiler runs on, and nothing of theirs stays in the cache."""
    path, out = str(write(spec())), str(tmp_path / "run")
    words = {"train": [path, "--out", out], "bench": [path], "eval": [out], "predict": [out, "-"]}
    if command in ("eval", "predict"):
        assert specdl("train", path, "--out", out, "--backend", "torch").code == 0
    pids, hanging, cache = tmp_path / "pids", tmp_path / "hanging", tmp_path / "cache"
    hanging.write_text(HANGING.format(pids=pids, compiler=shlex.join(find().command)))
    hanging.chmod(0o755)
    monkeypatch.setenv("CC", str(hanging))
    monkeypatch.setenv("SPECDL_CACHE", str(cache))
    program = PAUSE.format(at=TELLING.format(pids=str(pids)), words=[command, *words[command]])
    ended = interrupted([sys.executable, "-c", program], "ready", number)
    assert ended.returncode == code
    assert ended.stderr == f"specdl: ended by {number.name}\n"
    assert not [path.name for path in cache.iterdir() if path.name.startswith("work-")]
    for pid in pids.read_text().split():
        with pytest.raises(ProcessLookupError):
            os.killpg(int(pid), 0)


TELLING = """
import os, threading
def tell():
    while not os.path.exists({pids!r}):
        time.sleep(0.01)
    print("ready", flush=True)
threading.Thread(target=tell, daemon=True).start()
"""
"""Tells as soon as a compiler runs."""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_while_training(specdl, write, tmp_path, number, code):
    path, out = write(spec(train={"epochs": 10**6}, schedule={"type": "constant"})), tmp_path / "run"
    words = [sys.executable, "-u", "-m", "specdl", "train", str(path), "--out", str(out)]
    ended = interrupted(words, "epoch", number, stream="stderr")
    assert ended.returncode == code
    assert "Traceback" not in ended.stderr
    assert "stopped at step" in ended.stderr
    assert specdl("eval", out).code == 0


def interrupted(words, sign, number, stream="stdout"):
    """A process that got a signal once it had printed a sign."""
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
    )
    said = ""
    while sign not in said:
        line = getattr(process, stream).readline()
        assert line, process.communicate()
        said += line
    time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return subprocess.CompletedProcess(
        words, process.returncode, out, said + err if stream == "stderr" else err
    )


def test_leave_is_immediate(monkeypatch, capfd):
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    leave(signal.SIGTERM)
    assert codes == [143]
