"""Keeps a run from going on with what is not finite.

A fused step makes gradients and takes the update at once, so it can only look at the loss
before it commits. A copy of what steps commit is therefore kept, with a list of the steps
since: when a loss, a parameter or a moment turns out not to be finite, those steps are taken again
from the copy until the first that fails is found, which is run kernel by kernel. It is
reported as if nothing had happened after it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from specdl.backends.base import Reals
from specdl.core.errors import DivergedError
from specdl.data.deal import Deal

if TYPE_CHECKING:
    from specdl.backends.c.executable import NativeExecutable

SHARE = 100
"""A copy is made anew only if that takes less than one part in so many of the time since the last."""
STRETCHES = 100
"""More stretches than this are not remembered: there is a new copy."""
COMMITTED = ("params", "optimizer")
HELP = "lower optimizer.lr, or check the scale of the data"


@dataclass(frozen=True)
class Stretch:
    """Steps that were taken since the copy."""

    data: Mapping[str, Tensor]
    deal: Deal
    first: int
    rates: np.ndarray[Any, Any]


class Guard:
    """The copy, and the stretches of steps taken since."""

    def __init__(self, executable: NativeExecutable) -> None:
        self.executable = executable
        arenas = executable.memory.bytes
        self.pairs: list[tuple[Tensor, Tensor]] = []
        at = 0
        for name in COMMITTED if arenas["guard"].nbytes else ():
            size = arenas[name].nbytes
            self.pairs.append((arenas[name], arenas["guard"][at : at + size]))
            at += size
        dtype = next(iter(executable.parameters.values())).dtype if executable.parameters else torch.float32
        self.numbers = [arenas[name].view(dtype) for name in COMMITTED]
        self.since: list[Stretch] = []
        self.begun = self.cost = 0.0
        """When the last copy was made, and how long that took, in seconds."""
        self.version = -1
        """Of the memory when the last stretch ended: torch counts whoever writes to it since."""

    def take(self) -> None:
        """Copy what is there now."""
        begun = perf_counter()
        for source, copy in self.pairs:
            copy.copy_(source)
        self.begun = perf_counter()
        self.cost = self.begun - begun
        self.since = []

    def restore(self) -> None:
        """Put back what was there at the last copy."""
        for target, copy in self.pairs:
            target.copy_(copy)

    @property
    def holds(self) -> bool:
        """Whether the copy and the stretches since lead to what is there now, and are not too long ago."""
        untouched = self.version == self.executable.memory.block._version
        recent = perf_counter() - self.begun < SHARE * self.cost and len(self.since) < STRETCHES
        return untouched and recent

    def finite(self) -> bool:
        """Whether every parameter and all of the optimiser's state is finite."""
        for numbers in self.numbers:
            if not math.isfinite(float(numbers.sum())) and not bool(torch.isfinite(numbers).all()):
                return False
        return True

    def guarded(
        self,
        data: Mapping[str, Tensor],
        deal: Deal,
        first: int,
        rates: np.ndarray[Any, Any],
        seconds: float | None,
    ) -> Reals:
        """Take a stretch of steps natively; the losses. Raises `DivergedError`."""
        if not self.holds:
            self.take()
        losses, reason = self.executable.run_steps(data, deal, first, rates, seconds)
        if reason == "not finite" or not self.finite():
            last = len(losses) + (reason == "not finite")
            self.replay(Stretch(data, deal, first, rates[:last]))
        self.since.append(Stretch(data, deal, first, rates[: len(losses)]))
        self.version = self.executable.memory.block._version
        return losses

    def replay(self, stretch: Stretch) -> None:
        """Take all steps since the copy again, with care at the one of the last stretch that goes wrong.

        Raises `DivergedError` at that step. Losses may have been finite long after it: of a moment
        that overflowed the loss knows nothing. So it is looked for by halves.
        """
        self.restore()
        executable, data, deal = self.executable, stretch.data, stretch.deal
        for each in self.since:
            executable.run_steps(each.data, each.deal, each.first, each.rates, None)
        self.take()
        good, end = 0, len(stretch.rates)
        while end - good > 1:
            middle = (good + end) // 2
            _, reason = executable.run_steps(
                data, deal, stretch.first + good, stretch.rates[good:middle], None
            )
            if reason == "done" and self.finite():
                good = middle
                self.take()
            else:
                end = middle
                self.restore()
        step = stretch.first + good
        executable.gather(data, torch.from_numpy(deal.indices(step)))
        self.careful_step(float(stretch.rates[good]), step + 1)
        self.version = -1

    def careful_step(self, lr: float, t: int) -> float:
        """A step on the batch that is in, after `take`; the loss.

        Raises `DivergedError`, with nothing committed, if the loss, or what the update makes, is
        not finite.
        """
        loss = self.executable.take_step(lr, t)
        if math.isfinite(loss) and self.finite():
            return loss
        self.restore()
        raise DivergedError(f"step {t}: {self.first_not_finite(lr, t)}", step=t, help=HELP)

    def first_not_finite(self, lr: float, t: int) -> str:
        """What is not finite, in words: the step's kernels are run one by one until it is found."""
        executable = self.executable
        bound = executable.bound("train")
        program, schedule, memory = bound.schedule.program, bound.schedule, executable.memory
        for name in (*program.inputs, *program.parameters, *program.state):
            if not finite(memory.value(schedule, name, executable.rows)):
                return f"`{name}` holds a value that is not finite before the step begins"
        for number, instr in enumerate(program.instrs):
            bound.run_instruction(number, executable.rows, lr, t)
            for value in instr.wanted.values():
                if not finite(memory.value(schedule, value, executable.rows)):
                    self.restore()
                    return f"`{value}` is not finite: first made by {instr.kernel} of `{instr.node}`"
        self.restore()
        return "the loss, or what its update makes, is not finite"


def finite(tensor: Tensor) -> bool:
    """Whether every element is a finite number."""
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())
