"""What a backend gives to the runner: kernels, and a program that can be run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from specdl.data.deal import Deal
from specdl.plan.plan import AnyPlan

Phase = Literal["forward", "backward", "update"]
Tensor = Any
"""A torch tensor; torch itself is imported by backends only."""
Reals = Sequence[float] | np.ndarray[Any, np.dtype[np.float64]]
"""One number for each of some steps."""
Reason = Literal["done", "late", "not finite"]
"""Why steps ended: all are taken, time is up, or one made what is infinite or NaN."""


@dataclass(frozen=True)
class StepScalars:
    """What changes from step to step: the learning rate, and the step's number from 1."""

    lr: float
    t: int


class Kernel(Protocol):
    """One instruction, bound to its buffers: calling it runs it."""

    name: str
    phase: Phase
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    flops: int
    bytes: int
    native: bool

    def __call__(self) -> None: ...


class Executable(Protocol):
    """A program over buffers that were allocated once.

    `parameters`, `gradients` and `optimizer_state` are views by name; writing into them is
    how weights are loaded. A batch of any number of rows up to the plan's is set by `gather`
    or `put`, and stays until the next.
    """

    name: str
    """`torch` or `c`."""
    native_instructions: int
    """How many instructions of a training step, of those that `kernels` lists, run as native code."""

    @property
    def plan(self) -> AnyPlan: ...

    parameters: Mapping[str, Tensor]
    gradients: Mapping[str, Tensor]
    optimizer_state: Mapping[str, Tensor]
    """`<parameter>.<state>`: `fc1.weight.m`."""

    def prepare(self, rows: Sequence[int]) -> None:
        """Bind the kernels for these batch sizes, so that no step has to."""

    def gather(self, data: Mapping[str, Tensor], index: Tensor) -> None:
        """Make rows `index` (int64) of resident arrays, by input and target name, the batch."""

    def put(self, arrays: Mapping[str, Tensor]) -> None:
        """Copy arrays, by input and target name, in as the batch."""

    def infer(self) -> Mapping[str, Tensor]:
        """Run the inference program; views of the model's results, valid until the next call."""

    def evaluate(self) -> tuple[Mapping[str, Tensor], float]:
        """Run the inference program with the loss: results as of `infer`, and the loss."""

    def evaluate_rows(
        self, data: Mapping[str, Tensor], rows: range, size: int, outputs: Mapping[str, Tensor]
    ) -> Reals:
        """`evaluate` on rows of resident data, in batches of `size` of which the last may be smaller.

        Results are copied into `outputs`, by name: buffers (len(rows), ...) of the results'
        dtype; those that it does not name are not wanted. The loss of each batch.
        """

    def batch(self) -> Mapping[str, Tensor]:
        """The batch that is in, inputs and targets by name: views of the buffers."""

    def loss(self) -> float:
        """Run the training program's forward; the loss."""

    def backward(self) -> None:
        """Run the training program's backward after `loss`; fills `gradients`."""

    def step(self, scalars: StepScalars) -> float:
        """Forward, backward, the finite guard, update; the loss.

        Raises `DivergedError`, with nothing committed, naming the first kernel whose result
        is not finite.
        """

    def train(
        self,
        data: Mapping[str, Tensor],
        deal: Deal,
        first: int,
        rates: Reals,
        seconds: float | None = None,
    ) -> Reals:
        """A run of steps on resident data: `gather` and `step` for each batch of the deal.

        `first` is the number of the first step, from 0, as the deal counts (`t` is one more);
        `rates` are the learning rates, one for each step. Takes all of these steps, or fewer,
        but at least one, where more than `seconds` have passed. The losses of those it took;
        raises as `step` does, with the steps before committed.
        """

    @property
    def threads(self) -> int:
        """How many threads the next call uses."""

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """One for each instruction of the program before updates are joined."""

    def allocated(self) -> Mapping[str, int]:
        """Bytes held, by the plan's sections."""


def batch_by_batch(
    executable: Executable, data: Mapping[str, Tensor], rows: range, size: int, outputs: Mapping[str, Tensor]
) -> list[float]:
    """`Executable.evaluate_rows` by `put` and `evaluate`, for those that have nothing faster."""
    losses: list[float] = []
    for done in range(0, len(rows), size):
        batch = slice(rows.start + done, min(rows.start + done + size, rows.stop))
        executable.put({name: array[batch] for name, array in data.items()})
        results, loss = executable.evaluate()
        for name, buffer in outputs.items():
            buffer[done : done + size].copy_(results[name])
        losses.append(loss)
    return losses
