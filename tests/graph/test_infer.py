"""Values that do not fit, told with numbers, with where they were made, and with a repair that works."""

import pytest

from specdl.core.diagnostics import Finding, Note
from specdl.graph.infer import Arity, arity
from specdl.ops.activations.tanh import Tanh
from specdl.ops.layers.add import Add
from specdl.ops.layers.concat import Concat
from specdl.ops.layers.linear import Linear
from specdl.ops.layers.reshape import Reshape
from specdl.spec.model import InputSpec
from tests.graph.models import Gate, Row, add, at, findings, graph, layer, linear, made, place, tanh


def test_add_of_unequal_widths():
    found = findings(
        linear(256, "fc1"),
        linear(128, "fc2"),
        add("fc1", "fc2"),
        linear(3),
        model={"input": InputSpec(shape=(9,))},
    )
    assert found == [
        Finding(
            "E210",
            "`add` needs equal types: f32[128,256] and f32[128,128]",
            place(2),
            help="give `fc2` out_features: 256",
            notes=(made("fc1", "f32[128,256]", *place(0)), made("fc2", "f32[128,128]", *place(1))),
        )
    ]


def test_the_repair_reaches_through_an_activation():
    (finding,) = findings(linear(5, "a"), linear(6, "b", activation=Tanh()), add("a", "b"))
    assert finding.help == "give `b` out_features: 5"


def test_the_earlier_layer_is_named_where_the_later_has_no_width():
    (finding,) = findings(linear(5, "a"), tanh("b", "input"), add("a", "b"))
    assert finding.help == "give `a` out_features: 2"


def test_no_repair_of_a_layer_that_others_read():
    (finding,) = findings(linear(5, "a"), linear(6, "b", "input"), tanh("t", "b"), add("input", "b"))
    assert finding.help is None


def test_no_repair_of_a_layer_in_a_block():
    entry = at(linear(6, "b"), "blocks", "x", "layers", 0, trail=(place(1),))
    (finding,) = findings(linear(5, "a"), layer(Row(layers=(entry,)), "r"), add("input", "r.b"))
    assert finding.help is None


def test_no_repair_that_does_not_work():
    (finding,) = findings(linear(5, "a"), linear(6, "b"), linear(7, "c"), add("a", "b", "c"))
    assert finding.help is None


def test_an_ops_own_help_goes_first():
    (finding,) = findings(linear(5, "a"), add("a"))
    assert finding.help == "name them in `inputs`"


def test_concat_of_images_along_channels():
    (finding,) = findings(
        layer(Reshape(shape=(1, 2, 6)), "a"),
        layer(Reshape(shape=(2, 3, 2)), "b", "input"),
        layer(Concat(), None, "a", "b"),
        model={"input": InputSpec(shape=(12,))},
    )
    assert finding.code == "E210"
    assert "f32[128,1,2,6] and f32[128,2,3,2]" in finding.message


def test_too_many_inputs():
    found = findings(linear(3, "a"), linear(3, "b", "a", "input"))
    notes = (made("a", "f32[128,3]", *place(0)), made("input", "f32[128,2]", "model", "input"))
    assert found == [Finding("E210", "`linear` reads one value, not 2", place(1, "inputs"), notes=notes)]


def test_too_few_inputs_are_told_at_the_layer_if_it_names_none():
    found = findings(layer(Gate(), "g"))
    notes = (made("input", "f32[128,2]", "model", "input"),)
    assert found == [Finding("E210", "`gate` reads 2 to 3 values, not 1", place(0), notes=notes)]


def test_inputs_are_given_to_the_arguments_in_order():
    built = graph(linear(2, "a"), layer(Gate(), "g", "input", "a"))
    assert built.nodes[-1].inputs == {"x": "input", "gate": "a.y"}
    built = graph(linear(2, "a"), add("a", "input", "a"))
    assert built.nodes[-1].inputs == {"x0": "a.y", "x1": "input", "x2": "a.y"}


def test_an_activation_that_does_not_fit():
    found = findings(
        linear(3, "a", activation=Linear(out_features=2)),
        model={"input": InputSpec(shape=(2,), dtype="int64")},
    )
    notes = (made("input", "i64[128,2]", "model", "input"),)
    message = "`linear` needs real numbers, got i64[128,2]"
    assert found == [Finding("E210", message, place(0), notes=notes)]


def test_the_place_of_an_activation():
    found = findings(linear(3, "a", activation=Add()))
    message = "`add` needs two values or more, got f32[128,3]"
    notes = (made("a", "f32[128,3]", *place(0)),)
    help = "name them in `inputs`"
    assert found == [Finding("E210", message, place(0, "activation"), help=help, notes=notes)]


def test_where_a_block_is_used_is_noted():
    entry = at(add("input"), "blocks", "x", "layers", 0, trail=(place(3), place(0)))
    (finding,) = findings(layer(Row(layers=(entry,)), "r"))
    assert finding.path == ("blocks", "x", "layers", 0)
    assert finding.notes[1:] == (
        Note("the block is used", place(3), label=True),
        Note("the block is used", place(0), label=True),
    )


@pytest.mark.parametrize(
    ("op", "names", "needed", "variadic", "text"),
    [
        (Linear, ("x",), 1, None, "one value"),
        (Add, (), 0, "x", "0 or more values"),
        (Gate, ("x", "gate", "mask"), 2, None, "2 to 3 values"),
    ],
)
def test_arity(op, names, needed, variadic, text):
    assert arity(op) == Arity(names, needed, variadic)
    assert str(arity(op)) == text


def test_arguments():
    assert Arity(("a",), 1, "x").arguments(3) == ("a", "x0", "x1")
    assert Arity(("a", "b"), 1, None).arguments(1) == ("a",)
    assert Arity(("a", "b"), 1, None).arguments(0) is None
    assert Arity(("a", "b"), 1, None).arguments(3) is None


def test_of_two_layers_the_one_read_last_is_to_follow_the_other():
    (finding,) = findings(linear(5, "a"), linear(6, "b", "input"), add("b", "a"))
    assert finding.help == "give `a` out_features: 6"
