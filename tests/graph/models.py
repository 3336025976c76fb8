"""Specs for tests of the graph stage, short to write, and layers that are only of use there."""

from typing import Any, Literal

from specdl.core.diagnostics import Finding, Note
from specdl.core.errors import ShapeError
from specdl.core.types import TensorType
from specdl.data.base import DataSpec
from specdl.graph.build import build
from specdl.graph.graph import Graph
from specdl.ops.activations.tanh import Tanh
from specdl.ops.base import Composite, Formula, Initializer, Layer, LayerEntry, Metric, Param, Signature
from specdl.ops.layers.add import Add
from specdl.ops.layers.linear import Linear
from specdl.ops.losses.mse import MSE
from specdl.ops.optimizers.sgd import SGD
from specdl.spec.model import InputSpec, ModelSection, ModelSpec, TrainSpec

ROWS = 128


class Pair(Formula):
    """Two results, as an lstm has; the second is half as wide."""

    type: Literal["pair"] = "pair"

    def signature(self, x: TensorType) -> Signature:
        (features,) = (dim for dim in x.shape[1:] if isinstance(dim, int))
        return Signature(out={"y": x, "h": x.with_shape(x.shape[0], features // 2)})


class Norm(Formula):
    """A scale that starts at one, and a value kept for backward."""

    type: Literal["norm"] = "norm"

    def signature(self, x: TensorType) -> Signature:
        return Signature(
            out={"y": x},
            params={"weight": Param((1,), 1, 1, init="ones")},
            saved={"rstd": x.with_shape(x.shape[0], 1)},
        )


class Gate(Formula):
    """Two inputs, and a third that may be left out."""

    type: Literal["gate"] = "gate"

    def signature(self, x: TensorType, gate: TensorType, mask: TensorType | None = None) -> Signature:
        return Signature(out={"y": x})


class Slope(Formula):
    """An activation with a parameter, as prelu has."""

    type: Literal["slope"] = "slope"

    def signature(self, x: TensorType) -> Signature:
        return Signature(out={"y": x}, params={"weight": Param((1,), 1, 1)})


class Row(Composite):
    """Layers in a row that see the names around them."""

    type: Literal["row"] = "row"
    layers: tuple[LayerEntry, ...]

    def expand(self) -> tuple[LayerEntry, ...]:
        return self.layers


class Sealed(Row):
    """Layers in a row that see nothing but themselves and `input`, as a block's do."""

    type: Literal["sealed"] = "sealed"
    closed = True


class Endless(Composite):
    """What a faulty plug-in might do."""

    type: Literal["endless"] = "endless"

    def expand(self) -> tuple[LayerEntry, ...]:
        return (LayerEntry(op=self),)


class Start(Initializer):
    """An initialiser that is told from others by its number."""

    type: Literal["start"] = "start"
    at: int = 0


class Classes(Metric):
    """A metric that applies to class numbers only."""

    type: Literal["classes"] = "classes"

    def signature(self, output: TensorType, target: TensorType) -> None:
        if target.dtype != "int64":
            raise ShapeError("`classes` needs class numbers", got=target)


def layer(op: Layer, name: str | None = None, *inputs: str, **wiring: Any) -> LayerEntry:
    return LayerEntry(op=op, name=name, inputs=inputs or None, **wiring)


def linear(size: int, name: str | None = None, *inputs: str, **wiring: Any) -> LayerEntry:
    return layer(Linear(out_features=size), name, *inputs, **wiring)


def tanh(name: str | None = None, *inputs: str, **wiring: Any) -> LayerEntry:
    return layer(Tanh(), name, *inputs, **wiring)


def add(*inputs: str, name: str | None = None) -> LayerEntry:
    return layer(Add(), name, *inputs)


def at(entry: LayerEntry, *path: str | int, trail: tuple[tuple[str | int, ...], ...] = ()) -> LayerEntry:
    """The entry as if it stood at `path` of a document."""
    entry._path, entry._trail = path, trail
    return entry


def spec(*layers: LayerEntry, **sections: Any) -> ModelSpec:
    """A spec of these layers on two features, with mse; `model` and `data` add to their sections."""
    model = {"input": InputSpec(shape=(2,))} | sections.pop("model", {})
    data = {"batch_size": ROWS} | sections.pop("data", {})
    loss = {} if "losses" in sections else {"loss": MSE()}
    return ModelSpec(
        specdl=1,
        name="test",
        data=DataSpec(**data),
        model=ModelSection(layers=layers, **model),
        optimizer=SGD(lr=0.1),
        train=TrainSpec(epochs=1),
        **{**loss, **sections},
    )


def graph(*layers: LayerEntry, **sections: Any) -> Graph:
    """The graph of a spec that has no finding."""
    built, findings = build(spec(*layers, **sections))
    assert findings == []
    assert built is not None
    return built


def findings(*layers: LayerEntry, **sections: Any) -> list[Finding]:
    """What is wrong with a spec."""
    built, found = build(spec(*layers, **sections))
    assert built is None
    assert found
    return found


def names(built: Graph) -> list[str]:
    return [node.name for node in built.nodes]


def place(i: int, *inside: str | int) -> tuple[str | int, ...]:
    """The path of layer number `i`, and of what is inside it."""
    return ("model", "layers", i, *inside)


def made(name: str, type: str, *path: str | int) -> Note:
    return Note(f"`{name}` is {type}, made", path)
