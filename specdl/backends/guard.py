"""Keeps a run from going on with what is not finite.

Whether an update overflows is only known when it is taken, and looking at all of its results after
each step would cost as much as a small step. A copy of what steps commit is therefore kept, with a
list of the steps since: when a loss, a gradient, a parameter or a moment turns out not to be finite,
those steps are taken again from the copy until the first that fails is found, which is run kernel by
kernel. It is reported as if nothing had happened after it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from specdl.backends.base import Reals, Reason
from specdl.backends.torch.bind import DTYPES, Arenas
from specdl.backends.torch.functions import Closure, closures
from specdl.core.errors import DivergedError
from specdl.core.types import DType, TensorType
from specdl.data.deal import Deal
from specdl.plan.place import Place
from specdl.program.program import Program

SHARE = 100
"""A copy is made anew only if that takes less than one part in so many of the time since the last."""
STRETCHES = 100
"""More stretches than this are not remembered: there is a new copy."""
COMMITTED = ("params", "optimizer")
SUM = Place("scalars", 0)
"""Where every plan has room for one number of the guard's."""
HELP = "lower optimizer.lr, or check the scale of the data"
Rates = np.ndarray[Any, Any]


class Guarded(Protocol):
    """What the guard asks of an executable; `program` has one instruction for each kernel."""

    @property
    def program(self) -> Program: ...

    def gather(self, data: Mapping[str, Tensor], index: Tensor) -> None: ...

    def run_steps(
        self, data: Mapping[str, Tensor], deal: Deal, first: int, rates: Rates, seconds: float | None
    ) -> tuple[Rates, Reason]:
        """`Executable.train` without a look at what updates make; the losses, and why there are no more."""

    def take_step(self, lr: float, t: int) -> float:
        """A step on the batch that is in; the loss, or what is not finite where nothing was committed."""

    def run_instruction(self, number: int, lr: float, t: int) -> None:
        """Run one instruction of `program` on the batch that is in."""

    def value(self, name: str) -> Tensor:
        """A value of `program`, for the batch that is in."""


@dataclass(frozen=True)
class Stretch:
    """Steps that were taken since the copy."""

    data: Mapping[str, Tensor]
    deal: Deal
    first: int
    rates: Rates


class Committed:
    """The arenas that a step commits, `arenas` having room for a copy, and whether they are finite."""

    def __init__(self, arenas: Arenas, dtype: DType) -> None:
        copies = arenas.bytes["guard"]
        self.arenas = [arenas.bytes[name] for name in COMMITTED if arenas.bytes[name].nbytes]
        self.pairs: list[tuple[Tensor, Tensor]] = []
        at = 0
        for arena in self.arenas if copies.nbytes else ():
            self.pairs.append((arena, copies[at : at + arena.nbytes]))
            at += arena.nbytes
        self.sum = arenas.view(SUM, TensorType((), dtype), 1)
        self.numbers = [arena.view(DTYPES[dtype]) for arena in self.arenas]
        self.squares: list[Closure] = []
        for numbers in self.numbers:
            self.squares += closures("dot", (numbers, numbers), self.sum, {})

    @property
    def version(self) -> int:
        """Grows whenever something is written by way of torch."""
        return sum(arena._version for arena in self.arenas)

    def take(self) -> None:
        """Copy what is there now."""
        for source, copy in self.pairs:
            copy.copy_(source)

    def restore(self) -> None:
        """Put back what was there at the last copy."""
        for target, copy in self.pairs:
            target.copy_(copy)

    def finite(self) -> bool:
        """Whether every parameter and all of the optimiser's state is finite."""
        for square, numbers in zip(self.squares, self.numbers, strict=True):
            square()
            # what is finite may have squares that are not
            if not math.isfinite(self.sum.item()) and not finite(numbers):
                return False
        return True


class Guard:
    """The copy, and the stretches of steps taken since."""

    def __init__(self, executable: Guarded, arenas: Arenas, dtype: DType) -> None:
        self.executable = executable
        self.committed = Committed(arenas, dtype)
        self.since: list[Stretch] = []
        self.begun = self.cost = 0.0
        """When the last copy was made, and how long that took, in seconds."""
        self.version = -1
        """Of the memory when the last stretch ended: torch counts whoever writes to it since."""

    def take(self) -> None:
        """Copy what is there now."""
        begun = perf_counter()
        self.committed.take()
        self.begun = perf_counter()
        self.cost = self.begun - begun
        self.since = []

    @property
    def holds(self) -> bool:
        """Whether the copy and the stretches since lead to what is there now, and are not too long ago."""
        untouched = self.version == self.committed.version
        recent = perf_counter() - self.begun < SHARE * self.cost and len(self.since) < STRETCHES
        return untouched and recent

    def guarded(
        self, data: Mapping[str, Tensor], deal: Deal, first: int, rates: Rates, seconds: float | None
    ) -> Reals:
        """Take a stretch of steps; the losses. Raises `DivergedError`."""
        if not self.holds:
            self.take()
        losses, reason = self.executable.run_steps(data, deal, first, rates, seconds)
        if reason == "not finite" or not self.committed.finite():
            last = len(losses) + (reason == "not finite")
            self.replay(Stretch(data, deal, first, rates[:last]))
        self.since.append(Stretch(data, deal, first, rates[: len(losses)]))
        self.version = self.committed.version
        return losses

    def replay(self, stretch: Stretch) -> None:
        """Take all steps since the copy again, with care at the one of the last stretch that goes wrong.

        Raises `DivergedError` at that step. Losses may have been finite long after it: of a moment
        that overflowed the loss knows nothing. So it is looked for by halves.
        """
        self.committed.restore()
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
            if reason == "done" and self.committed.finite():
                good = middle
                self.take()
            else:
                end = middle
                self.committed.restore()
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
        if math.isfinite(loss) and self.committed.finite():
            return loss
        self.committed.restore()
        found = self.first_not_finite(lr, t)
        self.committed.restore()
        raise DivergedError(f"step {t}: {found}", step=t, help=HELP)

    def first_not_finite(self, lr: float, t: int) -> str:
        """What is not finite, in words: the step's kernels are run one by one until it is found."""
        executable, program = self.executable, self.executable.program
        for name in (*program.inputs, *program.parameters, *program.state):
            if not finite(executable.value(name)):
                return f"`{name}` holds a value that is not finite before the step begins"
        for number, instr in enumerate(program.instrs):
            executable.run_instruction(number, lr, t)
            for value in instr.wanted.values():
                if not finite(executable.value(value)):
                    return f"`{value}` is not finite: first made by {instr.kernel} of `{instr.node}`"
        return "the loss, or what its update makes, is not finite"


def finite(tensor: Tensor) -> bool:
    """Whether every element is a finite number."""
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())
