"""Graph to program: forward, then backward derived op by op, then updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from specdl.core.access import access, members, numbered
from specdl.core.types import TensorType
from specdl.graph.graph import Graph, LossNode, Node
from specdl.ops.base import Op, Optimizer
from specdl.ops.layers.add import Add
from specdl.ops.layers.scale import Scale
from specdl.program.program import SCALARS, Instr, Phase, Program

Mode = Literal["train", "evaluate", "infer"]


def lower(graph: Graph, optimizer: Optimizer | None, mode: Mode) -> Program:
    """The program of one step.

    `train` computes the loss, the gradients of what is trained, and the updates; without an
    optimiser it ends with the gradients. `infer` computes the model's outputs, `evaluate` the
    loss too.
    """
    builder = Builder(graph)
    if mode != "train":
        builder.forward(graph.nodes)
        outputs = tuple(graph.outputs.values())
        if mode == "infer":
            return builder.finish(outputs, None)
        loss = builder.losses()
        return builder.finish((*outputs, loss), loss)
    live = reaching_loss(graph)
    builder.forward(live)
    loss = builder.losses()
    builder.backward(live)
    gradients = {p: builder.gradient(p) for p in builder.trained if builder.gradient(p) in builder.types}
    carries = builder.update(optimizer, gradients) if optimizer else {}
    return builder.finish((loss, *gradients.values(), *carries), loss, gradients, carries)


def reaching_loss(graph: Graph) -> tuple[Node, ...]:
    """The nodes whose results the losses depend on, in order."""
    wanted = {loss.output for loss in graph.losses}
    live: list[Node] = []
    for node in reversed(graph.nodes):
        if not wanted.isdisjoint(node.outputs.values()):
            live.append(node)
            wanted.update(node.inputs.values())
    return tuple(reversed(live))


def arguments(op: Op, phase: Phase, env: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Which values of `env` a kernel reads, by argument, and which arguments it can write."""
    shape = access(getattr(type(op), phase))
    family = access(type(op).forward).variadic if phase != "update" else None  # type: ignore[attr-defined]
    reads = {
        each: env[each] for name in shape.reads for each in spread(name, shape.variadic, env) if each in env
    }
    sizes = {f"d{name}" for name in env} | set(env)
    writes: list[str] = []
    for name in shape.writes:
        group = members(name, family, dict.fromkeys(sizes)) if name not in sizes else None
        writes.extend(group if group is not None else [name])
    return reads, writes


def spread(name: str, variadic: str | None, env: Mapping[str, str]) -> list[str]:
    """The members of a variadic argument, or the argument itself."""
    return numbered(name, env) if name == variadic else [name]


