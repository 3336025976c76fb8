"""How long a run is, and at which steps it looks and saves."""

from __future__ import annotations

from dataclasses import dataclass

from specdl.core.errors import SpecdlError
from specdl.data.base import DataSpec
from specdl.data.order import batches
from specdl.ops.base import Horizon
from specdl.spec.model import CheckpointEvery, TrainSpec

GROUP = 0.02
"""Seconds of work between two looks at whether to stop."""


@dataclass(frozen=True)
class Pace:
    """All in steps; `evaluate_every` 0 is only at the end, `checkpoint_every` None is by the clock."""

    steps: int
    steps_per_epoch: int
    evaluate_every: int
    checkpoint_every: int | None

    @property
    def horizon(self) -> Horizon:
        """The run's length as schedules measure it."""
        return Horizon(self.steps, self.steps_per_epoch)

    def epoch(self, step: int) -> int | float:
        """The epochs done after a step: a whole number where it is one."""
        whole, rest = divmod(step, self.steps_per_epoch)
        return step / self.steps_per_epoch if rest else whole

    def evaluates(self, step: int) -> bool:
        """Whether there is an evaluation after a step."""
        return step == self.steps or (
            self.evaluate_every > 0 and step % self.evaluate_every == 0 and step > 0
        )

    def saves(self, step: int) -> bool:
        """Whether there is a checkpoint after a step, whatever the clock says."""
        every = self.checkpoint_every
        return step == self.steps or (every is not None and step % every == 0 and step > 0)

    def ahead(self, step: int) -> int:
        """How many steps can be taken in one go: to the next evaluation, checkpoint or the end."""
        marks = (self.evaluate_every, self.checkpoint_every)
        return min((self.steps - step, *(every - step % every for every in marks if every)))


def group_after(count: int, taken: float, wanted: float) -> int:
    """How many steps, or batches, take `wanted` seconds, when the last `count` took `taken`.

    At most twice as many, since the first ones of a process are slower or faster than others.
    """
    return max(1, min(2 * count, int(wanted * count / max(taken, 1e-9))))


def pace(train: TrainSpec, data: DataSpec, rows: int) -> Pace:
    """The pace of a run over so many samples.

    Raises `SpecdlError` (E313) where an epoch has no batch.
    """
    per_epoch = batches(rows, data.batch_size, data.drop_last).steps
    if not per_epoch:
        message = (
            f"`drop_last` leaves no batch: there are {rows:,} samples, and a batch is {data.batch_size:,}"
        )
        raise SpecdlError(message, code="E313", help=f'"batch_size": {rows}')
    every = train.checkpoint_every
    return Pace(
        steps=train.steps if train.steps is not None else (train.epochs or 0) * per_epoch,
        steps_per_epoch=per_epoch,
        evaluate_every=train.evaluate_every * per_epoch,
        checkpoint_every=every.steps if isinstance(every, CheckpointEvery) else every and every * per_epoch,
    )
