"""What a spec means, in the one form that all specs of its meaning have; and a hash of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from specdl.graph.graph import Graph
from specdl.graph.settled import settled
from specdl.ops.base import Op
from specdl.spec.model import ModelSpec
from specdl.spec.resolved import render, written

FREE = (
    ("$schema",),
    ("name",),
    ("description",),
    ("lint",),
    ("train", "keep"),
    ("train", "checkpoint_every"),
)
"""Values on which nothing that is computed depends."""


def digest(spec: ModelSpec, graph: Graph) -> str:
    """A hash of what a spec means: 64 hexadecimal digits, the same for specs that compute the same.

    How the spec is written does not enter: JSON or YAML, the order of keys, variables, blocks and
    defaults, a name that a layer would have anyway. Nor does what computes nothing: the names of
    the spec, its comments, how often it is saved, layers that no result needs. Two versions of specdl
    may differ in their defaults, and so in the hash.
    """
    return hashlib.sha256(
        json.dumps(meaning(spec, graph), sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def meaning(spec: ModelSpec, graph: Graph) -> dict[str, Any]:
    """Everything that is computed depends on this, and on nothing else but data and machine.

    Files are as the spec names them: `specdl.spec.rooted` makes that independent of its bases.
    """
    layers = [
        {
            "name": node.name,
            "op": options(node.op),
            "reads": dict(node.inputs),
            "parameters": dict(node.params),
        }
        for node in graph.nodes
    ]
    parameters = {
        name: {"init": options(each.init), "trainable": each.trainable}
        for name, each in graph.parameters.items()
    }
    return {"settings": settings(spec, graph), "layers": layers, "parameters": parameters}


def settings(spec: ModelSpec, graph: Graph) -> dict[str, Any]:
    """What a spec says beside its layers and how parameters start, which the graph knows better."""
    value: dict[str, Any] = numbers(render(settled(spec, graph)))
    for *around, last in FREE:
        holder = value
        for key in around:
            holder = holder[key]
        holder.pop(last, None)
    model = {key: each for key, each in value["model"].items() if key not in ("layers", "init")}
    return value | {"model": model | {"output": list(graph.outputs)}}


def options(op: Op) -> dict[str, Any]:
    """An op as plain data."""
    found: dict[str, Any] = numbers(written(op))
    return found


def numbers(value: Any) -> Any:
    """A value with whole numbers written as such: 1 and 1.0 are one number."""
    if isinstance(value, dict):
        return {key: numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
