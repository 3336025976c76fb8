"""A workload as a torch user writes it, eager or compiled."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from tests.benchmarks.timing import GENTLE, Work
from tests.benchmarks.workloads import Layer, Workload

MODULES: dict[str, type[nn.Module]] = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mse": F.mse_loss,
    "cross_entropy": F.cross_entropy,
}


class Skipping(nn.Module):
    """Layers of which some add an earlier layer's result to their own."""

    def __init__(self, stages: Sequence[nn.Module], skips: Sequence[int | None]) -> None:
        super().__init__()
        self.stages, self.skips = nn.ModuleList(stages), skips

    def forward(self, x: Tensor) -> Tensor:
        results: list[Tensor] = []
        for stage, skip in zip(self.stages, self.skips, strict=True):
            x = stage(x)
            results.append(x)
            if skip is not None:
                x = x + results[skip]
        return x


def net(workload: Workload) -> nn.Module:
    """The workload's net, with torch's own initialisation."""
    stages = [
        stage(inputs, layer) for (inputs, _), layer in zip(workload.shapes, workload.layers, strict=True)
    ]
    if any(layer.skip is not None for layer in workload.layers):
        return Skipping([nn.Sequential(*each) for each in stages], [layer.skip for layer in workload.layers])
    return nn.Sequential(*(module for each in stages for module in each))


def stage(inputs: int, layer: Layer) -> list[nn.Module]:
    """A linear layer, and its activation if it has one."""
    return [nn.Linear(inputs, layer.width), *([MODULES[layer.activation]()] if layer.activation else [])]


def optimizer_of(workload: Workload, model: nn.Module, fused: bool) -> torch.optim.Optimizer:
    """The optimiser; Adam in its fastest form for the CPU, if it is not to be compiled."""
    lr = workload.lr * GENTLE
    if workload.optimizer == "adam":
        return torch.optim.Adam(model.parameters(), lr=lr, fused=fused)
    return torch.optim.SGD(model.parameters(), lr=lr, momentum=workload.momentum)


def samples(workload: Workload) -> tuple[Tensor, Tensor]:
    """Random data of the workload's shapes."""
    generator = torch.Generator().manual_seed(0)
    classes = workload.layers[-1].width
    x = torch.randn(workload.points, workload.inputs, generator=generator)
    y = torch.randint(0, classes, (workload.points,), generator=generator)
    return x, F.one_hot(y, classes).float() if workload.loss == "mse" else y


def work(workload: Workload, compiled: bool = False) -> Work:
    """Epochs of the workload."""
    torch.manual_seed(0)
    x, y = samples(workload)
    model, loss_of = net(workload), LOSSES[workload.loss]
    optimizer = optimizer_of(workload, model, fused=not compiled)

    def objective(inputs: Tensor, targets: Tensor) -> Tensor:
        return loss_of(model(inputs), targets)

    update: Callable[[], object] = optimizer.step
    if compiled:
        torch._dynamo.reset()
        objective = torch.compile(objective, dynamic=False)
        update = torch.compile(optimizer.step, dynamic=False)

    def epoch() -> None:
        order = torch.randperm(workload.points)
        for start in range(0, workload.points, workload.batch):
            rows = order[start : start + workload.batch]
            optimizer.zero_grad()
            objective(x[rows], y[rows]).backward()
            update()

    return Work(epoch, workload.steps)
