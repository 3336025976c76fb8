"""What `model.output` may name."""

from specdl.core.diagnostics import Finding
from specdl.ops.losses.mse import MSE
from specdl.spec.model import LossEntry
from tests.graph.models import Pair, Row, findings, graph, layer, linear, names

LOSS = (LossEntry(op=MSE(), output="a"),)


def test_the_last_layer_is_the_result():
    assert graph(linear(2, "a"), linear(2, "b")).outputs == {"b": "b.y"}


def test_one_name_may_be_of_any_layer():
    built = graph(linear(2, "a"), layer(Pair(), "p"), model={"output": "p.h"})
    assert built.outputs == {"p.h": "p.h"}
    assert built.losses[0].output == "p.h"
    row = layer(Row(layers=(linear(2, "c"),)), "r")
    assert graph(row, linear(2), model={"output": "r.c"}).outputs == {"r.c": "r.c.y"}


def test_several_names_in_their_order():
    built = graph(linear(2, "a"), linear(2, "b"), linear(2, "c"), model={"output": ("b", "a")}, losses=LOSS)
    assert built.outputs == {"b": "b.y", "a": "a.y"}
    assert names(built) == ["a", "b"]


def test_what_only_a_loss_names_is_a_result_where_the_spec_names_none():
    assert graph(linear(2, "a"), linear(2, "b"), losses=LOSS).outputs == {"b": "b.y", "a": "a.y"}
    named = graph(linear(2, "a"), linear(2, "b"), model={"output": "b"}, losses=LOSS)
    assert named.outputs == {"b": "b.y"}


def output(value: str | tuple[str, ...]) -> list[Finding]:
    return findings(
        linear(2, "alpha"),
        linear(2, "beta"),
        model={"output": value},
        losses=(LossEntry(op=MSE(), output="beta"),),
    )


def test_an_unknown_output():
    path = ("model", "output")
    assert output("bata") == [Finding("E215", "no layer is called `bata`", path, help="did you mean `beta`?")]
    assert output("head") == [
        Finding("E215", "no layer is called `head`", path, help="name `alpha` or `beta`")
    ]
    assert output(("beta", "alpha.z")) == [
        Finding(
            "E215",
            "`alpha` has no result or layer called `z`",
            (*path, 1),
            help="name `alpha` or `beta`",
        )
    ]


def test_an_input_is_no_output():
    (finding,) = output("input")
    assert finding.message == "`input` is an input, and no layer's result"


def test_an_output_named_twice():
    found = output(("beta", "beta"))
    assert found == [Finding("E213", "`beta` is named twice in `output`", ("model", "output", 1))]


def test_no_output_is_named():
    found = output(())
    assert [(each.code, each.message, each.path) for each in found] == [
        ("E215", "`output` names no layer", ("model", "output"))
    ]


def test_a_result_with_a_finding_is_silent():
    found = findings(linear(2, "a", "nobody"), model={"output": "a"})
    assert [each.code for each in found] == ["E211"]
    found = findings(linear(2, "a.b"), linear(2, "c", "input"), model={"output": "c"})
    assert [each.code for each in found] == ["E116"]
