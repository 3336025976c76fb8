"""A graph that breaks a promise is a fault of specdl, and is told as one."""

from dataclasses import replace

import pytest

from specdl.core.errors import CompilerFault
from specdl.core.types import BATCH, TensorType
from specdl.graph.graph import Graph, Parameter, spelled
from specdl.ops.base import Param
from tests.graph.models import Norm, Start, graph, layer, linear


@pytest.fixture
def built() -> Graph:
    return graph(linear(3, "a"), layer(Norm(), "n"), linear(2, "b"))


def node(built: Graph, i: int, **changes: object) -> Graph:
    nodes = list(built.nodes)
    nodes[i] = replace(nodes[i], **changes)
    return replace(built, nodes=tuple(nodes))


def test_verify_gives_back_the_graph(built):
    assert built.verify() is built


def test_a_graph_is_frozen(built):
    with pytest.raises(AttributeError):
        built.name = "other"


def test_a_node_prints(built):
    assert str(built.nodes[0]) == "a.y = linear(input, a.weight, a.bias)"


BREAKS = {
    "`n.y` is read before it is made": lambda g: replace(g, nodes=(g.nodes[0], g.nodes[2], g.nodes[1])),
    "two nodes are called `a`": lambda g: node(g, 1, name="a"),
    "`a.y` is made twice": lambda g: node(g, 1, outputs={"y": "a.y"}),
    "`target` is made twice": lambda g: node(g, 1, outputs={"y": "target"}),
    "results are missing or too many": lambda g: node(g, 1, saved={}),
    "`n.y` is no f32": lambda g: replace(g, values={**g.values, "n.y": TensorType((BATCH, 4))}),
    "`n.rstd` is no f32": lambda g: replace(g, values={k: v for k, v in g.values.items() if k != "n.rstd"}),
    "the values are not those that are made": lambda g: replace(g, values={**g.values, "z": g.values["a.y"]}),
    "parameters are missing or too many": lambda g: node(g, 0, params={"weight": "a.weight"}),
    "`z.weight` is no parameter": lambda g: node(g, 0, params={"weight": "z.weight", "bias": "a.bias"}),
    "`b.weight` has not the shape": lambda g: node(g, 0, params={"weight": "b.weight", "bias": "a.bias"}),
    "no node reads the parameter `z`": lambda g: replace(
        g,
        parameters={**g.parameters, "z": Parameter("z", TensorType((1,)), Param((1,), 1, 1), Start(), True)},
    ),
    "the output `q` is `q.y`, which is not made": lambda g: replace(g, outputs={"q": "q.y"}),
    "a loss reads what is not there": lambda g: replace(g, losses=(replace(g.losses[0], target="q"),)),
}


@pytest.mark.parametrize("fault", BREAKS)
def test_verify_finds(built, fault):
    with pytest.raises(CompilerFault) as caught:
        BREAKS[fault](built).verify()
    assert fault in str(caught.value)


def test_an_initialiser_is_spelled_with_what_was_given():
    assert spelled(Start()) == "start"
    assert spelled(Start(type="start", at=2)) == "start(at=2)"
