"""How parameters start, where it is the layers around them that make it a mistake."""

from __future__ import annotations

from collections.abc import Iterator

from specdl.core.advice import Site
from specdl.core.diagnostics import Finding, Note
from specdl.core.wording import number
from specdl.graph.graph import Node
from specdl.lint.subject import Subject
from specdl.ops.registry import CATALOGS

THROUGH = {*CATALOGS["activations"].index, "identity", "scale"}
"""Ops of one value, without parameters, that give equal results for equal features."""
FLAT_AT_ZERO = {"relu"}
"""Activations whose slope at 0 is 0."""


def never_differ(subject: Subject) -> Iterator[Finding]:
    """W211: units that start alike and stay alike, since what reads them starts alike too.

    The gradient of a unit's weights is its input times what comes back from the layers that read
    it. Where these have equal weights for every unit, and units start equal, they move in step for
    ever: the layer is as good as one unit wide.
    """
    for node in subject.graph.nodes:
        width = even(subject, node)
        if not width or not trainable(subject, node):
            continue
        flat = flat_reader(subject, node)
        if flat is not None:
            message = (
                f"`{node.name}` can never learn: its parameters start at 0, and {flat} has no slope there"
            )
            help = '"init": {"weight": {"type": "kaiming_normal", "nonlinearity": "relu"}}'
            yield Site(path=node.path, trail=node.trail).finding("W211", message, help=help)
            continue
        readers = read_by(subject, node) if width > 1 else []
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


def flat_reader(subject: Subject, node: Node) -> str | None:
    """The type of the activation through which no gradient comes to a layer whose parameters start at 0."""
    if any(subject.graph.parameters[name].init.fixed() != 0 for name in node.params.values()):
        return None
    types = {
        reader.op.type for value in node.outputs.values() for reader in subject.net.reading.get(value, ())
    }
    return next(iter(types)) if types and types <= FLAT_AT_ZERO else None


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
            elif reader.op.type in THROUGH:
                todo += reader.outputs.values()
            else:
                return []
    return found
