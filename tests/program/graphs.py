"""Small graphs for tests of programs, built by hand."""

from typing import Any

from specdl.core.types import BATCH, TensorType
from specdl.graph.graph import Graph, LossNode, Node, Parameter
from specdl.ops.base import Initializer, Layer
from specdl.ops.layers.add import Add
from specdl.ops.layers.linear import Linear
from specdl.ops.losses.mse import MSE


class Zeros(Initializer):
    type: str = "zeros"


class Drawn:
    """A graph in the making: each call adds a node and returns its result's name."""

    def __init__(self, *shape: int, **inputs: TensorType) -> None:
        self.inputs = inputs or {"x": TensorType((BATCH, *shape))}
        self.values: dict[str, TensorType] = dict(self.inputs)
        self.nodes: list[Node] = []
        self.parameters: dict[str, Parameter] = {}
        self.losses: list[LossNode] = []
        self.targets: dict[str, TensorType] = {}

    def add(
        self, name: str, op: Layer, *reads: str, trainable: bool = True, tie: dict[str, str] | None = None
    ) -> str:
        variadic = isinstance(op, Add) or op.type == "concat"
        arguments = [f"x{i}" for i in range(len(reads))] if variadic else ["x"]
        signature: Any = op.signature(*(self.values[read] for read in reads))  # type: ignore[attr-defined]
        params = {arg: (tie or {}).get(arg, f"{name}.{arg}") for arg in signature.params}
        for arg, param in signature.params.items():
            if params[arg] == f"{name}.{arg}":
                type = TensorType(param.shape)
                self.parameters[params[arg]] = Parameter(params[arg], type, param, Zeros(), trainable)
        outputs = {arg: f"{name}.{arg}" for arg in signature.out}
        saved = {arg: f"{name}.{arg}" for arg in signature.saved}
        self.values |= {outputs[arg]: type for arg, type in signature.out.items()}
        self.values |= {saved[arg]: type for arg, type in signature.saved.items()}
        self.nodes.append(Node(name, op, dict(zip(arguments, reads, strict=True)), outputs, saved, params))
        return f"{name}.y"

    def linear(self, name: str, read: str, width: int, **options: Any) -> str:
        bias = options.pop("bias", True)
        return self.add(name, Linear(out_features=width, bias=bias), read, **options)

    def loss(
        self, output: str, weight: float = 1.0, name: str = "loss", target: str = "target", op: Any = None
    ) -> None:
        self.targets[target] = self.values[output]
        self.losses.append(LossNode(name, op or MSE(), output, target, weight))

    def graph(self, **outputs: str) -> Graph:
        return Graph(
            "drawn", self.inputs, self.targets, {**self.values, **self.targets}, tuple(self.nodes),
            self.parameters, tuple(self.losses), outputs,
        ).verify()  # fmt: skip


def two_layers() -> Graph:
    """A linear layer, tanh, another linear layer, and mse."""
    from specdl.ops.activations.tanh import Tanh

    drawn = Drawn(3)
    h = drawn.add("tanh1", Tanh(), drawn.linear("fc1", "x", 4))
    y = drawn.linear("fc2", h, 2)
    drawn.loss(y)
    return drawn.graph(fc2=y)


def lines(program: Any) -> list[str]:
    """A program's instructions as text."""
    return [str(instr) for instr in program.instrs]
