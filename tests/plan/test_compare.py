import copy

import pytest

from specdl.analysis import analyse
from specdl.plan.compare import Change, Layer, Side, compare
from specdl.spec.document import read
from specdl.spec.resolved import render
from specdl.spec.validate import validate
from tests.spec.specs import disc, rich


def side(value):
    compilation, findings = analyse(copy.deepcopy(value))
    assert compilation is not None, findings
    return Side(compilation.spec, compilation.graph, compilation.plan)


def compared(change, start=disc):
    after = start()
    change(after)
    return compare(side(start()), side(after))


def layers(value):
    return value["model"]["layers"]


@pytest.mark.parametrize("start", [disc, rich])
def test_how_a_spec_is_written_makes_no_difference(start):
    written = render(validate(read(start()))[0])
    found = compare(side(start()), side(written))
    assert found.same
    assert found.hashes[0] == found.hashes[1]
    assert set(found.weights.load) == set(side(start()).graph.parameters)
    assert all(a == b for a, b in found.figures.values())


def test_an_option_of_a_layer():
    found = compared(lambda value: layers(value)[0].update(out_features=30))
    assert not found.same
    assert [(each.name, each.changes) for each in found.changed] == [
        (
            "fc1",
            (Change("out_features", 25, 30), Change("result", "f32[batch,25]", "f32[batch,30]")),
        ),
        ("fc1.activation", (Change("result", "f32[batch,25]", "f32[batch,30]"),)),
    ]
    assert found.weights.load == ("head.bias",)
    assert [each.what for each in found.weights.reshaped] == ["fc1.weight", "fc1.bias", "head.weight"]
    assert found.weights.reshaped[0] == Change("fc1.weight", "f32[25,2]", "f32[30,2]")
    assert found.figures["parameters"] == (25 * 3 + 26 * 2, 30 * 3 + 31 * 2)


def test_a_layer_that_is_new_and_what_reads_it():
    found = compared(
        lambda value: layers(value).insert(1, {"type": "linear", "out_features": 25, "name": "mid"})
    )
    assert found.added == (Layer("mid", "linear", "f32[batch,25]"),)
    assert found.removed == ()
    assert [(each.name, each.changes) for each in found.changed] == [
        ("head", (Change("reads", "fc1.activation.y", "mid.y"),))
    ]
    assert (found.weights.new, found.weights.lost) == (("mid.weight", "mid.bias"), ())


def test_a_layer_that_is_gone():
    found = compared(lambda value: layers(value)[0].pop("activation"))
    assert found.removed == (Layer("fc1.activation", "tanh", "f32[batch,25]"),)
    assert found.figures["flops"][1] < found.figures["flops"][0]


def test_a_renamed_layer_is_known_by_its_place_and_type():
    found = compared(lambda value: layers(value)[0].update(name="stem"))
    assert [(each.was, each.name, each.changes) for each in found.changed] == [
        ("fc1", "stem", ()),
        ("fc1.activation", "stem.activation", ()),
    ]
    assert (found.added, found.removed) == ((), ())
    assert (found.weights.new, found.weights.lost) == (
        ("stem.weight", "stem.bias"),
        ("fc1.weight", "fc1.bias"),
    )
    assert not found.same


def test_a_renamed_layer_is_looked_for_between_its_neighbours():
    first, second = disc(), disc()
    one, two, three = ({"type": "linear", "out_features": 2, "name": name} for name in ("p", "mid", "q"))
    layers(first)[:] = [one, two, three]
    layers(second)[:] = [two, {**three, "name": "r"}]
    found = compare(side(first), side(second))
    assert [(each.was, each.name) for each in found.changed if each.was != each.name] == [("q", "r")]
    assert [each.name for each in found.removed] == ["p"]


def test_a_layer_of_another_type_by_the_same_name():
    found = compared(lambda value: layers(value)[0].update(activation="relu"))
    assert [(each.name, each.changes) for each in found.changed] == [
        ("fc1.activation", (Change("type", "tanh", "relu"),))
    ]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda value: value["optimizer"].update(lr=0.2), Change("optimizer.lr", 0.1, 0.2)),
        (
            lambda value: value["schedule"].update(factors=[1, 1]),
            Change("schedule.factors", [1, 0.1], [1, 1]),
        ),
        (
            lambda value: value.pop("schedule"),
            Change("schedule", {**disc()["schedule"]}, {"type": "constant"}),
        ),
        (lambda value: value.update(seed=3), Change("seed", 0, 3)),
        (lambda value: value["train"].update(epochs=3), Change("train.epochs", 250, 3)),
        (lambda value: value["data"].update(drop_last=True), Change("data.drop_last", False, True)),
        (
            lambda value: value.update(metrics=[]),
            Change("metrics", [{"type": "accuracy", "threshold": 0.5}], []),
        ),
    ],
)
def test_settings(change, what):
    found = compared(change)
    assert found.settings == (what,)
    assert not found.same
    assert (found.added, found.removed, found.changed) == ((), (), ())


def test_the_batch_changes_bytes_and_flops_of_a_step():
    found = compared(lambda value: value["data"].update(batch_size=100))
    changed = {name for name, (a, b) in found.figures.items() if a != b}
    assert {"flops_step", "bytes_activations", "bytes_total"} <= changed
    assert "flops" not in changed
    assert "bytes_params" not in changed


def test_how_parameters_start_and_whether_they_are_trained():
    found = compared(lambda value: value["model"]["init"].update(weight="zeros"))
    before, after = {"type": "xavier_normal", "gain": 1}, {"type": "zeros"}
    assert found.parameters == (
        Change("fc1.weight: init", before, after),
        Change("head.weight: init", before, after),
    )
    found = compared(lambda value: layers(value)[0].update(trainable=False))
    assert [each.what for each in found.parameters] == ["fc1.weight: trainable", "fc1.bias: trainable"]
    assert found.figures["trainable_parameters"][1] == 52


def test_the_order_of_layers():
    def apart(value):
        tail = {"type": "add", "inputs": ["a", "b"], "name": "sum"}
        one, two = ({"type": "linear", "out_features": 2, "name": name, "inputs": ["input"]} for name in "ab")
        value["model"]["layers"] = [one, two, tail]

    def other(value):
        apart(value)
        layers(value)[:2] = reversed(layers(value)[:2])

    first, second = disc(), disc()
    apart(first)
    other(second)
    found = compare(side(first), side(second))
    assert found.settings == (Change("model.layers: their order", ["a", "b", "sum"], ["b", "a", "sum"]),)


def test_a_shared_weight():
    def untied(value):
        value["model"]["layers"] = [
            {"type": "linear", "out_features": 2, "name": "a", "bias": False},
            {"type": "linear", "out_features": 2, "name": "b", "bias": False},
        ]

    def tied(value):
        untied(value)
        layers(value)[1]["tie"] = {"weight": "a.weight"}

    first, second = disc(), disc()
    for value in (first, second):
        del value["model"]["init"]["bias"]
    untied(first)
    tied(second)
    found = compare(side(first), side(second))
    assert [(each.name, each.changes) for each in found.changed] == [
        ("b", (Change("parameters", "b.weight", "a.weight"),))
    ]
    assert found.weights.lost == ("b.weight",)
