"""The workloads, each as the spec that ships and as what a torch user would write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MODELS = Path(__file__).parents[2] / "models" / "bench"


@dataclass(frozen=True)
class Workload:
    """A spec, and its peer's net, loss and optimiser."""

    spec: Path
    net: Callable[[], nn.Module]
    loss: Callable[[Tensor, Tensor], Tensor]
    optimizer: Callable[[nn.Module], torch.optim.Optimizer]


def disc_net() -> nn.Module:
    hidden = [layer for width in (2, 25, 25) for layer in (nn.Linear(width, 25), nn.Tanh())]
    return nn.Sequential(*hidden, nn.Linear(25, 2))


def mnist_net() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 512), nn.ReLU(), nn.Linear(512, 256), nn.ReLU(), nn.Linear(256, 10))


WORKLOADS = {
    "disc_mlp": Workload(
        MODELS / "disc_mlp.json",
        disc_net,
        F.mse_loss,
        lambda net: torch.optim.SGD(net.parameters(), lr=0.1),
    ),
    "mnist_mlp": Workload(
        MODELS / "mnist_mlp.json",
        mnist_net,
        F.cross_entropy,
        lambda net: torch.optim.Adam(net.parameters(), lr=1e-3, fused=True),
    ),
}
