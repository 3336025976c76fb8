"""What is different between two specs in meaning: layers, weights, settings, and what they cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any

from specdl.core.diagnostics import path_text
from specdl.graph.graph import Graph, Node
from specdl.graph.meaning import digest, options, settings
from specdl.plan.plan import Plan, Schedule
from specdl.program.cost import cost
from specdl.spec.model import ModelSpec

MISSING = None
"""Stands for a value that one of the two does not have: a spec that is written out has no nulls."""
LARGEST_GAP = 1_000_000
"""Layers of one times layers of the other: of more without a common name none are called renamed."""


@dataclass(frozen=True)
class Side:
    """One of the two: a spec with its graph, and its plan for torch."""

    spec: ModelSpec
    graph: Graph
    plan: Plan

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """The layers by name, in their order."""
        return {node.name: node for node in self.graph.nodes}

    @cached_property
    def settings(self) -> dict[str, Any]:
        """What the spec says beside its layers; how parameters start is told by parameter."""
        return settings(self.spec, self.graph)

    def shape(self, node: Node) -> str:
        """The type of a layer's results."""
        return ", ".join(str(self.graph.values[value]) for value in node.outputs.values())

    def figures(self) -> dict[str, int]:
        """Sizes and costs: FLOPs of the forward pass are for one sample, of a step for the batch."""
        step = self.plan.schedules.get("train")
        return {
            "parameters": self.graph.parameter_count,
            "trainable_parameters": self.graph.trainable_count,
            "flops": flops(self.plan.schedules["infer"], 1),
            "flops_step": flops(step, self.plan.rows) if step else 0,
            **{f"bytes_{name}": nbytes for name, nbytes in asdict(self.plan.bytes).items()},
        }


def flops(schedule: Schedule, rows: int) -> int:
    """The floating-point operations of a program at a batch size."""
    return sum(cost(instr, schedule.program, rows).flops for instr in schedule.program.instrs)


@dataclass(frozen=True)
class Change:
    """One thing that differs: a path or an option, and its values; None where there is none."""

    what: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Layer:
    """A layer that only one of the two has."""

    name: str
    type: str
    shape: str


@dataclass(frozen=True)
class LayerChange:
    """A layer that both have, and how it differs; `was` is its name in the first."""

    name: str
    was: str
    changes: tuple[Change, ...]


@dataclass(frozen=True)
class Weights:
    """Which parameters of the first can be loaded into the second, by name and shape."""

    load: tuple[str, ...]
    new: tuple[str, ...]
    lost: tuple[str, ...]
    reshaped: tuple[Change, ...]


@dataclass(frozen=True)
class Comparison:
    """How a second spec differs from a first; `figures` has both values of each."""

    hashes: tuple[str, str]
    added: tuple[Layer, ...]
    removed: tuple[Layer, ...]
    changed: tuple[LayerChange, ...]
    settings: tuple[Change, ...]
    parameters: tuple[Change, ...]
    """How parameters that both have start, and whether they are trained; `what` is the parameter."""
    weights: Weights
    figures: Mapping[str, tuple[int, int]]

    @property
    def same(self) -> bool:
        """Whether the two mean the same: what they compute is the same, number by number."""
        return self.hashes[0] == self.hashes[1]


def compare(a: Side, b: Side) -> Comparison:
    """How `b` differs from `a`."""
    pairs = aligned(a, b)
    names = {old: new for new, old in pairs.items()}
    changed = [LayerChange(new, old, tuple(changes(a, old, b, new, names))) for new, old in pairs.items()]
    before, after = a.figures(), b.figures()
    kept = [pairs[name] for name in b.nodes if name in pairs]
    order = [name for name in a.nodes if name in names]
    moved = [] if kept == order else [Change("model.layers: their order", order, kept)]
    return Comparison(
        hashes=(digest(a.spec, a.graph), digest(b.spec, b.graph)),
        added=tuple(Layer(n, node.op.type, b.shape(node)) for n, node in b.nodes.items() if n not in pairs),
        removed=tuple(Layer(n, node.op.type, a.shape(node)) for n, node in a.nodes.items() if n not in names),
        changed=tuple(each for each in changed if each.changes or each.name != each.was),
        settings=(*differences(a.settings, b.settings, ()), *moved),
        parameters=tuple(starts(a.graph, b.graph)),
        weights=weights(a.graph, b.graph),
        figures={name: (before[name], after[name]) for name in before},
    )


