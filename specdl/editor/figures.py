"""The figures of layers in a compiled spec, by the places where they are written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from specdl.analysis import Compilation
from specdl.core.diagnostics import Path
from specdl.core.types import TensorType
from specdl.graph.graph import Node
from specdl.ops.base import Composite, LayerEntry
from specdl.ops.naming import local_names
from specdl.program.cost import cost

MODEL: Path = ("model", "layers")


@dataclass(frozen=True)
class Owned:
    """A parameter of a layer; `tied` says that another layer made it."""

    name: str
    type: TensorType
    trainable: bool
    tied: bool


@dataclass(frozen=True)
class Figures:
    """What is known of one layer, its activation and, in a composite, all layers inside it.

    `bytes` are of the parameters it made, `activations` those of what it makes and keeps for
    a batch of `rows` samples, `flops` of the forward pass for one sample.
    """

    name: str
    rows: int
    reads: tuple[TensorType, ...]
    makes: tuple[TensorType, ...]
    parameters: tuple[Owned, ...]
    elements: int
    bytes: int
    activations: int
    flops: int
    inside: tuple[str, ...] = ()
    """The nodes of a composite, in order, each with its type and result."""


@dataclass
class Numbers:
    """The layers of a compilation: names by place, and figures by name."""

    compilation: Compilation
    names: dict[Path, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, path in walk(self.compilation.spec.model.layers, "", MODEL):
            self.names.setdefault(path, []).append(name)

    @cached_property
    def nodes(self) -> Mapping[str, Node]:
        """The nodes of the graph by name."""
        return {node.name: node for node in self.compilation.graph.nodes}

    def under(self, name: str) -> list[Node]:
        """The node of a layer with that of its activation; of a composite all nodes inside it."""
        if name in self.nodes:
            own = (self.nodes.get(each) for each in (name, f"{name}.activation"))
            return [node for node in own if node]
        return [node for node in self.compilation.graph.nodes if node.name.startswith(f"{name}.")]

    def of(self, name: str) -> Figures | None:
        """The figures of a layer; None where it was left out of the graph."""
        nodes = self.under(name)
        if not nodes:
            return None
        graph, rows = self.compilation.graph, self.compilation.plan.rows
        made = {value for node in nodes for value in node.outputs.values()}
        kept = made | {value for node in nodes for value in node.saved.values()}
        reads = dict.fromkeys(value for node in nodes for value in node.inputs.values() if value not in made)
        mine = {node.name for node in nodes}
        owned = tuple(self.owned(nodes, mine))
        own = [each.type for each in owned if not each.tied]
        composite = name not in self.nodes
        return Figures(
            name=name,
            rows=rows,
            reads=tuple(graph.values[value].bind(rows) for value in reads),
            makes=tuple(graph.values[value].bind(rows) for value in nodes[-1].outputs.values()),
            parameters=owned,
            elements=sum(each.numel() for each in own),
            bytes=sum(each.nbytes() for each in own),
            activations=sum(graph.values[value].nbytes(rows) for value in kept),
            flops=self.flops(mine),
            inside=tuple(self.line(node, name) for node in nodes) if composite else (),
        )

    def line(self, node: Node, name: str) -> str:
        """A node of a composite: its name in it, its type and its result."""
        made = ", ".join(
            str(self.compilation.graph.values[value].bind(self.compilation.plan.rows))
            for value in node.outputs.values()
        )
        return f"{node.name.removeprefix(f'{name}.')}: {node.op.type} {made}"

    def owned(self, nodes: list[Node], mine: set[str]) -> Iterator[Owned]:
        """The parameters that nodes read, each once."""
        seen: set[str] = set()
        for node in nodes:
            for name in node.params.values():
                if name not in seen:
                    seen.add(name)
                    parameter = self.compilation.graph.parameters[name]
                    tied = name.rpartition(".")[0] not in mine
                    yield Owned(name, parameter.type, parameter.trainable, tied)

    def flops(self, names: set[str]) -> int:
        """The floating-point operations of the forward pass for one sample."""
        program = self.compilation.plan.schedules["infer"].program
        return sum(cost(instr, program, 1).flops for instr in program.instrs if instr.node in names)

    def shape(self, path: Path) -> str | None:
        """What the layer at a place makes, without the figures that take longer."""
        for name in self.names.get(path, ())[:1]:
            node = self.nodes.get(f"{name}.activation") or self.nodes.get(name)
            nodes = [node] if node else self.under(name)[-1:]
            for last in nodes:
                types = (self.compilation.graph.values[value] for value in last.outputs.values())
                return ", ".join(str(type.bind(self.compilation.plan.rows)) for type in types)
        return None


def walk(entries: tuple[LayerEntry, ...], prefix: str, around: Path) -> Iterator[tuple[str, Path]]:
    """Every layer by its whole name, with where it is written; what a composite makes is where it is."""
    for at, (entry, local) in enumerate(zip(entries, local_names(entries), strict=True)):
        name = prefix + local
        path = entry._path or ((*around, at) if around == MODEL else around)
        yield name, path
        if isinstance(entry.op, Composite):
            yield from walk(entry.op.expand(), f"{name}.", path)
