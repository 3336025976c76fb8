"""Losses, the types of their targets, and metrics."""

import pytest

from specdl.core.diagnostics import Finding, Note
from specdl.core.types import BATCH, TensorType
from specdl.data.base import TargetSpec
from specdl.graph.build import build
from specdl.graph.losses import target_type
from specdl.ops.layers.identity import Identity
from specdl.ops.losses.cross_entropy import CrossEntropy
from specdl.ops.losses.mse import MSE
from specdl.spec.model import InputSpec, LossEntry
from tests.graph.models import Classes, Pair, Row, findings, graph, layer, linear, made, place, spec

HEAD = made("head", "f32[128,2]", *place(0))


def test_target_types():
    images = TensorType((BATCH, 3, 4))
    assert target_type("index", images) == TensorType((BATCH, 3), "int64")
    assert target_type("one_hot", images) == target_type("value", images) == images


@pytest.mark.parametrize(
    ("loss", "encode", "type"),
    [
        (CrossEntropy(), None, "i64[batch]"),
        (CrossEntropy(), "one_hot", "f32[batch,2]"),
        (MSE(), None, "f32[batch,2]"),
        (MSE(), "one_hot", "f32[batch,2]"),
    ],
)
def test_targets_follow_the_loss_unless_the_spec_says(loss, encode, type):
    built = graph(linear(2, "head"), loss=loss, data={"target": TargetSpec(encode=encode)})
    assert str(built.targets["target"]) == type
    assert built.values["target"] == built.targets["target"]


def test_the_input_as_target_keeps_its_type():
    target = TargetSpec.model_validate({"from": "input"})
    built = graph(linear(2, "head"), data={"target": target}, loss=CrossEntropy())
    assert str(built.targets["target"]) == "f32[batch,2]"
    found = findings(linear(3, "head"), data={"target": target})
    assert found == [
        Finding(
            "E311",
            "`mse` needs an output and a target of one type: f32[128,3] and f32[128,2]",
            ("loss",),
            notes=(made("head", "f32[128,3]", *place(0)), Note("`target` is f32[128,2]: the input itself")),
        )
    ]


def test_a_missing_loss():
    help = '"loss": {"type": "mse"}'
    message = "the spec has no `loss`: training needs something to minimise"
    assert findings(linear(2), loss=None) == [Finding("E310", message, help=help)]
    assert findings(linear(2), losses=()) == [Finding("E310", message, help=help)]


def test_an_encoding_the_loss_cannot_take():
    data = {"target": TargetSpec(encode="index")}
    notes = (Note("`mse` is chosen", ("loss", "type"), label=True), HEAD)
    message = "`mse` takes no targets encoded as `index` (class numbers)"
    found = findings(linear(2, "head"), data=data)
    where = ("data", "target", "encode")
    assert found == [Finding("E311", message, where, help='"encode": "one_hot"', notes=notes)]
    (finding,) = findings(linear(1, "head"), data=data)
    assert finding.help == '"encode": "value"'


def test_a_loss_that_cannot_apply():
    found = findings(
        layer(Identity(), "same"), loss=CrossEntropy(), model={"input": InputSpec(shape=(2,), dtype="int64")}
    )
    assert found == [
        Finding(
            "E311",
            "`cross_entropy` needs a score for each class along the last axis, got i64[128,2]",
            ("loss",),
            notes=(made("same", "i64[128,2]", *place(0)), Note("`target` is i64[128]: class numbers")),
        )
    ]


def test_one_loss_for_several_outputs():
    found = findings(linear(2, "a"), linear(2, "b"), model={"output": ("a", "b")})
    message = "the loss does not say which output it is for: `a` or `b`"
    help = '"losses": [{"type": "mse", "output": "a"}]'
    assert found == [Finding("E311", message, ("loss",), help=help)]
    (finding,) = findings(
        linear(2, "a"), linear(2, "b"), model={"output": ("a", "b")}, losses=(LossEntry(op=MSE()),)
    )
    assert (finding.path, finding.help) == (("losses", 0), '"output": "a"')