def aligned(a: Side, b: Side) -> dict[str, str]:
    """Layers of `b` with the layers of `a` that they were: by name, else by place and type."""
    pairs = {name: name for name in b.nodes if name in a.nodes}
    before, after = gaps(a, pairs), gaps(b, pairs)
    for place, new in after.items():
        old = before.get(place, [])
        if len(new) * len(old) <= LARGEST_GAP:
            types = [a.nodes[name].op.type for name in old], [b.nodes[name].op.type for name in new]
            for block in SequenceMatcher(None, *types, autojunk=False).get_matching_blocks():
                both = zip(old[block.a :][: block.size], new[block.b :][: block.size], strict=True)
                pairs |= {after_name: before_name for before_name, after_name in both}
    return {name: pairs[name] for name in b.nodes if name in pairs}


def gaps(side: Side, pairs: Mapping[str, str]) -> Mapping[str, list[str]]:
    """The layers that the other does not have by name, by the last one before them that it has."""
    found, last = defaultdict[str, list[str]](list), ""
    for name in side.nodes:
        if name in pairs:
            last = name
        else:
            found[last].append(name)
    return found


def changes(a: Side, old: str, b: Side, new: str, names: Mapping[str, str]) -> Iterator[Change]:
    """How a layer differs from what it was: options, what it reads, and the type of its result."""
    before, after = a.nodes[old], b.nodes[new]
    if before.op.type == after.op.type:
        yield from differences(options(before.op), options(after.op), ())
    else:
        yield Change("type", before.op.type, after.op.type)
    reads = [renamed(value, names) for value in before.inputs.values()]
    now = list(after.inputs.values())
    if reads != now:
        yield Change("reads", ", ".join(before.inputs.values()), ", ".join(now))
    if a.shape(before) != b.shape(after):
        yield Change("result", a.shape(before), b.shape(after))
    shared = [renamed(value, names) for value in before.params.values()], list(after.params.values())
    if before.params.keys() == after.params.keys() and shared[0] != shared[1]:
        yield Change("parameters", ", ".join(before.params.values()), ", ".join(shared[1]))


def renamed(value: str, names: Mapping[str, str]) -> str:
    """A value of the first spec as the second calls it."""
    layer, dot, argument = value.rpartition(".")
    return f"{names.get(layer, layer)}{dot}{argument}"


def starts(a: Graph, b: Graph) -> Iterator[Change]:
    """How parameters of one name differ in their start and in whether they are trained."""
    for name, after in b.parameters.items():
        before = a.parameters.get(name)
        if before is not None:
            start = options(before.init), options(after.init)
            if start[0] != start[1]:
                yield Change(f"{name}: init", *start)
            if before.trainable != after.trainable:
                yield Change(f"{name}: trainable", before.trainable, after.trainable)


def weights(a: Graph, b: Graph) -> Weights:
    """What becomes of the weights of `a` in `b`."""
    types = {
        name: (str(a.parameters[name].type), str(each.type))
        for name, each in b.parameters.items()
        if name in a.parameters
    }
    return Weights(
        load=tuple(name for name, (before, after) in types.items() if before == after),
        new=tuple(name for name in b.parameters if name not in types),
        lost=tuple(name for name in a.parameters if name not in types),
        reshaped=tuple(Change(name, *both) for name, both in types.items() if both[0] != both[1]),
    )


def differences(before: Any, after: Any, path: tuple[str | int, ...]) -> Iterator[Change]:
    """What differs between two plain values, by path. A spec's nesting is bounded."""
    if isinstance(before, dict) and isinstance(after, dict) and before.get("type") == after.get("type"):
        for key in {**before, **after}:
            yield from differences(before.get(key, MISSING), after.get(key, MISSING), (*path, key))
    elif (
        isinstance(before, list)
        and isinstance(after, list)
        and len(before) == len(after)
        and any(isinstance(each, (dict, list)) for each in before)
    ):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from differences(old, new, (*path, number))
    elif type(before) is not type(after) or before != after:
        yield Change(path_text(path).removeprefix("$."), before, after)
