"""Files that commands write, where they cannot be written."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from specdl.cli.main import main
from specdl.cli.written import write
from tests.cli.conftest import spec

FULL = Path("/dev/full")
NEEDS_FULL = pytest.mark.skipif(not FULL.exists(), reason="this system has no device that is always full")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run, with samples beside it."""
    folder = tmp_path_factory.mktemp("written")
    (folder / "spec.json").write_text(json.dumps(spec(train={"epochs": 1})), encoding="utf-8")
    np.save(folder / "x.npy", np.zeros((3, 6)))
    words = ["train", folder / "spec.json", "--out", folder / "run", "--quiet", "--backend", "torch"]
    assert main([str(word) for word in words]) == 0
    return folder / "run"


@NEEDS_FULL
@pytest.mark.parametrize(
    "words", [("predict", "--format", "csv"), ("predict", "--format", "npy"), ("report",)]
)
def test_a_full_disk_is_told(specdl, run, words):
    command, *options = words
    inputs = [run.parent / "x.npy"] if command == "predict" else []
    done = specdl(command, run, *inputs, *options, "--out", FULL)
    assert done.code == 4
    assert done.err.startswith("error[E520]: the disk is full: `/dev/full` could not be written")


@NEEDS_FULL
def test_standard_output_that_is_full_is_told(run):
    import subprocess
    import sys

    with FULL.open("w") as full:
        command = [sys.executable, "-m", "specdl", "eval", str(run), "--backend", "torch"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.stderr == "error[E520]: the disk is full: the output could not be written\n"
    assert done.returncode == 4


@pytest.mark.parametrize("command", ["predict", "report", "export"])
def test_a_place_that_is_none_is_told(specdl, run, tmp_path, command):
    (tmp_path / "file").touch()
    inputs = {"predict": [run.parent / "x.npy"], "report": [], "export": ["--to", "c"]}[command]
    done = specdl(command, run, *inputs, "--out", tmp_path / "file" / "out.csv")
    assert done.code == 2
    assert done.err.startswith("error[E708]: ")


def test_what_is_cut_off_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "page.html"
    path.write_bytes(b"old")

    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Exception, match="the disk is full"):
        write(path, b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_is_written_through(tmp_path):
    (tmp_path / "link").symlink_to("file")
    write(tmp_path / "link", b"x")
    assert (tmp_path / "file").read_bytes() == b"x"
    assert (tmp_path / "link").is_symlink()
