"""A model as a graph of ops over named, typed values: blocks expanded, parameters named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specdl.core.diagnostics import Path
from specdl.core.errors import CompilerFault
from specdl.core.record import record
from specdl.core.types import TensorType
from specdl.ops.base import Initializer, Layer, Loss, Op, Param


@dataclass(frozen=True)
class Parameter:
    """A trained value.

    A tied parameter appears once, under its owner's name; it starts and is frozen as its owner says.
    """

    name: str
    """`<node>.<argument>`, torch's name: `fc1.weight`."""
    type: TensorType
    param: Param
    init: Initializer
    trainable: bool
    said: Path = ()
    """Where the document says how it starts; empty where its op's default holds."""

    def __str__(self) -> str:
        frozen = "" if self.trainable else ", frozen"
        return f"{self.name}: {self.type} = {spelled(self.init)}{frozen}"


@dataclass(frozen=True)
class Node:
    """An op applied to values: every mapping goes from the kernel's argument to a value's name."""

    name: str
    op: Layer
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    saved: Mapping[str, str]
    params: Mapping[str, str]
    path: Path = ()
    trail: tuple[Path, ...] = ()
    """Where the blocks are used that the node belongs to, innermost first."""

    def __str__(self) -> str:
        reads = ", ".join((*self.inputs.values(), *self.params.values()))
        return f"{', '.join(self.outputs.values())} = {self.op.type}({reads})"


@record()
class LossNode:
    """One weighted term of what is minimised."""

    name: str
    op: Loss
    output: str
    target: str
    weight: float
    path: Path = ()

    def __str__(self) -> str:
        factor = "" if self.weight == 1 else f"{self.weight:g} * "
        return f"{self.name} = {factor}{self.op.type}({self.output}, {self.target})"


@record()
class Graph:
    """Nodes in an order in which every value is made before it is read.

    `values` types everything: inputs and targets by their names, results of nodes as
    `<node>.<argument>` (`fc1.y`). `outputs` maps the model's result names (layer names) to
    values. All types have the symbolic batch as axis 0, but for parameters.
    """

    name: str
    inputs: Mapping[str, TensorType]
    targets: Mapping[str, TensorType]
    values: Mapping[str, TensorType]
    nodes: tuple[Node, ...]
    parameters: Mapping[str, Parameter]
    losses: tuple[LossNode, ...]
    outputs: Mapping[str, str]
    left_out: tuple[Node, ...] = ()
    """Layers of the spec that no result and no loss needs, and that are no part of the model."""

    @property
    def parameter_count(self) -> int:
        """The number of elements of all parameters, frozen ones included; a shared one counts once."""
        return sum(parameter.type.numel() for parameter in self.parameters.values())

    @property
    def trainable_count(self) -> int:
        """The number of elements that training changes."""
        return sum(p.type.numel() for p in self.parameters.values() if p.trainable)

    def verify(self) -> Graph:
        """This graph, if it keeps its promises; raises `CompilerFault` else.

        Every value is made once and before it is read, and has the type that its op's signature
        gives it; every parameter is there, has its op's shape and is read; outputs and losses
        name values that are there.
        """
        known = {*self.inputs}
        seen: set[str] = set()
        for node in self.nodes:
            require(node.name not in seen, "two nodes are called `%s`", node.name)
            seen.add(node.name)
            for value in node.inputs.values():
                require(value in known, "`%s` is read before it is made: %s", value, node)
            for value in (*node.outputs.values(), *node.saved.values()):
                fresh = value not in known and value not in self.targets
                require(fresh, "`%s` is made twice: %s", value, node)
                known.add(value)
            self.verify_types(node)
        require(known | {*self.targets} == {*self.values}, "the values are not those that are made")
        read = {name for node in self.nodes for name in node.params.values()}
        for name in self.parameters:
            require(name in read, "no node reads the parameter `%s`", name)
        for name, value in self.outputs.items():
            require(value in known, "the output `%s` is `%s`, which is not made", name, value)
        for loss in self.losses:
            there = loss.output in known and loss.target in self.targets
            require(there, "a loss reads what is not there: %s", loss)
        return self

    def verify_types(self, node: Node) -> None:
        """Raise `CompilerFault` unless a node's values and parameters have the types its op gives."""
        op: Any = node.op
        signature = op.signature(*(self.values[value] for value in node.inputs.values()))
        results = {**node.outputs, **node.saved}
        made = {*signature.out, *signature.saved}
        require(results.keys() == made, "results are missing or too many: %s", node)
        for argument, type in (*signature.out.items(), *signature.saved.items()):
            right = self.values.get(results[argument]) == type
            require(right, "`%s` is no %s: %s", results[argument], type, node)
        all_there = node.params.keys() == signature.params.keys()
        require(all_there, "parameters are missing or too many: %s", node)
        for argument, name in node.params.items():
            require(name in self.parameters, "`%s` is no parameter of the graph: %s", name, node)
            shape = signature.params[argument].shape
            right = self.parameters[name].type.shape == shape
            require(right, "`%s` has not the shape %s: %s", name, shape, node)

    def __str__(self) -> str:
        given = {**self.inputs, **self.targets}
        lines = [f"graph({', '.join(f'{name}: {type}' for name, type in given.items())}):"]
        for node in self.nodes:
            made = ", ".join(f"{value}: {self.values[value]}" for value in node.outputs.values())
            reads = ", ".join((*node.inputs.values(), *node.params.values()))
            lines.append(f"  {made} = {node.op.type}({reads})")
        lines += [f"  {loss}" for loss in self.losses]
        results = (value if name == value else f"{name}={value}" for name, value in self.outputs.items())
        lines.append(f"  return {', '.join(results)}")
        lines += ["parameters:", *(f"  {parameter}" for parameter in self.parameters.values())]
        return "\n".join(lines)


def spelled(op: Op) -> str:
    """An op as its tag with the options that were given: `normal(std=0.02)`."""
    given = {name: getattr(op, name) for name in sorted(op.model_fields_set) if name != "type"}
    options = ", ".join(f"{name}={value}" for name, value in given.items())
    return f"{op.type}({options})" if options else op.type


def require(holds: bool, fault: str, *about: object) -> None:
    """Raise `CompilerFault` unless an invariant holds; what the fault is about is spelled only then."""
    if not holds:
        raise CompilerFault(fault % about)
