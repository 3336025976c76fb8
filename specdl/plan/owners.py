"""Which layer each value of a model's programs belongs to."""

from __future__ import annotations

from collections.abc import Iterable

from specdl.graph.graph import Graph
from specdl.program.program import SCALARS, Instr, Program

BATCH = "batch"
"""Owns the inputs and targets, which are as large as `data.batch_size` says."""
SHARED = "shared"
"""Owns what belongs to no one layer."""


class Owners:
    """The owner of every value: the name of a layer or of a loss, `BATCH` or `SHARED`.

    A layer owns its results and what it saves, the parameters it made, and the gradients and
    the optimiser's state of all these; a tied parameter belongs to the layer that made it.
    """

    def __init__(self, graph: Graph, programs: Iterable[Program]) -> None:
        self.nodes = {node.name: node for node in graph.nodes}
        self.losses = {loss.name: loss for loss in graph.losses}
        self.values: dict[str, str] = dict.fromkeys((*graph.inputs, *graph.targets), BATCH)
        for node in graph.nodes:
            for value in (*node.outputs.values(), *node.saved.values()):
                self.values[value] = node.name
            for parameter in node.params.values():
                self.values.setdefault(parameter, node.name)
        for program in programs:
            for instr in program.instrs:
                self.add(instr)

    def add(self, instr: Instr) -> None:
        """Note the owners of what an instruction writes that are not known yet."""
        for arg, value in instr.wanted.items():
            self.values.setdefault(value, self.written(instr, arg))
        if instr.phase == "update" and "p" in instr.reads:
            owner = self.of(instr.reads["p"])
            for value in instr.reads.values():
                if value not in SCALARS:
                    self.values.setdefault(value, owner)

    def written(self, instr: Instr, arg: str) -> str:
        """The owner of a result: of a gradient, that of the value it is the gradient of."""
        loss, node = self.losses.get(instr.node), self.nodes.get(instr.node)
        if arg == "dx" and loss is not None:
            return self.of(loss.output)
        if node is not None and instr.phase == "backward":
            source = {**node.inputs, **node.params}.get(arg.removeprefix("d"))
            return node.name if source is None else self.of(source)
        if loss is not None and instr.phase == "forward":
            return loss.name
        # a sum or a multiple of parts belongs where the parts do
        return self.of(next(iter(instr.reads.values()), ""))

    def of(self, value: str) -> str:
        """The owner of a value."""
        return self.values.get(value, SHARED)

    def of_instr(self, instr: Instr) -> str:
        """The owner of what an instruction keeps while it runs."""
        if instr.node in self.nodes or instr.node in self.losses:
            return instr.node
        first = instr.reads.get("p") or next(iter(instr.reads.values()), "")
        return self.of(first)
