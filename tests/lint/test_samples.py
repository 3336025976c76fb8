"""Samples, seeds, metrics, and names that nothing uses."""

import json

import pytest

import specdl
from specdl.core.diagnostics import Add, Remove
from tests.lint.tools import HEAD, HIDDEN, codes, data, found, model, spec

IRIS = {"source": {"type": "sklearn", "dataset": "iris"}, "batch_size": 16}
DISC = {"source": {"type": "disc", "train": 1000}, "batch_size": 50}


@pytest.mark.parametrize(("scores", "wanted"), [(3, []), (4, ["W342"]), (10, ["W342"])])
def test_scores_for_classes_that_there_are_not(scores, wanted):
    layers = model(HIDDEN, HEAD | {"out_features": scores})
    assert codes(data=IRIS, model=layers) == wanted
    one_hot = IRIS | {"target": {"encode": "one_hot"}}
    assert codes(data=one_hot, model=layers, loss={"type": "mse"}) == wanted


def test_where_scores_are_made():
    (one,) = found(data=IRIS, model=model(HIDDEN, HEAD | {"out_features": 5}, {"type": "identity"}))
    assert one.path == ("model", "layers", 1, "out_features")
    assert one.message == "the output has 5 scores, and `sklearn` has 3 classes"
    assert one.help == "out_features: 3"


def test_scores_against_classes_that_are_not_known():
    csv = {"source": {"type": "csv", "path": "a.csv", "target": "y"}, "batch_size": 50}
    assert codes(data=csv) == []
    own = IRIS | {"target": {"from": "input"}}
    assert codes(data=own, model=model(HIDDEN, HEAD | {"out_features": 4}), loss={"type": "mse"}) == []


@pytest.mark.parametrize(
    ("split", "wanted"),
    [({}, ["W340"]), ({"seed": 3}, ["W340"]), ({"validation": 0.0}, ["W340"]), ({"test": 0.1}, [])],
)
def test_a_split_of_nothing(split, wanted):
    assert codes(data=IRIS | {"split": split}) == wanted


MEASURED, GIVEN = "normalize", {"type": "normalize", "mean": 0.5, "std": 0.5}


@pytest.mark.parametrize(
    ("transforms", "wanted"),
    [
        ([MEASURED, MEASURED], ["W341"]),
        ([GIVEN, MEASURED], []),
        ([MEASURED, GIVEN], []),
        ([MEASURED, {"type": "normalize", "per": "all"}], []),
        ([{"type": "normalize", "inputs": ["input"]}, MEASURED], ["W341"]),
        ([MEASURED, GIVEN, MEASURED], []),
    ],
)
def test_normalising_twice(transforms, wanted):
    assert codes(data=IRIS | {"transforms": transforms}) == wanted


def test_normalising_one_input_after_the_other():
    inputs = {"inputs": {"a": {"shape": [4]}, "b": {"shape": [2]}}}
    layers = [{"type": "concat", "inputs": ["a", "b"]}, HIDDEN, HEAD]
    each = [{"type": "normalize", "inputs": [name]} for name in ("a", "b")]
    for transforms in (each, [each[0], MEASURED]):
        assert codes(data=data(transforms=transforms), model=inputs | {"layers": layers}) == []
    assert codes(data=data(transforms=[MEASURED, each[1]]), model=inputs | {"layers": layers}) == ["W341"]


def test_a_seed_left_out():
    layers = model(HIDDEN, HEAD | {"out_features": 2}, shape=(2,))
    (one,) = found(data=DISC, model=layers, seed=None)
    assert (one.code, one.fix.edits, one.fix.sure) == ("W336", (Add((), "seed", 0),), True)
    assert codes(data=DISC, model=layers) == []


def test_a_seed_left_out_where_nothing_is_learnt_from():
    assert codes(seed=None) == []
    assert codes(seed=None, data={"batch_size": 50}) == []


