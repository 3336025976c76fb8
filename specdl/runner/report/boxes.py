"""A graph as boxes for people: a layer and its activation are one, losses are boxes too."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from specdl.core.types import TensorType
from specdl.graph.graph import Graph, Node

ACTIVATION = ".activation"


@dataclass(frozen=True)
class Box:
    """One box: what it is called, what it does, what comes out of it."""

    name: str
    kind: Literal["input", "layer", "loss"]
    op: str
    type: TensorType | None
    parameters: int = 0
    frozen: bool = False
    activation: str = ""
    note: str = ""
    weight: str = ""
    """The factor of a loss that is not 1."""
    result: bool = False
    """Whether it is a result of the model."""
    group: str = ""
    """The composite it belongs to, the outermost one; of a repeated block the repetition."""


@dataclass(frozen=True)
class Boxes:
    """All boxes, listed so that every edge leads forwards, and the edges between them by name."""

    boxes: tuple[Box, ...]
    edges: tuple[tuple[str, str], ...]


def boxes(graph: Graph) -> Boxes:
    """The boxes of a graph: inputs, layers in order, losses."""
    folded = activations(graph)
    maker = {name: f"input {name}" for name in graph.inputs}
    made = [Box(f"input {name}", "input", "input", type) for name, type in graph.inputs.items()]
    edges: list[tuple[str, str]] = []
    for node in graph.nodes:
        if node.name in folded.values():
            stem = node.name.removesuffix(ACTIVATION)
            maker |= dict.fromkeys(node.outputs.values(), stem)
            continue
        edges += [(maker[value], node.name) for value in node.inputs.values()]
        maker |= dict.fromkeys(node.outputs.values(), node.name)
        made.append(layer(node, graph, folded.get(node.name)))
    for loss in graph.losses:
        name = f"loss {loss.name}"
        edges.append((maker[loss.output], name))
        target = graph.targets[loss.target]
        weight = "" if loss.weight == 1 else f"\u00d7 {loss.weight:g}"
        made.append(Box(name, "loss", loss.op.type, None, note=f"{loss.target} {target}", weight=weight))
    return Boxes(tuple(made), tuple(dict.fromkeys(edges)))


def activations(graph: Graph) -> dict[str, str]:
    """The nodes that are shown as part of the layer they follow: layer -> its activation.

    Those are what a layer's `activation` stands for, where nothing else reads the value between.
    """
    readers = Counter(value for node in graph.nodes for value in node.inputs.values())
    readers.update(loss.output for loss in graph.losses)
    readers.update(graph.outputs.values())
    made_by = {value: node.name for node in graph.nodes for value in node.outputs.values()}
    found = {}
    for node in graph.nodes:
        reads = tuple(node.inputs.values())
        stem = node.name.removesuffix(ACTIVATION)
        if (
            node.name.endswith(ACTIVATION)
            and len(reads) == 1
            and readers[reads[0]] == 1
            and made_by.get(reads[0]) == stem
        ):
            found[stem] = node.name
    return found


def layer(node: Node, graph: Graph, activation: str | None) -> Box:
    """The box of a node, together with its activation's node."""
    nodes = [each for each in graph.nodes if each.name == activation] if activation else []
    values = next(iter(node.outputs.values())) if not nodes else next(iter(nodes[0].outputs.values()))
    names = [name for each in (node, *nodes) for name in each.params.values()]
    owned = [graph.parameters[name] for name in names if name.startswith(f"{node.name}.")]
    shared = [name for name in names if not name.startswith(f"{node.name}.")]
    outputs = {*node.outputs.values(), *(value for each in nodes for value in each.outputs.values())}
    return Box(
        node.name,
        "layer",
        node.op.type,
        graph.values[values],
        parameters=sum(parameter.type.numel() for parameter in owned),
        frozen=bool(owned) and not any(parameter.trainable for parameter in owned),
        activation=nodes[0].op.type if nodes else "",
        note=f"shares {', '.join(shared)}" if shared else "",
        result=not outputs.isdisjoint(graph.outputs.values()),
        group=group(node.name),
    )


def group(name: str) -> str:
    """The composite a layer is shown in.

    >>> group("fc1"), group("mix.linear1"), group("body.2.around.up")
    ('', 'mix', 'body.2')
    """
    parts = name.split(".")
    depth = 2 if len(parts) > 2 and parts[1].isdigit() else 1
    return ".".join(parts[:depth]) if len(parts) > depth else ""
