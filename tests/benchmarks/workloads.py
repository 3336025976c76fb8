"""The workloads, each as a spec and as what its peers are built from.

A workload is a chain of linear layers with activations; one layer may add an earlier layer's
result to its own. The two descriptions are written apart, so that the tests that hold them
to the same parameters and the same loss say something.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "models" / "bench"
WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
BATCHES = (1, 8, 64, 512, 4096)
DEPTHS = (1, 3, 10, 30, 100, 300, 1000)
EPOCH_S = 0.02
"""An epoch of the table is to take about this long at the rates below."""
FLOPS_PER_S, BYTES_PER_S = 1e11, 1e10
"""Of a core, roughly: they only choose how many batches an epoch has."""


@dataclass(frozen=True)
class Layer:
    """A linear layer, its activation, and the layer (counted from 0) whose result is added after it."""

    width: int
    activation: Literal["tanh", "relu", "sigmoid"] | None = None
    skip: int | None = None


@dataclass(frozen=True)
class Workload:
    """A spec, and the same net, data and optimiser as its peers build them.

    Samples are (points, inputs) and float32; targets are class numbers for `cross_entropy`, and
    (points, classes) of 0 and 1 for `mse`.
    """

    name: str
    spec: Path | dict[str, Any]
    inputs: int
    layers: tuple[Layer, ...]
    loss: Literal["mse", "cross_entropy"]
    optimizer: Literal["sgd", "adam"]
    lr: float
    batch: int
    points: int
    momentum: float = 0.0

    @property
    def steps(self) -> int:
        """Batches in an epoch, a short last one counted."""
        return -(-self.points // self.batch)

    @property
    def shapes(self) -> tuple[tuple[int, int], ...]:
        """Inputs and outputs of each layer."""
        widths = (self.inputs, *(layer.width for layer in self.layers))
        return tuple(pairwise(widths))

    @property
    def params(self) -> int:
        """Weights and biases."""
        return sum((inputs + 1) * outputs for inputs, outputs in self.shapes)

    @property
    def flops(self) -> int:
        """What the matrix products of a step take: forward, dw, and dx but for the input's."""
        products = [2 * self.batch * inputs * outputs for inputs, outputs in self.shapes]
        return 3 * sum(products) - products[0]


def document(workload: Workload) -> dict[str, Any]:
    """A workload's spec as a dict."""
    if isinstance(workload.spec, Path):
        return dict(json.loads(workload.spec.read_text(encoding="utf-8")))
    return workload.spec


SHIPPED = {
    "disc_mlp": Workload(
        "disc_mlp",
        MODELS / "disc_mlp.json",
        2,
        (Layer(25, "tanh"), Layer(25, "tanh"), Layer(25, "tanh"), Layer(2)),
        "mse",
        "sgd",
        0.1,
        batch=50,
        points=1000,
    ),
    "odd_mlp": Workload(
        "odd_mlp",
        MODELS / "odd_mlp.json",
        5,
        (Layer(33, "sigmoid"), Layer(7, "relu"), Layer(33, "tanh", skip=0), Layer(3)),
        "cross_entropy",
        "sgd",
        0.1,
        batch=37,
        points=1024,
        momentum=0.9,
    ),
    "mnist_mlp": Workload(
        "mnist_mlp",
        MODELS / "mnist_mlp.json",
        784,
        (Layer(512, "relu"), Layer(256, "relu"), Layer(10)),
        "cross_entropy",
        "adam",
        1e-3,
        batch=128,
        points=1024,
    ),
}


def named(name: str) -> Workload:
    """A workload by its name: a shipped one, `width_W_batch_B`, or `depth_D`."""
    match name.split("_"):
        case ["width", width, "batch", batch]:
            return wide(int(width), int(batch))
        case ["depth", depth]:
            return deep(int(depth))
    return SHIPPED[name]


def wide(width: int, batch: int) -> Workload:
    """As many inputs as each of the three hidden layers has units, and 10 classes."""
    layers = (*3 * [Layer(width, "tanh")], Layer(10))
    return generated(f"width_{width}_batch_{batch}", width, layers, batch)


def deep(depth: int) -> Workload:
    """So many hidden layers of 25, as in the disc net."""
    return generated(f"depth_{depth}", 2, (*depth * [Layer(25, "tanh")], Layer(2)), 50, points=1000)


def generated(
    name: str, inputs: int, layers: tuple[Layer, ...], batch: int, points: int | None = None
) -> Workload:
    """A workload of a family, with its spec."""
    bare = Workload(name, {}, inputs, layers, "cross_entropy", "sgd", 1e-3, batch, points or batch)
    points = points or batch * epoch_steps(bare)
    return Workload(
        name, chain_spec(bare, points), inputs, layers, "cross_entropy", "sgd", 1e-3, batch, points
    )


def epoch_steps(workload: Workload) -> int:
    """Batches enough that what is done once an epoch is little, and few enough that an epoch is short."""
    step = max(workload.flops / FLOPS_PER_S, 8 * workload.params / BYTES_PER_S)
    most = min(1000, max(2, (1 << 14) // workload.batch))
    return min(most, max(2, round(EPOCH_S / step)))


def chain_spec(workload: Workload, points: int) -> dict[str, Any]:
    """The spec of a chain without skips."""
    layers = [
        {"type": "linear", "out_features": layer.width}
        | ({"activation": layer.activation} if layer.activation else {})
        for layer in workload.layers
    ]
    return {
        "specdl": 1,
        "name": workload.name.replace("_", "-"),
        "seed": 0,
        "data": {"source": {"type": "random", "train": points}, "batch_size": workload.batch},
        "model": {"input": {"shape": [workload.inputs]}, "layers": layers},
        "loss": {"type": workload.loss},
        "optimizer": {"type": workload.optimizer, "lr": workload.lr},
        "train": {"steps": -(-points // workload.batch), "evaluate_every": 0},
    }
