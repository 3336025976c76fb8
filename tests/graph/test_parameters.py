"""Parameters: how they start, which are frozen, which are shared."""

from specdl.core.diagnostics import Finding
from specdl.ops.base import LayerEntry
from specdl.ops.layers.linear import Linear
from tests.graph.models import (
    Norm,
    Row,
    Sealed,
    Slope,
    Start,
    findings,
    graph,
    layer,
    linear,
    made,
    place,
    tanh,
)


def starts(built):
    return {name: getattr(p.init, "at", p.init.type) for name, p in built.parameters.items()}


def test_the_nearest_init_counts():
    inner = layer(
        Row(layers=(linear(2, "own", init={"weight": Start(at=3)}), linear(2, "plain"))),
        "row",
        init={"weight": Start(at=2)},
    )
    model = {"init": {"weight": Start(at=1), "bias": Start(at=0)}}
    built = graph(linear(2, "first"), layer(Row(layers=(inner,)), "outer"), model=model)
    assert starts(built) == {
        "first.weight": 1,
        "first.bias": 0,
        "outer.row.own.weight": 3,
        "outer.row.own.bias": 0,
        "outer.row.plain.weight": 2,
        "outer.row.plain.bias": 0,
    }


def test_without_a_word_the_op_says_how_its_parameters_start():
    assert starts(graph(linear(2, "a"))) == {"a.weight": "torch_default", "a.bias": "torch_default"}


def test_a_scale_that_starts_at_one_is_not_meant_by_the_model_but_may_be_by_its_layer():
    own = layer(Norm(), "own", init={"weight": Start(at=2)})
    built = graph(linear(2, "a"), layer(Norm(), "n"), own, model={"init": {"weight": Start(at=1)}})
    assert starts(built)["a.weight"] == 1
    assert starts(built)["n.weight"] == "ones"
    assert starts(built)["own.weight"] == 2


def test_a_layers_init_is_not_its_activations():
    entry = linear(2, "a", activation=Slope(), init={"weight": Start(at=5)}, trainable=False)
    built = graph(entry, model={"init": {"weight": Start(at=1)}})
    assert starts(built) == {"a.weight": 5, "a.bias": "torch_default", "a.activation.weight": 1}
    assert not built.parameters["a.activation.weight"].trainable


def test_an_init_of_what_is_not_there():
    found = findings(linear(2, "a", init={"wieght": Start()}), tanh("t", init={"weight": Start()}))
    assert found == [
        Finding(
            "E111",
            "`a` has no parameter `wieght`",
            place(0, "init", "wieght"),
            at_key=True,
            help="did you mean `weight`?",
        ),
        Finding("E111", "`t` has no parameter `weight`", place(1, "init", "weight"), at_key=True),
    ]


def test_an_init_that_no_layer_inside_has():
    found = findings(
        layer(
            Row(layers=(layer(Row(layers=(linear(2),)), "in"),)),
            "out",
            init={"gain": Start(), "weight": Start()},
        ),
        model={"init": {"scale": Start(), "bias": Start()}},
    )
    help = "name `bias` or `weight`"
    assert found == [
        Finding(
            "E111", "no layer has a parameter `scale`", ("model", "init", "scale"), at_key=True, help=help
        ),
        Finding("E111", "`out` has no parameter `gain`", place(0, "init", "gain"), at_key=True, help=help),
    ]


def test_an_init_is_silent_where_a_layer_inside_has_a_finding():
    found = findings(
        layer(Row(layers=(linear(2, None, "nobody"),)), init={"gain": Start()}),
        model={"init": {"scale": Start()}},
    )
    assert [each.code for each in found] == ["E211"]


def test_frozen_layers_and_composites():
    frozen = layer(Row(layers=(linear(2, "a"), linear(2, "b", trainable=True))), "r", trainable=False)
    built = graph(linear(2, "x", trainable=False), frozen, linear(2, "y"))
    assert [name for name, p in built.parameters.items() if p.trainable] == ["y.weight", "y.bias"]
    assert (built.parameter_count, built.trainable_count) == (24, 6)
    assert "  x.bias: f32[2] = torch_default, frozen\n" in str(built)


def test_ties_to_earlier_and_later_layers_and_through_others():
    built = graph(
        linear(2, "a", tie={"weight": "c.weight", "bias": "b.bias"}),
        linear(2, "b", tie={"weight": "a.weight"}),
        linear(2, "c"),
    )
    assert list(built.parameters) == ["b.bias", "c.weight", "c.bias"]
    assert [node.params for node in built.nodes] == [
        {"weight": "c.weight", "bias": "b.bias"},
        {"weight": "c.weight", "bias": "b.bias"},
        {"weight": "c.weight", "bias": "c.bias"},
    ]
    assert built.parameter_count == 4 + 2 + 2


