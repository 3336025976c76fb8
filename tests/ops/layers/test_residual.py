"""The residual as a graph: what it stands for, and what is told where it does not fit."""

import pytest
from pydantic import ValidationError

from specdl.core.diagnostics import Finding
from specdl.ops.activations.relu import ReLU
from specdl.ops.layers.linear import Linear
from specdl.ops.layers.residual import Residual
from specdl.ops.registry import CATALOGS
from tests.graph.models import add, findings, graph, layer, linear, made, place, tanh

PLAIN = """\
  fc.y: f32[batch,4] = linear(input, fc.weight, fc.bias)
  res1.linear1.y: f32[batch,8] = linear(fc.y, res1.linear1.weight, res1.linear1.bias)
  res1.linear1.activation.y: f32[batch,8] = relu(res1.linear1.y)
  res1.linear2.y: f32[batch,4] = linear(res1.linear1.activation.y, res1.linear2.weight, res1.linear2.bias)
  res1.add.y: f32[batch,4] = add(res1.linear2.y, fc.y)
  res1.activation.y: f32[batch,4] = relu(res1.add.y)
  loss = mse(res1.activation.y, target)
  return res1=res1.activation.y"""

SHORTCUT = """\
  residual1.linear1.y: f32[batch,3] = linear(input, residual1.linear1.weight, residual1.linear1.bias)
  residual1.tanh1.y: f32[batch,3] = tanh(residual1.linear1.y)
  residual1.shortcut.linear1.y: f32[batch,3] = linear(input, residual1.shortcut.linear1.weight)
  residual1.add.y: f32[batch,3] = add(residual1.tanh1.y, residual1.shortcut.linear1.y)"""


def body(text: str) -> str:
    return text[text.index("\n") + 1 : text.index("\nparameters:")]


def test_the_tag_finds_the_class():
    assert CATALOGS["layers"].get("residual") is Residual


def test_layers_plus_what_they_read():
    residual = Residual(layers=(linear(8, activation=ReLU()), linear(4)))
    assert body(str(graph(linear(4, "fc"), layer(residual, "res1", activation=ReLU())))) == PLAIN


def test_a_shortcut_changes_the_width():
    residual = Residual(layers=(linear(3), tanh()), shortcut=(layer(Linear(out_features=3, bias=False)),))
    assert body(str(graph(layer(residual)))).startswith(SHORTCUT)


def test_the_shortcuts_layers_follow_one_another():
    residual = Residual(layers=(linear(3),), shortcut=(linear(5), linear(3, "last")))
    nodes = {node.name: node for node in graph(layer(residual, "r")).nodes}
    assert nodes["r.shortcut.linear1"].inputs == {"x": "input"}
    assert nodes["r.shortcut.last"].inputs == {"x": "r.shortcut.linear1.y"}
    assert nodes["r.add"].inputs == {"x0": "r.linear1.y", "x1": "r.shortcut.last.y"}


def test_the_last_layer_may_have_a_name_and_an_activation():
    nodes = graph(layer(Residual(layers=(linear(2, "out", activation=ReLU()),)), "r")).nodes
    assert nodes[-1].inputs == {"x0": "r.out.activation.y", "x1": "input"}


def test_residuals_inside_residuals():
    inner = layer(Residual(layers=(tanh(),)))
    nodes = {node.name: node for node in graph(linear(4, "a"), layer(Residual(layers=(inner,)), "r")).nodes}
    assert nodes["r.residual1.add"].inputs == {"x0": "r.residual1.tanh1.y", "x1": "a.y"}
    assert nodes["r.add"].inputs == {"x0": "r.residual1.add.y", "x1": "a.y"}


def test_names_outside_are_seen():
    residual = Residual(layers=(tanh(), add("previous", "a", name="sum")), shortcut=(tanh("t", "b"),))
    nodes = {node.name: node for node in graph(linear(2, "a"), linear(2, "b"), layer(residual, "r")).nodes}
    assert nodes["r.sum"].inputs == {"x0": "r.tanh1.y", "x1": "a.y"}
    assert nodes["r.shortcut.t"].inputs == {"x": "b.y"}


def test_a_change_of_width_without_a_shortcut():
    found = findings(linear(4, "fc"), layer(Residual(layers=(linear(3),)), "r"))
    assert found == [
        Finding(
            "E210",
            "`add` needs equal types: f32[128,3] and f32[128,4]",
            place(1),
            help="give `r.linear1` out_features: 4",
            notes=(made("r.linear1", "f32[128,3]", *place(1)), made("fc", "f32[128,4]", *place(0))),
        )
    ]


def test_no_layers_are_no_residual():
    with pytest.raises(ValidationError):
        Residual(layers=())
