"""Training and loading by Python calls."""

import copy
import json

import numpy as np
import pytest

import specdl
from specdl.analysis import analyse
from specdl.runner.errors import RunError
from specdl.training import as_given, samples_of

XOR = {
    "specdl": 1,
    "name": "xor",
    "data": {"batch_size": 4},
    "model": {
        "input": {"shape": [2]},
        "layers": [
            {"type": "linear", "out_features": 8, "activation": "tanh"},
            {"type": "linear", "out_features": 2, "name": "head"},
        ],
    },
    "loss": {"type": "cross_entropy"},
    "optimizer": {"type": "adam", "lr": 0.05},
    "train": {"epochs": 200, "evaluate_every": 0},
    "metrics": ["accuracy"],
}
X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
Y = np.array([0, 1, 1, 0])


def test_arrays_train_and_the_run_comes_back(tmp_path):
    run = specdl.train(XOR, data={"train": (X, Y), "test": (X, Y)}, out=tmp_path / "xor")
    assert run.metrics["test"]["accuracy"] == 1.0
    assert run.predict(X).argmax(1).tolist() == Y.tolist()
    again = specdl.load(tmp_path / "xor")
    assert np.array_equal(again.predict(X), run.predict(X))
    assert again.metrics == run.metrics


def test_a_run_predicts_from_samples_as_its_data_has_them(tmp_path):
    spec = XOR | {"data": {"batch_size": 4, "transforms": ["normalize"]}}
    run = specdl.train(spec, data={"train": (X + 100, Y)}, out=tmp_path / "xor")
    assert specdl.load(tmp_path / "xor").predict(X + 100).argmax(1).tolist() == Y.tolist()
    with pytest.raises(specdl.UsageError, match=r"another shape than \[3\]"):
        run.predict(np.zeros((1, 3)))


def test_findings_of_the_data_are_diagnostics(tmp_path):
    path = tmp_path / "spec.json"
    source = {"type": "npz", "path": "gone.npz"}
    path.write_text(
        json.dumps(XOR | {"data": {"batch_size": 4, "source": source}}, indent=2), encoding="utf-8"
    )
    with pytest.raises(specdl.SpecError) as caught:
        specdl.train(path, out=tmp_path / "run")
    (found,) = caught.value.diagnostics
    assert (found.code, found.file, found.path) == ("E410", str(path), "$.data.source.path")
    assert '"path": "gone.npz"' in found.excerpt
    assert not (tmp_path / "run").exists()


def test_a_run_finds_its_data_from_anywhere(tmp_path, monkeypatch):
    home = tmp_path / "home"
    home.mkdir()
    np.savez(home / "data.npz", x=X, y=Y)
    source = {"type": "npz", "path": "data.npz"}
    (home / "spec.json").write_text(
        json.dumps(XOR | {"data": {"batch_size": 4, "source": source}}), encoding="utf-8"
    )
    monkeypatch.chdir(home)
    specdl.train("spec.json", out=tmp_path / "run", overrides=["train.epochs=1"])
    monkeypatch.chdir(tmp_path)
    run = specdl.load("run")
    assert run.evaluate(samples_of(run), "train") == pytest.approx(run.metrics["train"])


def test_a_run_with_other_options(tmp_path):
    specdl.train(XOR, data={"train": (X, Y)}, out=tmp_path / "xor", overrides=["train.epochs=1"])
    assert specdl.load(tmp_path / "xor", overrides=["data.batch_size=2"]).model.plan.rows == 2
    with pytest.raises(specdl.SpecError):
        specdl.load(tmp_path / "xor", overrides=["data.batch_size=0"])
    with pytest.raises(specdl.UsageError):
        specdl.load(tmp_path / "xor", backend="tpu")


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
def test_the_text_of_a_spec_is_kept_as_it_was_given(tmp_path, suffix):
    spec = json.dumps(XOR) if suffix == ".json" else "# a comment\n" + json.dumps(XOR)
    path = tmp_path / f"spec{suffix}"
    path.write_text(spec, encoding="utf-8")
    compilation, _ = analyse(path, ["seed=3"])
    assert as_given(compilation.document, compilation.spec) == (spec.encode(), suffix)


