"""Golden graphs, and the findings of inputs."""

import pytest

from specdl.core.diagnostics import Finding
from specdl.graph.build import build
from specdl.ops.activations.relu import ReLU
from specdl.ops.activations.tanh import Tanh
from specdl.ops.layers.residual import Residual
from specdl.ops.losses.cross_entropy import CrossEntropy
from specdl.ops.losses.mse import MSE
from specdl.spec.model import InputSpec, LossEntry
from tests.graph.models import (
    Norm,
    Pair,
    Row,
    Start,
    add,
    findings,
    graph,
    layer,
    linear,
    names,
    place,
    spec,
    tanh,
)

DISC = """\
graph(input: f32[batch,2], target: f32[batch,2]):
  fc1.y: f32[batch,25] = linear(input, fc1.weight, fc1.bias)
  fc1.activation.y: f32[batch,25] = tanh(fc1.y)
  linear2.y: f32[batch,25] = linear(fc1.activation.y, linear2.weight, linear2.bias)
  linear2.activation.y: f32[batch,25] = tanh(linear2.y)
  head.y: f32[batch,2] = linear(linear2.activation.y, head.weight, head.bias)
  loss = mse(head.y, target)
  return head=head.y
parameters:
  fc1.weight: f32[25,2] = start(at=1)
  fc1.bias: f32[25] = torch_default
  linear2.weight: f32[25,25] = start(at=1)
  linear2.bias: f32[25] = torch_default
  head.weight: f32[2,25] = start(at=1)
  head.bias: f32[2] = torch_default"""


def test_a_chain():
    built = graph(
        linear(25, "fc1", activation=Tanh()),
        linear(25, activation=Tanh()),
        linear(2, "head"),
        model={"init": {"weight": Start(at=1)}},
    )
    assert str(built) == DISC
    assert built.parameter_count == built.trainable_count == 2 * 25 + 25 + 25 * 25 + 25 + 25 * 2 + 2


TWO_HEADS = """\
graph(image: f64[batch,6], age: f64[batch,3], digit: i64[batch], target: f64[batch,4]):
  body.linear1.y: f64[batch,4] = linear(image, body.linear1.weight, body.linear1.bias)
  body.linear1.activation.y: f64[batch,4] = relu(body.linear1.y)
  fc.y: f64[batch,4] = linear(age, fc.weight, fc.bias)
  sum.y: f64[batch,4] = add(body.linear1.activation.y, fc.y)
  pair1.y: f64[batch,4], pair1.h: f64[batch,2] = pair(sum.y)
  norm1.y: f64[batch,4] = norm(sum.y, norm1.weight)
  loss.pair1.h = cross_entropy(pair1.h, digit)
  loss.norm1 = 0.5 * mse(norm1.y, target)
  return norm1=norm1.y, pair1.h
parameters:
  body.linear1.weight: f64[4,6] = torch_default, frozen
  body.linear1.bias: f64[4] = torch_default, frozen
  fc.weight: f64[4,3] = torch_default
  fc.bias: f64[4] = torch_default
  norm1.weight: f64[1] = ones"""


def test_several_inputs_outputs_and_losses():
    built = graph(
        layer(Row(layers=(linear(4, activation=ReLU()),)), "body", "image", trainable=False),
        linear(4, "fc", "age"),
        add("body", "fc", name="sum"),
        layer(Pair()),
        layer(Norm(), None, "sum"),
        model={
            "input": None,
            "inputs": {"image": InputSpec(shape=(6,)), "age": InputSpec(shape=(3,))},
            "dtype": "float64",
        },
        losses=(
            LossEntry(op=CrossEntropy(), output="pair1.h", target="digit"),
            LossEntry(op=MSE(), output="norm1", weight=0.5),
        ),
    )
    assert str(built) == TWO_HEADS
    assert built.trainable_count == built.parameter_count - 4 * 6 - 4
    assert built.values["norm1.rstd"] == built.values["norm1.y"].with_shape(
        *built.values["norm1.y"].shape[:1], 1
    )


def test_a_layer_that_nothing_needs_is_left_out_with_its_parameters():
    built = graph(linear(4, "probe"), linear(2, "head", "input"))
    assert names(built) == ["head"]
    assert list(built.parameters) == ["head.weight", "head.bias"]
    assert "probe.y" not in built.values


def test_a_layer_left_out_is_checked_all_the_same():
    (finding,) = findings(add("input", "wide"), linear(2, "head", "input"))
    assert finding.code == "E211"


def test_a_thousand_layers_are_one_graph():
    built = graph(*(linear(2) for _ in range(1000)))
    assert names(built)[-1] == "linear1000"
    assert built.parameter_count == 6000


def test_nested_composites_do_not_recurse_but_are_bounded():
    entry = linear(2)
    for _ in range(29):
        entry = layer(Row(layers=(entry,)))
    assert names(graph(entry)) == ["row1." * 29 + "linear1"]
    deeper = layer(Row(layers=(entry,)))
    message = "layers stand inside one another more than 30 deep"
    assert findings(deeper) == [Finding("E005", message, place(0))]


def test_a_model_has_an_input():
    built, found = build(spec(linear(2), model={"input": None}))
    assert built is None
    assert found == [
        Finding(
            "E112",
            "the model has no `input`: what does one sample look like?",
            ("model",),
            help='"input": {"shape": [2]}',
        )
    ]


def test_input_and_inputs_are_one_or_the_other():
    found = findings(linear(2), model={"inputs": {"a": InputSpec(shape=(2,))}})
    message = "`input` and `inputs` cannot stand side by side"
    assert found == [Finding("E111", message, ("model", "inputs"), at_key=True)]


@pytest.mark.parametrize("name", ["previous", "loss", "lr", "t"])
def test_reserved_names_are_no_inputs(name):
    inputs = {name: InputSpec(shape=(2,))}
    (finding,) = findings(linear(2), model={"input": None, "inputs": inputs})
    message = f"no input can be called `{name}`: a step has a value of that name"
    assert finding == Finding("E116", message, ("model", "inputs", name), at_key=True)


def test_an_input_of_another_float_type_is_refused():
    (finding,) = findings(linear(2), model={"input": InputSpec(shape=(2,), dtype="float64")})
    assert finding == Finding(
        "E210",
        "`input` is float64, and the model computes in float32",
        ("model", "input", "dtype"),
        help='"dtype": "float32"',
    )


def test_findings_come_in_document_order_whatever_finds_them():
    found = findings(
        layer(Row(layers=(linear(2, init={"wait": Start()}),)), init={"waits": Start()}),
        linear(2, "b", tie={"weight": "nobody.weight"}),
        linear(2, "c", "nobody"),
        model={"init": {"weigth": Start()}, "output": "nobody"},
        losses=(LossEntry(op=MSE(), output="nothing"),),
    )
    assert [(each.code, each.path) for each in found] == [
        ("E111", place(0, "init", "waits")),
        ("E111", place(0, "init", "wait")),
        ("E214", place(1, "tie", "weight")),
        ("E211", place(2, "inputs", 0)),
        ("E215", ("model", "output")),
        ("E215", ("losses", 0, "output")),
    ]


def test_residual_in_a_chain_reads_as_one_layer():
    built = graph(linear(3), layer(Residual(layers=(tanh(),))), linear(2, "head"))
    assert names(built) == ["linear1", "residual1.tanh1", "residual1.add", "head"]