def test_a_metric_twice():
    (one,) = found(metrics=["accuracy", "wrong_predictions", "accuracy"])
    assert (one.code, one.path, one.fix.edits) == ("W345", ("metrics", 2), (Remove(("metrics", 2)),))
    strict = [{"type": "accuracy", "threshold": 0.5}, {"type": "accuracy", "threshold": 0.9}]
    single = model(HIDDEN, HEAD | {"out_features": 1})
    assert codes(metrics=strict, model=single, loss={"type": "mse"}) == []


def block(*params, layer):
    return {"step": {"params": dict.fromkeys(params, "int"), "layers": [layer]}}


def use(**arguments):
    return {"type": "block", "block": "step", "with": arguments}


def test_variables_that_nothing_uses():
    (one,) = found(vars={"width": 16})
    assert (one.code, one.path, one.at_key) == ("W111", ("vars", "width"), True)
    assert codes(vars={"width": 16}, model=model(HIDDEN | {"out_features": "${width}"}, HEAD)) == []
    used = {"width": 16, "wide": "${width * 2}"}
    assert [each.path for each in found(vars=used)] == [("vars", "wide")]
    assert codes(vars={"rate": 0.1}, optimizer={"type": "sgd", "lr": "${rate / 2}"}) == []
    assert codes(vars={"what": "a net"}, description="This is ${what}.") == []


def test_blocks_and_parameters_that_nothing_uses():
    filled = HIDDEN | {"out_features": "${width}"}
    (one,) = found(blocks=block("width", layer=filled))
    assert (one.code, one.path) == ("W112", ("blocks", "step"))
    assert codes(blocks=block("width", layer=filled), model=model(use(width=8), HEAD)) == []
    (one,) = found(blocks=block("width", layer=HIDDEN), model=model(use(width=8), HEAD))
    assert (one.code, one.path) == ("W113", ("blocks", "step", "params", "width"))


def test_a_block_inside_of_another_is_used():
    inner = block("width", layer=HIDDEN | {"out_features": "${width}"})
    both = inner | {"outer": {"layers": [use(width=8)]}}
    assert codes(blocks=both, model=model({"type": "block", "block": "outer"}, HEAD)) == []


def test_defaults_that_no_layer_has():
    (one,) = found(model=model(defaults={"linear": {"bias": True}, "scale": {}}))
    assert (one.code, one.path, one.at_key) == ("W114", ("model", "defaults", "scale"), True)
    scaled = {"step": {"params": {"kind": "str"}, "layers": [{"type": "${kind}", "factor": 2}]}}
    uses = {"type": "block", "block": "step", "with": {"kind": "scale"}}
    layers = model(uses, HIDDEN, HEAD, defaults={"scale": {"trainable": True}})
    assert codes(blocks=scaled, model=layers) == []


def test_defaults_of_a_base_may_be_there_for_others(tmp_path):
    base, child = tmp_path / "base.json", tmp_path / "child.json"
    base.write_text(json.dumps(spec(model=model(defaults={"scale": {}}))), encoding="utf-8")
    child.write_text(json.dumps({"extends": "base.json", "seed": 1}), encoding="utf-8")
    assert [each.code for each in specdl.check(base)] == ["W114"]
    assert specdl.check(child) == []


def test_findings_are_in_document_order():
    changes = {"train": {"epochs": 10, "evaluate_every": 11}, "optimizer": {"type": "sgd", "lr": 11}}
    told = specdl.check(spec(**changes, vars={"a": 1}, data=data(1001)))
    assert [each.code for each in told] == ["W331", "W310", "W333", "W111"]


def test_opened_data_tells_how_many_samples_there_are(tmp_path):
    rows = "".join(f"{i / 9},{i * i % 7},{i % 5},{i * 3 % 11},{i % 3}\n" for i in range(17))
    (tmp_path / "a.csv").write_text(f"a,b,c,d,y\n{rows}", encoding="utf-8")
    csv = {"source": {"type": "csv", "path": str(tmp_path / "a.csv"), "target": "y"}, "batch_size": 16}
    value = spec(data=csv)
    assert [each.code for each in specdl.check(value, allow=[tmp_path])] == []
    told = {each.code for each in specdl.check(value, allow=[tmp_path], data=True)}
    assert "W331" in told
