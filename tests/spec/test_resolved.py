import json

import pytest

from specdl.spec.document import read
from specdl.spec.resolved import render
from specdl.spec.validate import validate
from tests.spec.specs import disc, rich


@pytest.mark.parametrize("make", [disc, rich])
def test_reads_back_to_an_equal_spec(make):
    spec, _ = validate(read(make()))
    written = json.loads(json.dumps(render(spec)))
    assert validate(read(written)) == (spec, [])
    assert render(validate(read(written))[0]) == written


def test_defaults_are_written_out():
    written = render(validate(read(disc()))[0])
    assert written["model"]["layers"][0] == {
        "type": "linear",
        "out_features": 25,
        "bias": True,
        "name": "fc1",
        "activation": {"type": "tanh"},
        "init": {},
        "trainable": True,
        "tie": {},
    }
    assert written["optimizer"] == {
        "type": "sgd",
        "lr": 0.1,
        "momentum": 0.2,
        "dampening": 0.0,
        "nesterov": False,
        "weight_decay": 0.0,
    }
    assert written["model"]["init"]["weight"] == {"type": "xavier_normal", "gain": 1.0}
    assert (written["seed"], written["train"]["evaluate_every"]) == (0, 1)
    assert "losses" not in written


def test_variables_are_put_in_and_blocks_stay():
    written = render(validate(read(rich()))[0])
    assert written["vars"] == {"width": 8, "double": 16, "act": "tanh"}
    assert written["blocks"]["dense"]["layers"][0]["out_features"] == "${units + index}"
    assert written["model"]["layers"][1] == {
        "type": "block",
        "block": "dense",
        "with": {"units": 8},
        "repeat": 3,
        "name": "stack",
        "init": {},
        "trainable": True,
        "tie": {},
    }
    assert written["losses"][1] == {"type": "l1", "output": "two", "target": "z", "weight": 0.5}
