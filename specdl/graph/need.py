"""What a model wants of the data."""

from __future__ import annotations

from specdl.data.base import Need
from specdl.graph.graph import Graph
from specdl.graph.losses import classes, encoding
from specdl.spec.model import ModelSpec


def need(graph: Graph, spec: ModelSpec) -> Need:
    """The inputs and targets of a graph as the data stage is to deliver them.

    `spec` is the one the graph was built from. The classes behind a target are as many as the
    last axis of the output it is compared with.
    """
    declared = spec.model.inputs or ({"input": spec.model.input} if spec.model.input else {})
    encode = {loss.target: encoding(spec, loss.op) for loss in graph.losses}
    outputs = {loss.target: graph.values[loss.output] for loss in graph.losses}
    return Need(
        inputs=graph.inputs,
        targets=graph.targets,
        encode=encode,
        classes=classes(encode, outputs),
        index_classes={name: each.classes for name, each in declared.items() if each.classes is not None},
    )