def test_a_tie_reaches_in_and_out_of_composites():
    row = layer(
        Row(layers=(linear(2, "a"), linear(2, "b", tie={"weight": "a.weight", "bias": "first.bias"}))), "r"
    )
    built = graph(linear(2, "first"), row, linear(2, "last", tie={"weight": "r.b.weight"}))
    assert built.nodes[2].params == {"weight": "r.a.weight", "bias": "first.bias"}
    assert built.nodes[3].params == {"weight": "r.a.weight", "bias": "last.bias"}


def test_the_owner_of_a_tie_may_be_left_out_and_what_it_owns_stays():
    built = graph(linear(2, "table"), linear(2, "head", "input", tie={"weight": "table.weight"}))
    assert [node.name for node in built.nodes] == ["head"]
    assert list(built.parameters) == ["table.weight", "head.bias"]


def test_a_tie_of_another_shape():
    found = findings(linear(3, "tok"), linear(4, "head", tie={"weight": "tok.weight"}))
    assert found == [
        Finding(
            "E214",
            "`head.weight` is f32[4,3] and cannot be tied to `tok.weight`, which is f32[3,2]",
            place(1, "tie", "weight"),
            notes=(made("tok.weight", "f32[3,2]", *place(0)),),
        )
    ]


def tie(owner: str, *others: LayerEntry, argument: str = "weight") -> list[Finding]:
    return findings(linear(2, "alpha"), linear(2, "head", tie={argument: owner}), *others)


def test_a_tie_to_nothing():
    where = place(1, "tie", "weight")
    assert tie("alhpa.weight") == [
        Finding("E214", "no layer is called `alhpa`", where, help="did you mean `alpha.weight`?")
    ]
    assert tie("encoder.weight") == [Finding("E214", "no layer is called `encoder`", where)]
    assert tie("input.weight") == [Finding("E214", "no layer is called `input`", where)]
    assert tie("alpha.wieght") == [
        Finding("E214", "`alpha` has no parameter `wieght`", where, help="did you mean `alpha.weight`?")
    ]
    assert tie("alpha.y.weight") == [Finding("E214", "`alpha.y` is a result, and has no parameters", where)]
    message = "`tie` names a layer and its parameter, such as `alpha.weight`, not `alpha`"
    assert tie("alpha") == [Finding("E214", message, where)]
    assert tie("row1.weight", layer(Row(layers=(linear(2),)))) == [
        Finding("E214", "`row1` has no parameter `weight`", where)
    ]


def test_a_tie_of_what_the_layer_lacks():
    assert tie("alpha.weight", argument="wieght") == [
        Finding(
            "E214",
            "`head` has no parameter `wieght`",
            place(1, "tie", "wieght"),
            at_key=True,
            help="did you mean `weight`?",
        )
    ]


def test_a_tie_cannot_be_told_how_to_start():
    found = findings(linear(2, "a"), linear(2, "b", tie={"weight": "a.weight"}, init={"weight": Start()}))
    message = "`b.weight` is tied to `a.weight`, and so has no `init` of its own"
    help = "take `weight` out of `init`"
    assert found == [Finding("E214", message, place(1, "init", "weight"), at_key=True, help=help)]


def test_cyclic_ties_are_told_once():
    ring = {"a": "b", "b": "c", "c": "a", "d": "a"}
    found = findings(*(linear(2, name, tie={"weight": f"{other}.weight"}) for name, other in ring.items()))
    message = "`a.weight`, `b.weight` and `c.weight` are tied to one another"
    help = "take `tie` off the layer that is to own the weight"
    assert found == [Finding("E214", message, place(0, "tie", "weight"), help=help)]
    (itself,) = findings(linear(2, "a", tie={"bias": "a.bias"}))
    assert itself.message == "`a.bias` is tied to itself"


def test_a_tie_to_a_layer_with_a_finding_is_silent():
    found = findings(linear(2, "a", "nobody"), linear(2, "b", "input", tie={"weight": "a.weight"}))
    assert [each.code for each in found] == ["E211"]


def test_a_composite_has_nothing_to_tie():
    row = layer(Row(layers=(linear(2),)), "r", tie={"weight": "a.weight"})
    help = "write `tie` on the layer inside it"
    message = "`row` has no parameters of its own to tie"
    assert findings(linear(2, "a"), row) == [
        Finding("E214", message, place(1, "tie", "weight"), at_key=True, help=help)
    ]


def test_a_block_does_not_tie_to_what_is_outside():
    inner = linear(2, "b", tie={"weight": "a.weight"})
    (finding,) = findings(linear(2, "a"), layer(Sealed(layers=(inner,)), "s"))
    assert finding.message == "no layer is called `a`"


def test_a_parameter_that_is_switched_off_is_not_there():
    built = graph(layer(Linear(out_features=2, bias=False), "a"))
    assert list(built.parameters) == ["a.weight"]


def test_what_is_in_a_frozen_composite_is_frozen_however_deep():
    inner = layer(Row(layers=(linear(2),)))
    built = graph(layer(Row(layers=(inner,)), trainable=False), linear(2))
    assert [name for name, p in built.parameters.items() if p.trainable] == ["linear1.weight", "linear1.bias"]
