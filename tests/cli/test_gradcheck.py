import pytest

from specdl.runner.model import Model
from tests.cli.conftest import spec


@pytest.mark.parametrize("words", [[], ["--full"]])
def test_gradients_agree(specdl, small, words):
    done = specdl("gradcheck", small, "--format", "json", *words)
    assert done.code == 0
    figures = done.json
    assert figures["max_rel_error"] < 1e-8
    assert [each["name"] for each in figures["parameters"]] == [
        "fc1.weight",
        "fc1.bias",
        "head.weight",
        "head.bias",
    ]
    assert figures["parameters"][0]["directions"] == (30 if words else 1)


def test_a_table_and_a_verdict(specdl, small):
    done = specdl("gradcheck", small)
    assert done.out.splitlines()[1].split()[0] == "fc1.weight"
    assert done.err.startswith("all 4 gradients agree: the largest relative error is ")


def test_a_wrong_gradient_is_found(specdl, small, monkeypatch):
    right = Model.backward

    def wrong(self):
        right(self)
        self.gradients["fc1.bias"].mul_(1.0001)

    monkeypatch.setattr(Model, "backward", wrong)
    done = specdl("gradcheck", small, "--format", "json")
    assert done.code == 1
    assert done.json["ok"] is False
    assert 1e-5 < done.json["max_rel_error"] < 1e-3
    assert [each["name"] for each in done.json["parameters"] if each["status"] == "wrong"] == ["fc1.bias"]
    assert specdl("gradcheck", small, "--tolerance", "0.001").code == 0


def test_frozen_parameters_have_no_gradient(specdl, write):
    value = spec()
    value["model"]["layers"][0]["trainable"] = False
    figures = specdl("gradcheck", write(value), "--format", "json").json
    assert [each["name"] for each in figures["parameters"]] == ["head.weight", "head.bias"]


def test_data_that_is_not_there_is_replaced(specdl, write):
    path = write(spec(data={"source": {"type": "npz", "path": "gone.npz"}, "batch_size": 8}))
    done = specdl("gradcheck", path)
    assert done.code == 0
    assert "random samples stand in for it" in done.err


def test_rows(specdl, small):
    assert specdl("gradcheck", small, "--rows", "3").code == 0
    done = specdl("gradcheck", small, "--rows", "9")
    assert done.code == 2
    assert "--rows 9 is more than data.batch_size, 8" in done.err


def test_samples_that_do_not_fit_are_not_drawn(specdl, write):
    value = spec(loss={"type": "mse"}, metrics=[])
    value["model"]["layers"][1]["out_features"] = 10**18
    done = specdl("gradcheck", write(value))
    assert done.code == 4
    assert "error[E510]" in done.err
    assert "`head` takes " in done.err
