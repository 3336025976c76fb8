"""The time of a training step as training runs it, and the limit that the machine sets."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import torch

from specdl.data.base import Part
from specdl.data.deal import Deal
from specdl.data.order import Order, batches
from specdl.plan.plan import Plan
from specdl.program.cost import cost
from specdl.runner.denormals import flushed
from specdl.runner.model import Model

SECONDS = 2.0
"""How long steps are measured, at the least."""
GROUP_SECONDS = 0.02
"""Steps are timed in groups of about this length, those of training: calls and clocks cost nothing."""
PROBE_SECONDS = 0.2
MATRIX, COPY_BYTES = 1024, 64 << 20
GENTLE = 1e-3
"""The learning rate is scaled by this: a step takes as long, and random data cannot make it diverge."""


@dataclass(frozen=True)
class Timing:
    """How long steps took.

    `us_per_step` is the median over groups of steps, with what shuffling and gathering take;
    `first_step_s` has what only a first step does.
    """

    us_per_step: float
    first_step_s: float
    steps: int


@dataclass(frozen=True)
class Limit:
    """What no implementation could go below on this machine, with these threads.

    `flops_per_s` is the measured rate of a large matrix product, `bytes_per_s` that of a copy, reads
    and writes counted, of as many bytes as the run takes (64 MiB at most), so that it is the rate
    of the cache that they fit in. `bytes` are those that a step has to move: the batch, and
    parameters and optimiser state read and written once.
    """

    flops: int
    bytes: int
    flops_per_s: float
    bytes_per_s: float

    @property
    def us(self) -> float:
        """The larger of the two times, in microseconds."""
        return max(self.flops / self.flops_per_s, self.bytes / self.bytes_per_s) * 1e6


def bench(model: Model, part: Part, seconds: float = SECONDS) -> Timing:
    """Train for a while on resident data, in the order of a run, and time it.

    The model's weights change. Raises `DivergedError` as training does.
    """
    data = {name: torch.from_numpy(array) for name, array in (*part.inputs.items(), *part.targets.items())}
    with flushed():
        walk = Walk(model, data, part.rows)
        first = walk.timed(1)
        length = 1
        while (took := walk.timed(length)) < GROUP_SECONDS:
            length = max(length + 1, min(4 * length, int(length * GROUP_SECONDS / took) + 1))
        per_step: list[float] = []
        start = perf_counter()
        while perf_counter() - start < seconds or len(per_step) < 5:
            per_step.append(walk.timed(length) / length)
    return Timing(statistics.median(per_step) * 1e6, first, len(per_step) * length)


class Walk:
    """The steps of a run, one after another: each epoch in its own order."""

    def __init__(self, model: Model, data: Mapping[str, torch.Tensor], rows: int) -> None:
        spec = model.spec.data
        self.model, self.data = model, data
        self.epoch_steps = batches(rows, spec.batch_size, spec.drop_last).steps
        self.deal = Deal(Order(model.spec.seed, rows, spec.shuffle), spec.batch_size, self.epoch_steps)
        self.rate = model.spec.optimizer.lr * GENTLE
        self.steps = 0

    def timed(self, count: int) -> float:
        """Take `count` steps; the seconds they took."""
        return timed(lambda: self.go(count))

    def go(self, count: int) -> None:
        """Take `count` steps."""
        self.model.executable.train(self.data, self.deal, self.steps, np.full(count, self.rate))
        self.steps += count


def timed(action: Callable[[], object]) -> float:
    """How long an action takes, in seconds."""
    start = perf_counter()
    action()
    return perf_counter() - start


def limit(plan: Plan, seconds: float = PROBE_SECONDS) -> Limit:
    """The limit for a training step of a plan, with torch's threads as they are set."""
    program = plan.schedules["train"].program
    double = any(type.dtype == "float64" for type in program.types.values())
    moved = 2 * (plan.bytes.params + plan.bytes.optimizer)
    moved += sum(program.types[name].nbytes(plan.rows) for name in program.inputs)
    return Limit(
        flops=sum(cost(instr, program, plan.rows).flops for instr in program.instrs),
        bytes=moved,
        flops_per_s=matrix_rate(torch.float64 if double else torch.float32, seconds),
        bytes_per_s=copy_rate(min(COPY_BYTES, plan.bytes.total), seconds),
    )


def matrix_rate(dtype: torch.dtype, seconds: float) -> float:
    """FLOPs per second of a large matrix product."""
    a, b = torch.full((2, MATRIX, MATRIX), 0.5, dtype=dtype)
    out = torch.empty_like(a)
    return 2 * MATRIX**3 / fastest(lambda: torch.mm(a, b, out=out), seconds)


def copy_rate(nbytes: int, seconds: float) -> float:
    """Bytes per second read and written by a copy that touches `nbytes` in all."""
    half = max(nbytes // 2, 1 << 12)
    source = torch.ones(half, dtype=torch.uint8)
    target = torch.empty_like(source)
    repeats = max(1, (1 << 20) // half)

    def copies() -> None:
        for _ in range(repeats):
            target.copy_(source)

    return 2 * half * repeats / fastest(copies, seconds)


def fastest(action: Callable[[], object], seconds: float) -> float:
    """The shortest time of an action that is repeated for a while, after one to warm up."""
    action()
    times: list[float] = []
    start = perf_counter()
    while perf_counter() - start < seconds or len(times) < 3:
        times.append(timed(action))
    return min(times)
