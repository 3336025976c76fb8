"""train, eval, predict and report on one small run."""

import csv
import io
import json
import shutil

import numpy as np
import pytest

from specdl.cli.main import main
from tests.cli.conftest import ROOT, spec


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A finished run of a classifier of two numbers in a table."""
    folder = tmp_path_factory.mktemp("run")
    noise = np.random.default_rng(0)
    rows = [(a, b, "up" if a > b else "down") for a, b in noise.random((60, 2)).round(4).tolist()]
    (folder / "data.csv").write_text(
        "a,b,way\n" + "".join(f"{a},{b},{way}\n" for a, b, way in rows), encoding="utf-8"
    )
    value = spec(
        data={
            "source": {"type": "csv", "path": "data.csv", "target": "way"},
            "split": {"validation": 0.2, "test": 0.2},
            "transforms": ["normalize"],
            "batch_size": 8,
        }
    )
    value["model"]["input"]["shape"] = [2]
    value["model"]["layers"][-1]["out_features"] = 2
    value["train"]["epochs"] = 12
    path = folder / "spec.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    assert main(["train", str(path), "--out", str(folder / "run"), "--quiet"]) == 0
    return folder / "run"


def test_the_run_folder(run):
    names = {"spec.json", "resolved.json", "environment.json", "metrics.jsonl", "timing.jsonl", "checkpoints"}
    assert names <= {path.name for path in run.iterdir()}
    assert (run / "spec.json").read_bytes() == (run.parent / "spec.json").read_bytes()


def test_train_prints_json_and_progress(specdl, small, tmp_path):
    done = specdl("train", small, "--out", tmp_path / "run", "--format", "json")
    assert done.json["run"] == str(tmp_path / "run")
    stored = json.loads((tmp_path / "run" / "environment.json").read_text())["spec_hash"]
    assert done.json["spec_hash"] == stored
    assert set(done.json["metrics"]) == {"train", "validation", "test"}
    assert set(done.json["metrics"]["test"]) == {"loss", "accuracy"}
    assert "epoch 2/2" in done.err
    assert f"the run is in {tmp_path / 'run'}" in done.err
    assert "\x1b" not in done.err


def test_a_folder_that_is_taken(specdl, small, tmp_path):
    assert specdl("train", small, "--out", tmp_path / "run", "--quiet").code == 0
    again = specdl("train", small, "--out", tmp_path / "run")
    assert again.code == 2
    assert "error[E702]" in again.err
    resumed = specdl("train", small, "--out", tmp_path / "run", "--resume")
    assert resumed.code == 0
    assert "finished already" in resumed.err


def test_set_is_part_of_the_run(specdl, small, tmp_path):
    out = tmp_path / "run"
    assert specdl("train", small, "--out", out, "--set", "train.epochs=1", "--set", "seed=7").code == 0
    assert json.loads((out / "resolved.json").read_text(encoding="utf-8"))["seed"] == 7
    assert len((out / "metrics.jsonl").read_text(encoding="utf-8").splitlines()) == 1


def test_a_dry_run_writes_nothing(specdl, small, tmp_path):
    before = set(tmp_path.iterdir())
    done = specdl("train", small, "--out", tmp_path / "run", "--dry-run")
    assert done.code == 0
    assert done.out.startswith(
        "small: 10 steps, 5 per epoch\nsamples: 40 for train, 10 for validation, 10 for test\n"
    )
    figures = specdl("train", small, "--dry-run", "--format", "json").json
    assert (figures["steps"], figures["rows"]) == (10, {"train": 40, "validation": 10, "test": 10})
    assert figures["bytes"] == specdl("plan", small, "--format", "json").json["bytes"]["total"]
    assert set(tmp_path.iterdir()) == before


def test_eval_agrees_with_training(specdl, run):
    done = specdl("eval", run, "--format", "json")
    last = json.loads((run / "metrics.jsonl").read_text(encoding="utf-8").splitlines()[-1])
    parts = done.json["parts"]
    assert {name: of["rows"] for name, of in parts.items()} == {"train": 36, "validation": 12, "test": 12}
    for part in ("train", "validation"):
        assert {name: of for name, of in parts[part].items() if name != "rows"} == pytest.approx(last[part])


def test_eval_of_a_part(specdl, run):
    done = specdl("eval", run, "--part", "test")
    assert [line.split()[0] for line in done.out.splitlines()] == ["part", "test"]


def test_eval_of_a_part_that_is_not_there(specdl, small, tmp_path):
    out = tmp_path / "run"
    specdl("train", small, "--out", out, "--set", "data.source.test=0", "--quiet")
    done = specdl("eval", out, "--part", "test")
    assert done.code == 2
    assert "the data has no part `test`: it has train, validation" in done.err


def test_eval_without_its_data(specdl, run, tmp_path):
    done = specdl("eval", run, "--set", "data.source.path=gone.csv")
    assert done.code == 1
    assert "error[E410]" in done.err


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_predict_finds_columns_by_name(specdl, run, write):
    path = write("b,a\n0.1,0.9\n0.9,0.1\n", "new.csv")
    rows = read(specdl("predict", run, path).out)
    assert list(rows[0]) == ["head.class", "head.0", "head.1"]
    assert [row["head.class"] for row in rows] == ["up", "down"]
    for row, best in zip(rows, (1, 0), strict=True):
        assert max((0, 1), key=lambda each: float(row[f"head.{each}"])) == best


def test_predict_from_standard_input(shell, run):
    done = shell("predict", run, "-", stdin="a,b\n0.9,0.1\n")
    assert [row["head.class"] for row in read(done.out)] == ["up"]


def test_predict_arrays(specdl, run, tmp_path):
    np.save(tmp_path / "x.npy", np.array([[0.9, 0.1], [0.1, 0.9], [0.3, 0.2]]))
    assert specdl("predict", run, tmp_path / "x.npy", "--out", tmp_path / "y.npy").code == 0
    scores = np.load(tmp_path / "y.npy", allow_pickle=False)
    assert (scores.shape, scores.dtype) == ((3, 2), np.float32)
    assert specdl("predict", run, tmp_path / "x.npy", "--out", tmp_path / "y.csv").code == 0
    rows = read((tmp_path / "y.csv").read_text(encoding="utf-8"))
    assert np.array_equal(
        scores, np.array([[row["head.0"], row["head.1"]] for row in rows], dtype=np.float32)
    )
    np.savez(tmp_path / "x.npz", input=np.array([[0.9, 0.1]]))
    assert len(read(specdl("predict", run, tmp_path / "x.npz").out)) == 1


@pytest.mark.parametrize(
    ("name", "content", "code", "said"),
    [
        ("x.csv", "a,c\n1,2\n", 1, "E411"),
        ("x.csv", "a,b\n1,oops\n", 1, "oops"),
        ("x.npy", "no array", 1, "E415"),
        ("x.txt", "1", 2, "ends in neither .csv, .npy nor .npz"),
        ("gone.csv", None, 2, "there is no file"),
    ],
)
def test_inputs_that_cannot_be_used(specdl, run, tmp_path, name, content, code, said):
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    done = specdl("predict", run, tmp_path / name)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_an_output_of_no_known_kind(specdl, run, tmp_path):
    np.save(tmp_path / "x.npy", np.zeros((1, 2)))
    done = specdl("predict", run, tmp_path / "x.npy", "--out", tmp_path / "y.txt")
    assert done.code == 2
    assert "say which with --format" in done.err


def test_a_table_for_a_run_that_was_trained_on_none(specdl, small, tmp_path, write):
    specdl("train", small, "--out", tmp_path / "run", "--quiet")
    rows = "0,0,0,0,0,0\n1,1,1,1,1,1\n"
    plain = specdl("predict", tmp_path / "run", write(rows, "a.csv")).out
    assert len(read(plain)) == 2
    assert specdl("predict", tmp_path / "run", write("a,b,c,d,e,f\n" + rows, "b.csv")).out == plain
    for text, said in (
        ("1,2\n1,x\n", "row 2: `x` is no number"),
        ("1,2\n1\n", "row 2: 1 values"),
        ("", "has no rows"),
    ):
        done = specdl("predict", tmp_path / "run", write(text, "c.csv"))
        assert done.code == 2
        assert said in done.err


def test_report(specdl, run, tmp_path):
    done = specdl("report", run, "--out", tmp_path / "page.html")
    assert done.code == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    for said in ("small", "up", "down", "fc1", "accuracy", "the best weights, of step"):
        assert said in page
    assert specdl("report", run).code == 0
    assert (run / "report.html").is_file()
    assert specdl("report", run, "--out", "-", "--checkpoint", "latest").out.startswith("<!DOCTYPE html>")


def test_report_without_the_data(specdl, run, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    done = specdl("report", copy, "--set", "data.source.path=gone.csv")
    assert done.code == 0
    assert "the data cannot be read" in done.err


@pytest.mark.parametrize(
    "model", ["disc.json", "diabetes.json", "two_inputs.json", "digits_autoencoder.json"]
)
def test_report_of_other_kinds_of_models(specdl, tmp_path, model):
    out = tmp_path / "run"
    words = ["--quiet", "--set", "train.epochs=1", "--set", "train.evaluate_every=1"]
    assert specdl("train", ROOT / "models" / model, "--out", out, *words).code == 0
    assert specdl("report", out).code == 0
    assert (out / "report.html").stat().st_size > 10_000


@pytest.mark.parametrize("command", ["eval", "predict", "report"])
def test_a_folder_without_a_run(specdl, tmp_path, command):
    words = [tmp_path / "x.csv"] if command == "predict" else []
    done = specdl(command, tmp_path, *words)
    assert done.code == 2
    assert "holds no run" in done.err
    assert specdl(command, tmp_path / "gone", *words).code == 2


def test_a_checkpoint_that_is_not_there(specdl, run):
    done = specdl("eval", run, "--checkpoint", "step-99999999")
    assert done.code == 2
    assert "has no checkpoint `step-99999999`" in done.err