def test_one_of_several_losses_without_an_output_is_for_the_only_one():
    losses = (LossEntry(op=MSE()), LossEntry(op=MSE(), output="a", target="y"))
    built = graph(linear(2, "a"), linear(2, "b"), losses=losses)
    assert [(each.name, each.output, each.target) for each in built.losses] == [
        ("loss.b", "b.y", "target"),
        ("loss.a", "a.y", "y"),
    ]


def test_a_loss_of_no_output():
    found = findings(linear(2, "alpha"), losses=(LossEntry(op=MSE(), output="alhpa"),))
    message = "no layer is called `alhpa`"
    assert found == [Finding("E215", message, ("losses", 0, "output"), help="did you mean `alpha`?")]


def test_a_target_that_two_losses_see_differently():
    losses = (LossEntry(op=CrossEntropy(), output="head"), LossEntry(op=MSE(), output="head"))
    found = findings(linear(2, "head"), losses=losses)
    assert found == [
        Finding(
            "E311",
            "`target` cannot be f32[128,2] here and i64[128] for another loss",
            ("losses", 1),
            help="give each loss a target of its own, or set `data.target.encode`",
            notes=(HEAD,),
        )
    ]


def test_losses_have_names_that_nothing_else_has():
    both = (
        LossEntry(op=MSE(), output="y"),
        LossEntry(op=MSE(), output="y"),
        LossEntry(op=MSE(), output="loss"),
    )
    built = graph(linear(2, "loss"), linear(2, "y"), losses=both)
    assert [each.name for each in built.losses] == ["loss.y.2", "loss.y.3", "loss.loss"]
    assert graph(linear(2, "loss")).losses[0].name == "loss"


@pytest.mark.parametrize(
    ("target", "code", "message"),
    [
        ("input", "E213", "`input` is an input's name already"),
        ("lr", "E116", "no target can be called `lr`: a step has a value of that name"),
        ("a.b", "E116", "no target can be called `a.b`: a name is a word without dots"),
    ],
)
def test_names_of_targets(target, code, message):
    (finding,) = findings(linear(2, "head"), losses=(LossEntry(op=MSE(), target=target),))
    assert (finding.code, finding.message, finding.path) == (code, message, ("losses", 0, "target"))


def test_a_loss_on_what_has_a_finding_is_silent():
    found = findings(linear(2, "a", "nobody"), metrics=(Classes(),))
    assert [each.code for each in found] == ["E211"]


def test_a_metric_that_cannot_apply():
    found = findings(linear(2, "head"), metrics=(Classes(), Classes()))
    message = "`classes` needs class numbers, got f32[128,2]"
    assert found == [Finding("E314", message, ("metrics", i), notes=(HEAD,)) for i in (0, 1)]


def test_a_metric_of_several_losses_applies_where_it_can():
    losses = (LossEntry(op=MSE(), output="p"), LossEntry(op=CrossEntropy(), output="p.h", target="digit"))
    section = spec(linear(4), layer(Pair(), "p"), losses=losses, metrics=(Classes(),))
    assert build(section)[1] == []


@pytest.mark.parametrize("outputs", [("r", "r.raw"), ("r.raw", "r")])
def test_the_unweighted_loss_has_a_name_of_its_own(outputs):
    losses = tuple(LossEntry(op=MSE(), output=name, weight=0.5) for name in outputs)
    built = graph(layer(Row(layers=(linear(2, "raw"), linear(2))), "r"), losses=losses)
    names = [each.name for each in built.losses]
    assert len({*names, *(f"{name}.raw" for name in names)}) == 4


def test_a_metric_is_silent_where_a_loss_has_a_finding():
    losses = (LossEntry(op=MSE(), output="a"), LossEntry(op=CrossEntropy(), output="b", target="y"))
    found = findings(linear(2, "a"), linear(2, "b", "nobody"), losses=losses, metrics=(Classes(),))
    assert [each.code for each in found] == ["E211"]
