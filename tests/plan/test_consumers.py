import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specdl.analysis import analyse
from specdl.backends.choice import native_plan
from specdl.core.types import aligned
from specdl.ops.optimizers.adam import Adam
from specdl.plan.consumers import SECTIONS, consumers
from specdl.plan.plan import make
from tests.cli.conftest import spec
from tests.plan.test_plan import nets, programs


def compiled(**changes):
    compilation, _ = analyse(spec(**changes))
    assert compilation is not None
    return compilation


def by_name(found):
    return {each.name: each for each in found.each}


def sections(found):
    return {section: sum(each.section(section) for each in found.each) for section in SECTIONS}


def whole(found, plan, data=0):
    """That what consumers take is what the plan and the data have, by section too."""
    assert found.total == plan.bytes.total + data
    told = sections(found)
    for section in ("params", "gradients", "optimizer", "state"):
        assert told[section] == getattr(plan.bytes, section)
    assert told["activations"] + told["scratch"] == plan.bytes.activations + plan.bytes.scratch
    assert told["data"] == data
    assert all(piece.nbytes >= 0 for each in found.each for piece in each.pieces)
    # every value begins at a multiple of 64, and what fills it up is its own
    assert all(piece.nbytes % 64 == 0 for each in found.each if each.kind == "layer" for piece in each.pieces)


@settings(max_examples=40)
@given(nets(), st.sampled_from([1, 7, 50]))
def test_every_byte_of_any_net_is_somebodys(graph, rows):
    plan = make(programs(graph, Adam(lr=0.1)), rows)
    whole(consumers(plan, graph, 1234), plan, 1234)


@pytest.mark.parametrize("optimizer", [{"type": "sgd", "lr": 0.1}, {"type": "adam", "lr": 0.1}])
def test_every_byte_of_a_native_plan_is_somebodys(optimizer):
    compilation = compiled(optimizer=optimizer)
    plan = native_plan(compilation.plan, 1)
    found = consumers(plan, compilation.graph)
    whole(found, plan)
    guarded = by_name(found)["fc1"].section("scratch")
    assert guarded >= by_name(found)["fc1"].section("params")


def test_what_each_layer_takes():
    compilation = compiled(loss={"type": "mse"})
    found = by_name(consumers(compilation.plan, compilation.graph))
    weights = {"fc1": (6 * 5, 5), "head": (5 * 3, 3)}
    for name, (weight, bias) in weights.items():
        held = aligned(4 * weight) + aligned(4 * bias)
        assert [found[name].section(each) for each in ("params", "gradients", "optimizer")] == [
            held,
            held,
            2 * held,
        ]
    assert found["batch"].total == aligned(4 * 8 * 6) + aligned(4 * 8 * 3)
    assert found["fc1.activation"].section("params") == 0
    assert found["fc1"].path == ("model", "layers", 0)
    assert found["fc1.activation"].path == ("model", "layers", 0, "activation")
    assert found["loss"].path == ("loss",)


def test_what_is_live_when_the_arena_is_fullest():
    layers = [
        {"type": "linear", "out_features": 1000, "name": "wide"},
        {"type": "linear", "out_features": 2000, "name": "wider"},
        {"type": "linear", "out_features": 1, "name": "head"},
    ]
    compilation = compiled(
        model={"input": {"shape": [6]}, "layers": layers},
        data={"source": {"type": "random", "train": 40}, "batch_size": 5000},
        loss={"type": "mse"},
    )
    told = consumers(compilation.plan, compilation.graph)
    found = by_name(told)
    assert told.moment == "while `head` runs backward in training"
    assert found["wide"].section("activations") == 4 * 5000 * 1000
    assert found["wider"].section("activations") == 2 * 4 * 5000 * 2000
    assert told.each[-1].kind == "shared"
    assert told.each[-1].total < 20_000
    small = compiled(model={"input": {"shape": [6]}, "layers": layers}, loss={"type": "mse"})
    assert consumers(small.plan, small.graph).moment == "while `wider.weight` is updated"


def test_a_tied_parameter_belongs_to_the_layer_that_made_it():
    layers = [
        {"type": "linear", "out_features": 50, "name": "a"},
        {"type": "linear", "out_features": 6, "name": "back"},
        {"type": "linear", "out_features": 50, "name": "b", "tie": {"weight": "a.weight"}},
        {"type": "linear", "out_features": 3, "name": "head"},
    ]
    compilation = compiled(model={"input": {"shape": [6]}, "layers": layers})
    told = consumers(compilation.plan, compilation.graph)
    whole(told, compilation.plan)
    found = by_name(told)
    assert found["a"].section("params") == aligned(4 * 6 * 50) + aligned(4 * 50)
    assert found["b"].section("params") == aligned(4 * 50)
    assert found["b"].section("gradients") == found["b"].section("params")


def test_frozen_layers_have_no_gradients():
    layers = [
        {"type": "linear", "out_features": 50, "name": "a", "trainable": False},
        {"type": "linear", "out_features": 3, "name": "head"},
    ]
    compilation = compiled(model={"input": {"shape": [6]}, "layers": layers})
    found = by_name(consumers(compilation.plan, compilation.graph))
    assert found["a"].section("params") > 0
    assert found["a"].section("gradients") == found["a"].section("optimizer") == 0


def test_several_losses_with_weights_and_a_fork():
    layers = [
        {"type": "linear", "out_features": 7, "name": "fc"},
        {"type": "linear", "out_features": 2, "name": "one"},
        {"type": "linear", "out_features": 4, "name": "two", "inputs": ["fc"]},
    ]
    losses = [
        {"type": "mse", "output": "one", "target": "a", "weight": 0.5},
        {"type": "mse", "output": "two", "target": "b"},
    ]
    value = spec(model={"input": {"shape": [6]}, "layers": layers}, losses=losses, metrics=[])
    del value["loss"]
    compilation, _ = analyse(value)
    told = consumers(compilation.plan, compilation.graph)
    whole(told, compilation.plan)
    assert [each.name for each in told.each if each.kind == "loss"] == ["loss.one", "loss.two"]
    assert by_name(told)["batch"].total == 3 * aligned(8 * 4 * 7) - aligned(8 * 4 * 7) * 3 + sum(
        aligned(8 * 4 * width) for width in (6, 2, 4)
    )


def test_layers_of_a_block_are_told_with_its_uses_and_as_one_line():
    value = spec(
        blocks={"body": {"layers": [{"type": "linear", "out_features": 6, "name": "fc"}]}},
        model={
            "input": {"shape": [6]},
            "layers": [
                {"type": "block", "block": "body", "repeat": 3, "name": "deep"},
                {"type": "linear", "out_features": 3, "name": "head"},
            ],
        },
    )
    compilation, _ = analyse(value)
    told = consumers(compilation.plan, compilation.graph)
    whole(told, compilation.plan)
    assert by_name(told)["deep.1.fc"].trail == (("model", "layers", 0),)
    first = told.largest(1)[0]
    assert [each.name for each in first] == ["deep.0.fc", "deep.1.fc", "deep.2.fc"]
    assert {each.path for each in first} == {("blocks", "body", "layers", 0)}


def test_without_a_loss_only_predictions_are_planned():
    compilation = compiled()
    plan = make({"infer": compilation.plan.schedules["infer"].program}, 8)
    told = consumers(plan, compilation.graph)
    whole(told, plan)
    assert told.moment.endswith("in prediction")
