"""What a loss or a metric is given, against what it can do with it."""

import math

import pytest

from specdl.core.diagnostics import Remove
from tests.lint.tools import HIDDEN, codes, data, found, messages, model

DIABETES = {"source": {"type": "sklearn", "dataset": "diabetes"}, "batch_size": 13}
IRIS = {"source": {"type": "sklearn", "dataset": "iris"}, "batch_size": 16}


def head(out=3, **more):
    return {"type": "linear", "out_features": out, "name": "head", **more}


def ends(*layers, **changes):
    return codes(model=model(HIDDEN, *layers), **changes)


@pytest.mark.parametrize(
    ("layers", "wanted"),
    [
        ([head()], []),
        ([head(activation="softmax")], ["W301"]),
        ([head(), {"type": "softmax"}], ["W301"]),
        ([head(), {"type": "softmax"}, {"type": "identity"}], ["W301"]),
        ([head(), {"type": "softmax"}, {"type": "flatten"}], ["W301"]),
        ([head(), {"type": "softmax"}, {"type": "reshape", "shape": [3]}], ["W301"]),
        ([head(), {"type": "softmax"}, {"type": "scale", "factor": 2}], ["W301"]),
        ([head(), {"type": "softmax"}, {"type": "scale", "factor": 50}], []),
        ([head(activation="sigmoid")], ["W302"]),
        ([head(activation="tanh")], ["W302"]),
        ([head(activation="tanh"), {"type": "scale", "factor": 2}], ["W302"]),
        ([head(activation="tanh"), {"type": "scale", "factor": 10}], []),
        ([head(activation="relu")], ["W303"]),
        ([head(activation="relu"), {"type": "scale", "factor": -1}], []),
        ([head(1)], ["W304"]),
        ([head(1, activation="softmax")], ["W304"]),
    ],
)
def test_cross_entropy(layers, wanted):
    assert ends(*layers) == wanted


def test_scores_of_relus_that_are_added_up_are_not_blamed_on_one_of_them():
    both = [head(activation="relu"), {**head(activation="relu"), "inputs": ["fc1"], "name": "other"}]
    assert ends(*both, {"type": "add", "inputs": ["head", "other"]}) == []


def test_how_low_a_loss_of_narrow_scores_can_fall():
    (one,) = found(model=model(HIDDEN, head(10, activation="tanh")))
    least = math.log(1 + 9 * math.exp(-2))
    assert one.message == (
        f"scores from -1 to 1 cannot tell 10 classes apart: the loss never falls below {least:.4f}"
    )
    assert one.path == ("model", "layers", 1, "activation")
    assert one.fix.edits == (Remove(("model", "layers", 1, "activation")),)


def test_distributions_as_targets_may_be_narrow_too():
    values = data(target={"encode": "value"})
    assert ends(head(activation="sigmoid"), data=values) == []
    assert ends(head(activation="softmax"), data=values) == ["W301"]


def test_a_layer_of_its_own_has_no_fix_since_others_may_name_it():
    (one,) = found(model=model(HIDDEN, head(), {"type": "softmax"}))
    assert (one.path, one.fix) == (("model", "layers", 2), None)


def test_softmax_of_one_number():
    assert ends(head(1, activation="softmax"), loss={"type": "mse"}) == ["W305"]
    assert ends(head(2, activation="softmax"), loss={"type": "mse"}) == []


@pytest.mark.parametrize(
    ("activation", "wanted"), [(None, []), ("sigmoid", ["W306"]), ("tanh", ["W306"]), ("relu", [])]
)
def test_values_out_of_reach(activation, wanted):
    layers = model(HIDDEN, head(1, activation=activation), shape=(10,))
    assert codes(data=DIABETES, model=layers, loss={"type": "mse"}) == wanted
    assert codes(data=DIABETES, model=layers, loss={"type": "l1"}) == wanted


