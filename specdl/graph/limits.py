"""Between what a model's outputs lie, whatever its input is."""

from __future__ import annotations

from specdl.core.advice import UNLIMITED, Limits
from specdl.graph.graph import Graph
from specdl.ops.base import Layer


def target_limits(graph: Graph) -> dict[str, Limits]:
    """For each target that is compared with an output as it is, between what that output lies.

    What has no limits is left out, and so are the scores that a loss makes into probabilities.
    """
    found: dict[str, Limits] = {}
    known = limits(graph)
    for loss in graph.losses:
        lies = known.get(loss.output, UNLIMITED)
        if lies != UNLIMITED and not loss.op.logits:
            found[loss.target] = lies
    return found


def limits(graph: Graph) -> dict[str, Limits]:
    """Between what each value lies that has limits; a node's first result is the one that is known."""
    found: dict[str, Limits] = {}
    for node in graph.nodes:
        if type(node.op).limits is Layer.limits:
            continue
        lies = node.op.limits(*(found.get(value, UNLIMITED) for value in node.inputs.values()))
        if lies != UNLIMITED:
            found[next(iter(node.outputs.values()))] = lies
    return found
