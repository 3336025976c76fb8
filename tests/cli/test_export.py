"""specdl export: what a run comes to as C, and what may be wrong."""

import csv
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import specdl as package
from specdl.backends.c.compiler import find
from specdl.cli.main import main
from tests.backends.c.compilers import NEEDS_COMPILER
from tests.cli.conftest import ROOT, spec

PAGE = ROOT / "docs" / "export.md"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run on a table with a gap and a word in it, normalised."""
    folder = tmp_path_factory.mktemp("run")
    noise = np.random.default_rng(0)
    with (folder / "data.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "way"])
        for number, (a, b) in enumerate(noise.random((60, 2)).round(4).tolist()):
            writer.writerow([a + 100, "" if number == 7 else b, "up" if a > b else "down"])
    value = spec(
        name="the-way",
        data={
            "source": {"type": "csv", "path": "data.csv", "target": "way", "missing": "mean"},
            "transforms": ["normalize"],
            "batch_size": 8,
        },
    )
    value["model"]["input"]["shape"] = [2]
    value["model"]["layers"][-1]["out_features"] = 2
    value["train"] = {"epochs": 2, "checkpoint_every": 1, "keep": 5}
    (folder / "spec.json").write_text(json.dumps(value), encoding="utf-8")
    assert main(["train", str(folder / "spec.json"), "--out", str(folder / "run"), "--quiet"]) == 0
    return folder / "run"


def trained(folder, value):
    """The folder of a run of a spec."""
    (folder / "other.json").write_text(json.dumps(value), encoding="utf-8")
    assert main(["train", str(folder / "other.json"), "--out", str(folder / "run"), "--quiet"]) == 0
    return folder / "run"


PREDICT = """
#include <stdio.h>
#include "the_way.h"
int main(void)
{
    float x[2], y[2];
    the_way_model *model = the_way_new();
    while (scanf("%f %f", x, x + 1) == 2) {
        the_way_predict(model, 1, x, y);
        printf("%.9g %.9g\\n", y[0], y[1]);
    }
    the_way_free(model);
    return 0;
}
"""


@NEEDS_COMPILER
def test_the_c_predicts_what_the_run_predicts_from_raw_samples(specdl, run, tmp_path):
    done = specdl("export", run, "--to", "c", "--out", tmp_path)
    assert done.code == 0
    assert "x (`input`) is to come raw: filling of what is missing and `normalize` is done in C" in done.err
    (tmp_path / "main.c").write_text(PREDICT)
    command = [*find().command, "-Wall", "-Wextra", "-Werror", "main.c", "the_way.c", "-lm", "-o", "main"]
    subprocess.run(command, cwd=tmp_path, check=True)
    x = np.array([[100.25, 0.5], [100.75, np.nan], [101, 0.125]], np.float32)
    text = "\n".join(f"{a:.9g} {b:.9g}" for a, b in x.tolist())
    told = subprocess.run(["./main"], cwd=tmp_path, input=text, capture_output=True, text=True, check=True)
    have = np.array([line.split() for line in told.stdout.splitlines()], float)
    want = package.load(run).predict(x)
    np.testing.assert_allclose(have, want, rtol=1e-6, atol=1e-6)


def test_files_are_listed_and_not_written_over(specdl, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = specdl("export", run, "--to", "c", "--format", "json", "--train", "--batch", 3)
    names = [Path("the_way", f"the_way.{suffix}") for suffix in ("c", "h", "json")]
    assert [Path(each["path"]) for each in done.json["files"]] == names
    assert [each["bytes"] for each in done.json["files"]] == [name.stat().st_size for name in names]
    assert done.json["batch"] == 3
    assert done.json["train"] is True
    assert done.json["inputs"][0]["raw"] is True
    table = json.loads(names[-1].read_text())
    assert table["labels"] == {"target": ["down", "up"]}
    assert [each["name"] for each in table["parameters"]][:2] == ["fc1.weight", "fc1.bias"]
    names[0].write_text("mine")
    again = specdl("export", run, "--to", "c")
    assert again.code == 2
    assert "`the_way/the_way.c`" in again.err
    assert "would be written over" in again.err
    assert names[0].read_text() == "mine"
    forced = specdl("export", run, "--to", "c", "--force", "--weights", "file")
    assert forced.code == 0
    assert re.search(r"the_way\.bin +\d+  bytes", forced.out)
    assert Path("the_way/the_way.bin").stat().st_size == 4 * (5 * 2 + 5 + 2 * 5 + 2)
    assert "the_way_train_step" not in names[1].read_text()


def test_a_checkpoint_is_chosen(specdl, run, tmp_path):
    for checkpoint in ("latest", "step-00000008"):
        assert (
            specdl(
                "export", run, "--to", "c", "--out", tmp_path / checkpoint, "--checkpoint", checkpoint
            ).code
            == 0
        )
    texts = [(tmp_path / name / "the_way.c").read_text() for name in ("latest", "step-00000008")]
    assert texts[0] != texts[1]
    done = specdl("export", run, "--to", "c", "--checkpoint", "none")
    assert done.code == 2
    assert "has no checkpoint `none`" in done.err


def test_what_is_left_to_the_caller_is_said(specdl, tmp_path):
    source = {"type": "npz", "path": "train.npz"}
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "train.npz", x=rng.integers(0, 3, (16, 2)), y=rng.integers(0, 3, 16))
    value = spec(data={"source": source, "transforms": ["one_hot"], "batch_size": 8})
    value["model"]["input"]["shape"] = [2, 3]
    value["model"]["layers"].insert(0, {"type": "flatten"})
    done = specdl("export", trained(tmp_path, value), "--to", "c", "--out", tmp_path / "c")
    assert done.code == 0
    assert "x (`input`) is to come changed as the run does it, by `one_hot`: C does not do that" in done.err
    assert "raw" not in (tmp_path / "c" / "small.json").read_text()


def test_an_autoencoder_takes_no_target(specdl, tmp_path):
    value = spec(loss={"type": "mse"}, metrics=[])
    value["model"]["layers"][-1]["out_features"] = 6
    value["data"]["target"] = {"from": "input"}
    run = trained(tmp_path, value)
    done = specdl(
        "export", run, "--to", "c", "--train", "--name", "Auto", "--out", tmp_path / "c", "--format", "json"
    )
    assert done.json["targets"] == []
    header = (tmp_path / "c" / "Auto.h").read_text()
    assert "float Auto_train_step(Auto_model *model, size_t rows, const float *x, double lr);" in header


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "onnx"], "invalid choice: 'onnx'"),
        ([], "the following arguments are required: --to"),
        (["--to", "c", "--name", "a-b"], "`a-b` is no name for C files"),
        (["--to", "c", "--vector-bytes", "8"], "invalid choice: 8"),
        (["--to", "c", "--batch", "0"], "`0` is no whole number from 1"),
    ],
)
def test_wrong_usage(specdl, run, words, said):
    done = specdl("export", run, *words)
    assert done.code == 2
    assert said in done.err
    assert not done.out


def test_a_folder_that_holds_no_run(specdl, tmp_path):
    done = specdl("export", tmp_path, "--to", "c")
    assert done.code == 2
    assert "holds no run" in done.err


@NEEDS_COMPILER
def test_the_page_does_what_it_says(tmp_path):
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    (commands,), (program,), (printed,) = (
        [text for tag, text in fenced if tag == kind] for kind in ("sh", "c", "")
    )
    (tmp_path / "main.c").write_text(program, encoding="utf-8")
    stand_in = {
        "specdl": [sys.executable, "-m", "specdl"],
        "cc": [*find().command, "-Wall", "-Wextra", "-Werror"],
    }
    for line in commands.splitlines():
        first, *words = shlex.split(line)
        done = subprocess.run(
            [*stand_in.get(first, [first]), *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
    assert done.stdout == printed
