"""Training and loading by Python calls."""

import json

import numpy as np
import pytest

import specdl
from specdl.compiler import analyse
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
