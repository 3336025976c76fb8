"""How parameters start, where it is the layers around them that make it a mistake."""

from __future__ import annotations

from collections.abc import Iterator

from specdl.core.advice import Site, number
from specdl.core.diagnostics import Finding, Note
from specdl.graph.graph import Node
from specdl.lint.subject import Subject
from specdl.ops.registry import CATALOGS

THROUGH = {*CATALOGS["activations"].index, "identity", "scale"}
"""Ops without parameters that give equal results for equal features."""


def never_differ(subject: Subject) -> Iterator[Finding]:
    """W211: units that start alike and stay alike, since what reads them starts alike too.

    The gradient of a unit's weights is its input times what comes back from the layers that read
    it. Where these have equal weights for every unit, and units start equal, they move in step for
    ever: the layer is as good as one unit wide.
    """
    for node in subject.graph.nodes:
        width = even(subject, node)
        if not width or width == 1 or not trainable(subject, node):
            continue
        readers = read_by(subject, node)
        if readers and all(even(subject, reader) for reader in readers):
            names = " and ".join(f"`{reader.name}`" for reader in readers)
            message = (
                f"the {number(width)} units of `{node.name}` never come to differ: they start with equal "
                f"weights, and so does {names}, which reads them"
            )
            notes = [Note(f"`{reader.name}` is made", reader.path, label=True) for reader in readers[:1]]
            help = '"init": {"weight": "xavier_uniform"}'
            yield Site(path=node.path, trail=node.trail).finding("W211", message, help=help, notes=notes)


def even(subject: Subject, node: Node) -> int:
    """How many units of a layer all start alike; 0 where they differ, or there are no weights."""
    width = 0
    for name in node.params.values():
        parameter = subject.graph.parameters[name]
        if parameter.init.fixed() is None:
            return 0
        if len(parameter.param.shape) > 1:
            width = parameter.param.shape[0]
    return width


def trainable(subject: Subject, node: Node) -> bool:
    """Whether a layer is trained."""
    return any(subject.graph.parameters[name].trainable for name in node.params.values())


def read_by(subject: Subject, node: Node) -> list[Node]:
    """The layers with parameters that read a layer through ops that keep units alike; none if others do."""
    found: list[Node] = []
    todo = list(node.outputs.values())
    for value in todo:
        for reader in subject.net.reading.get(value, ()):
            if reader.params:
                found.append(reader)
            elif reader.op.type in THROUGH and len(reader.inputs) == 1:
                todo += reader.outputs.values()
            else:
                return []
    return found