def test_a_dict_is_kept_as_json():
    compilation, _ = analyse(XOR)
    text, suffix = as_given(compilation.document, compilation.spec)
    assert (json.loads(text), suffix) == (XOR, ".json")


def write(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
    return path


@pytest.fixture
def inherited(tmp_path, monkeypatch):
    """A spec that extends another, whose data lies above the folder of that one."""
    (tmp_path / "home").mkdir()
    np.savez(tmp_path / "home/xor.npz", x=X, y=Y)
    source = {"type": "npz", "path": "../xor.npz"}
    write(tmp_path / "home/bases/base.json", XOR | {"data": {"batch_size": 4, "source": source}})
    monkeypatch.chdir(tmp_path)
    return write(tmp_path / "home/spec.json", {"extends": "bases/base.json", "train": {"epochs": 2}})


def test_a_run_of_a_spec_that_extends_another_needs_neither(tmp_path, inherited, monkeypatch):
    run = specdl.train(inherited, out=tmp_path / "run")
    assert json.loads((tmp_path / "run/spec.json").read_text())["extends"] == "bases/base.json"
    figures = run.metrics
    inherited.unlink()
    (tmp_path / "home/bases/base.json").unlink()
    moved = (tmp_path / "run").rename(tmp_path / "elsewhere")
    monkeypatch.chdir(moved)
    again = specdl.load(moved)
    assert np.array_equal(again.predict(X), run.predict(X))
    assert again.metrics == figures
    assert samples_of(again).parts["train"].rows == 4


def test_a_run_finds_its_data_beside_a_base_in_another_folder(tmp_path, monkeypatch):
    home, far = tmp_path / "home", tmp_path / "far"
    source = {"type": "npz", "path": "xor.npz"}
    base = write(far / "base.json", XOR | {"data": {"batch_size": 4, "source": source}})
    np.savez(far / "xor.npz", x=X, y=Y)
    spec = write(home / "spec.json", {"extends": str(base), "train": {"epochs": 2}})
    monkeypatch.chdir(home)
    run = specdl.train(spec, out=home / "run", allow=[far])
    assert json.loads((home / "run/resolved.json").read_text())["data"]["source"]["path"] == "../far/xor.npz"
    assert samples_of(specdl.load(home / "run")).parts["train"].rows == 4
    assert run.finished


def test_the_hash_of_its_spec_is_stored_with_a_run(tmp_path):
    specdl.train(XOR, data={"train": (X, Y)}, out=tmp_path / "run")
    stored = json.loads((tmp_path / "run/environment.json").read_text())["spec_hash"]
    assert stored == analyse(XOR)[0].hash
    assert stored == analyse(json.loads((tmp_path / "run/resolved.json").read_text()))[0].hash


def blocked():
    value = copy.deepcopy(XOR) | {"vars": {"width": 8}, "train": {"epochs": 2}}
    value["blocks"] = {
        "dense": {
            "params": {"w": "int"},
            "layers": [{"type": "linear", "out_features": "${w}", "activation": "tanh"}],
        }
    }
    use = {"type": "block", "block": "dense", "with": {"w": "${width}"}, "repeat": 2, "name": "stage"}
    value["model"]["layers"] = [use, XOR["model"]["layers"][1]]
    return value


def test_a_run_whose_spec_was_written_with_its_blocks_loads_and_goes_on(tmp_path):
    given = {"train": (X, Y)}
    run = specdl.train(blocked(), data=given, out=tmp_path / "run")
    assert "stage.1.linear1.weight" in run.model.parameters
    assert "blocks" not in json.loads((tmp_path / "run/resolved.json").read_text())
    before = blocked()
    before["model"]["layers"][0]["with"]["w"] = 8
    write(tmp_path / "run/resolved.json", before)
    assert np.array_equal(specdl.load(tmp_path / "run").predict(X), run.predict(X))
    assert specdl.train(blocked(), data=given, out=tmp_path / "run", resume=True).metrics == run.metrics
    other = blocked() | {"vars": {"width": 9}}
    with pytest.raises(RunError, match="begun with another spec"):
        specdl.train(other, data=given, out=tmp_path / "run", resume=True)