class Builder:
    """The instructions so far, the types of their values, and the gradients yet to be joined."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.types: dict[str, TensorType] = {**graph.inputs, **graph.values}
        self.types |= graph.targets
        self.types |= {name: p.type for name, p in graph.parameters.items()}
        self.given = frozenset(self.types)
        self.trained = tuple(name for name, p in graph.parameters.items() if p.trainable)
        self.instrs: list[Instr] = []
        self.partials: dict[str, int] = {}
        """How many readers of a value still owe their part of its gradient."""
        self.sums: dict[str, str] = {}
        """The sum of the parts that a value's gradient has so far."""
        self.state: list[str] = []

    def emit(
        self,
        phase: Phase,
        node: str,
        op: Op,
        reads: dict[str, str],
        writes: Mapping[str, str | None],
        unwanted: Mapping[str, TensorType] | None = None,
        runs: Phase | None = None,
    ) -> None:
        self.instrs.append(Instr(phase, node, op, reads, writes, unwanted or {}, runs))

    def forward(self, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            env = {**node.inputs, **node.params, **node.outputs, **node.saved}
            reads, writes = arguments(node.op, "forward", env)
            self.emit("forward", node.name, node.op, reads, {arg: env[arg] for arg in writes if arg in env})

    def losses(self) -> str:
        """The losses, each weighted, and their sum; the name of what is minimised."""
        terms: list[str] = []
        for loss in self.graph.losses:
            raw = loss.name if loss.weight == 1 else f"{loss.name}.raw"
            self.types[raw] = loss.op.signature(self.types[loss.output], self.types[loss.target]).out["loss"]
            self.emit("forward", loss.name, loss.op, {"x": loss.output, "target": loss.target}, {"loss": raw})
            if loss.weight != 1:
                self.types[loss.name] = self.types[raw]
                self.emit("forward", loss.name, Scale(factor=loss.weight), {"x": raw}, {"y": loss.name})
            terms.append(loss.name)
        if len(terms) == 1:
            return terms[0]
        self.types["loss"] = self.types[terms[0]]
        self.emit("forward", "loss", Add(), {f"x{i}": term for i, term in enumerate(terms)}, {"y": "loss"})
        return "loss"

    def backward(self, nodes: tuple[Node, ...]) -> None:
        """Backward instructions in reverse, for the nodes that something trained depends on."""
        needs = set(self.trained)
        active: list[Node] = []
        for node in nodes:
            if not needs.isdisjoint((*node.inputs.values(), *node.params.values())):
                needs.update(node.outputs.values())
                active.append(node)
        self.count(active, needs)
        for loss in self.graph.losses:
            if loss.output in needs:
                self.loss_backward(loss)
        for node in reversed(active):
            self.node_backward(node, needs)

    def count(self, nodes: list[Node], needs: set[str]) -> None:
        """Find how many parts each gradient will have."""
        reads = [loss.output for loss in self.graph.losses]
        reads += [value for node in nodes for value in (*node.inputs.values(), *node.params.values())]
        for value in reads:
            if value in needs:
                self.partials[value] = self.partials.get(value, 0) + 1

    def loss_backward(self, loss: LossNode) -> None:
        part = self.part(loss.output, f"{loss.name}.x")
        raw = part if loss.weight == 1 else f"{part}.raw"
        self.types[part] = self.types[raw] = self.types[loss.output]
        self.emit("backward", loss.name, loss.op, {"x": loss.output, "target": loss.target}, {"dx": raw})
        if loss.weight != 1:
            self.emit(
                "backward", loss.name, Scale(factor=loss.weight), {"x": raw}, {"y": part}, runs="forward"
            )
        self.join(loss.output, part)

    def node_backward(self, node: Node, needs: set[str]) -> None:
        given = {**node.inputs, **node.params}
        env = {**given, **node.outputs, **node.saved}
        env |= {f"d{arg}": self.gradient(value) for arg, value in node.outputs.items()}
        reads, written = arguments(node.op, "backward", env)
        writes: dict[str, str | None] = {}
        unwanted: dict[str, TensorType] = {}
        for arg in written:
            name = arg.removeprefix("d")
            if name not in given:
                continue
            if given[name] in needs:
                part = writes[arg] = self.part(given[name], f"{node.name}.{name}")
                self.types[part] = self.types[given[name]]
            else:
                writes[arg], unwanted[arg] = None, self.types[given[name]]
        self.emit("backward", node.name, node.op, reads, writes, unwanted)
        for arg, each in writes.items():
            if each is not None:
                self.join(given[arg.removeprefix("d")], each)

    def gradient(self, value: str) -> str:
        """The name of a value's gradient: `dfc1.y`, unless a layer called `dfc1` has that name."""
        return f"d:{value}" if f"d{value}" in self.given else f"d{value}"

    def part(self, value: str, reader: str) -> str:
        """The name of one reader's part of a gradient: the gradient itself if it is the only one."""
        alone = self.partials[value] == 1 and value not in self.sums
        return self.gradient(value) if alone else f"{self.gradient(value)}@{reader}"

    def join(self, value: str, part: str) -> None:
        """Add a part to a value's gradient.

        Kernels never accumulate, so the compiler does: one `add` for each further reader, in
        program order, which fixes the rounding and keeps runs reproducible.
        """
        self.partials[value] -= 1
        if value not in self.sums:
            self.sums[value] = part
            return
        name = self.gradient(value) if self.partials[value] == 0 else f"{part}+"
        self.types[name] = self.types[value]
        reads = {"x0": self.sums[value], "x1": part}
        self.emit("backward", self.gradient(value), Add(), reads, {"y": name}, runs="forward")
        self.sums[value] = name

    def update(self, optimizer: Optimizer, gradients: Mapping[str, str]) -> dict[str, str]:
        """One update for each trained parameter; what each hands on, to what it received."""
        carries: dict[str, str] = {}
        for state in optimizer.state():
            self.state += [f"{parameter}.{state}" for parameter in gradients]
        for parameter, gradient in gradients.items():
            kept = {"p": parameter} | {state: f"{parameter}.{state}" for state in optimizer.state()}
            handed = {f"new_{arg}": f"{value}'" for arg, value in kept.items()}
            env = kept | {"g": gradient} | {name: name for name in SCALARS}
            for arg, value in kept.items():
                self.types[value] = self.types[handed[f"new_{arg}"]] = self.types[parameter]
                carries[handed[f"new_{arg}"]] = value
            reads, _ = arguments(optimizer, "update", env)
            self.emit("update", parameter, optimizer, reads, dict(handed))
        return carries

    def finish(
        self,
        results: tuple[str, ...],
        loss: str | None,
        gradients: Mapping[str, str] | None = None,
        carries: Mapping[str, str] | None = None,
    ) -> Program:
        """The program, with the types of the values it uses."""
        used = {value for i in self.instrs for value in (*i.reads.values(), *i.wanted.values())} - set(
            SCALARS
        )
        used |= {*self.graph.inputs, *self.graph.parameters, *results, *self.state}
        if loss is not None:
            used |= set(self.graph.targets)
        targets = self.graph.targets if loss is not None else {}
        return Program(
            types={value: type for value, type in self.types.items() if value in used},
            inputs=tuple(dict.fromkeys((*self.graph.inputs, *targets))),
            parameters=tuple(self.graph.parameters),
            instrs=tuple(self.instrs),
            results=results,
            outputs=self.graph.outputs,
            state=tuple(self.state),
            gradients=gradients or {},
            carries=carries or {},
            loss=loss,
        ).verify()