def test_what_is_told_of_values_out_of_reach():
    layers = model(HIDDEN, head(1, activation="sigmoid"), shape=(10,))
    assert messages(data=DIABETES, model=layers, loss={"type": "mse"}) == [
        "the output lies from 0 to 1 and cannot reach the target: `sklearn` has targets from 25 to 346"
    ]


@pytest.mark.parametrize(("activation", "wanted"), [("sigmoid", ["W306"]), ("relu", [])])
def test_class_numbers_as_values(activation, wanted):
    one = model(HIDDEN, head(1, activation=activation))
    assert codes(data=IRIS | {"target": {"encode": "value"}}, model=one, loss={"type": "mse"}) == wanted
    disc = {"source": {"type": "disc", "train": 1000}, "target": {"encode": "value"}, "batch_size": 50}
    two = model(HIDDEN, head(1, activation=activation), shape=(2,))
    assert codes(data=disc, model=two, loss={"type": "mse"}) == []


@pytest.mark.parametrize("activation", ["relu", "tanh", "sigmoid", "softmax"])
def test_one_hot_rows_are_within_reach(activation):
    one_hot = IRIS | {"target": {"encode": "one_hot"}}
    assert ends(head(activation=activation), data=one_hot, loss={"type": "mse"}) == []


@pytest.mark.parametrize(
    ("transforms", "activation", "wanted"),
    [
        (["normalize"], "sigmoid", ["W306"]),
        (["normalize"], "relu", ["W306"]),
        (["normalize"], "tanh", []),
        (["normalize"], None, []),
        ([{"type": "normalize", "mean": 0, "std": 2}], "sigmoid", []),
        ([], "sigmoid", []),
    ],
)
def test_inputs_as_their_own_targets(transforms, activation, wanted):
    own = IRIS | {"target": {"from": "input"}, "transforms": transforms}
    assert ends(head(4, activation=activation), data=own, loss={"type": "mse"}) == wanted


def test_a_mean_error_of_raw_scores():
    one_hot = data(target={"encode": "one_hot"})
    assert codes(data=one_hot, metrics=["mse"]) == ["W346"]
    assert codes(data=one_hot, metrics=["mae", "accuracy"]) == ["W346"]
    assert codes(data=one_hot, metrics=["mse"], loss={"type": "mse"}) == []


def test_classes_of_values():
    layers = model(HIDDEN, head(1), shape=(10,))
    assert codes(data=DIABETES, model=layers, loss={"type": "mse"}, metrics=["accuracy"]) == ["W346"]
    assert codes(data=DIABETES, model=layers, loss={"type": "mse"}, metrics=["mae", "loss"]) == []
    own = IRIS | {"target": {"from": "input"}, "transforms": ["normalize"]}
    assert ends(head(4), data=own, loss={"type": "mse"}, metrics=["accuracy"]) == ["W346"]


@pytest.mark.parametrize(
    ("activation", "threshold", "wanted"),
    [
        ("sigmoid", 0.5, []),
        ("sigmoid", 0.0, []),
        ("sigmoid", 1.0, ["W347"]),
        ("sigmoid", -0.1, ["W347"]),
        ("tanh", 0.0, []),
        ("tanh", 1.0, ["W347"]),
        (None, 7.0, []),
    ],
)
def test_a_threshold_beside_the_output(activation, threshold, wanted):
    metrics = [{"type": "accuracy", "threshold": threshold}]
    assert ends(head(1, activation=activation), loss={"type": "mse"}, metrics=metrics) == wanted


def test_a_usual_threshold_that_is_written_out_is_no_mistake():
    assert found(metrics=[{"type": "accuracy", "threshold": 0.5}]) == []


def test_a_threshold_among_several_scores():
    (one,) = found(metrics=[{"type": "accuracy", "threshold": 0.3}])
    assert (one.code, one.path, one.at_key) == ("W347", ("metrics", 0, "threshold"), True)
