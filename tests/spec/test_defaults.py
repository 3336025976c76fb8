import copy
import json
from pathlib import Path

import pytest

from specdl.graph.build import build
from specdl.spec.document import read
from specdl.spec.validate import validate
from tests.spec.specs import disc


def judged(defaults, *layers, **more):
    value = disc() | more
    del value["model"]["init"]
    value["model"] |= {"layers": list(layers), "defaults": defaults}
    return validate(read(value))


def linear(**more):
    return {"type": "linear", **more}


def test_layers_take_what_they_do_not_say():
    spec, findings = judged(
        {"linear": {"bias": False, "activation": "tanh", "init": {"weight": "zeros"}, "out_features": 2}},
        linear(),
        linear(bias=True, activation=None, init={}, out_features=3, trainable=False),
    )
    assert findings == []
    first, second = spec.model.layers
    assert (first.op.bias, first.op.out_features, first.activation.type) == (False, 2, "tanh")
    assert first.init["weight"].type == "zeros"
    assert (second.op.bias, second.op.out_features, second.activation) == (True, 3, None)
    assert (second.init, second.trainable) == ({}, False)


def test_null_takes_any_default_away():
    defaults = {"bias": False, "activation": "tanh", "init": {"weight": "zeros"}, "trainable": False}
    bare, plain = (
        judged({"linear": defaults}, linear(out_features=2, **dict.fromkeys(defaults))),
        judged({}, linear(out_features=2)),
    )
    assert bare[1] == plain[1] == []
    (one,), (other,) = bare[0].model.layers, plain[0].model.layers
    assert one == other


def test_layers_in_blocks_and_residuals_take_them_too():
    blocks = {"a": {"params": {"w": "int"}, "layers": [linear(out_features="${w}")]}}
    spec, findings = judged(
        {"linear": {"bias": False}},
        {"type": "block", "block": "a", "with": {"w": 2}, "repeat": 2},
        {"type": "residual", "layers": [linear(out_features=2)], "shortcut": [linear(out_features=2)]},
        {"type": "block", "layers": [linear(out_features=2)]},
        blocks=blocks,
    )
    assert findings == []
    graph, findings = build(spec)
    assert findings == []
    assert len(graph.parameters) == 5
    assert not any(name.endswith("bias") for name in graph.parameters)


def test_a_default_may_be_an_expression_of_variables():
    spec, _ = judged({"linear": {"out_features": "${2 * w}"}}, linear(), vars={"w": 1})
    assert spec.model.layers[0].op.out_features == 2


@pytest.mark.parametrize("kind", ["lienar", "Linear", ""])
def test_an_unknown_type(kind):
    _, findings = judged({kind: {}}, linear(out_features=2))
    assert [(each.code, each.path, each.at_key) for each in findings] == [
        ("E110", ("model", "defaults", kind), True)
    ]


def test_a_fault_is_told_once_however_many_layers_there_are():
    _, findings = judged({"linear": {"out_features": 0}}, *[linear()] * 50)
    assert [(each.code, each.path) for each in findings] == [
        ("E114", ("model", "defaults", "linear", "out_features"))
    ]


def test_options_that_only_layers_with_others_can_have_are_judged_there():
    _, findings = judged({"linear": {"bias": 3, "activation": {"type": "tanh", "slope": 1}}}, *[linear()] * 3)
    assert sorted((each.code, each.path[:4]) for each in findings) == [
        ("E111", ("model", "defaults", "linear", "activation")),
        *[("E112", ("model", "layers", number)) for number in range(3)],
        ("E113", ("model", "defaults", "linear", "bias")),
    ]


def test_what_a_layer_has_by_default_is_told_where_the_default_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    value = disc()
    value["model"] |= {
        "defaults": {"linear": {"init": {"wieght": "zeros"}}},
        "layers": [linear(out_features=3), linear(out_features=2)],
    }
    document = read(copy.deepcopy(value))
    spec, findings = validate(document)
    assert findings == []
    found = document.diagnose(build(spec)[1])
    assert {each.path for each in found} == {"$.model.defaults.linear.init.wieght"}
    Path("spec.json").write_text(json.dumps(value), "utf-8")
    document = read("spec.json")
    assert len(document.diagnose(build(validate(document)[0])[1])) == 1
    assert str(found[0].notes[-1]) == "the layer that takes this default stands at $.model.layers[0]"
