"""A linear rise before another schedule."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from specdl.core.advice import Run, Unit
from specdl.core.diagnostics import Finding
from specdl.core.entry import Slot
from specdl.core.wording import counted
from specdl.ops.advice import ScheduleSite
from specdl.ops.base import Horizon, Schedule, ScheduleState
from specdl.ops.schedules._advice import other_unit, run_ends, unit_meant
from specdl.ops.schedules.constant import Constant

MANY = 3
"""Runs that a rise would have to last before it is surely counted in the wrong unit."""


def after(run: Run, time: float, unit: Unit) -> Run:
    """What is left of a run after a time."""
    per = run.per(unit)
    steps = time * per if per else None
    epochs = steps / run.steps_per_epoch if steps is not None and run.steps_per_epoch else None
    if unit == "epochs":
        epochs = time
    return replace(
        run,
        steps=run.steps - math.ceil(steps) if run.steps is not None and steps is not None else None,
        epochs=run.epochs - epochs if run.epochs is not None and epochs is not None else None,
    )


class Warmup(Schedule):
    """A linear rise to the first factor of another schedule, which then begins.

    At time t of a length T, with f the factor of `then` at its own time 0::

        factor = f * (start + (1 - start) * t / T)        for t < T

    With the first step at or after T, `then` begins, and measures its time from there. A
    length left out is the rest of the run. Where `start` is 0, the first step moves nothing.
    Source: Goyal et al., "Accurate, large minibatch SGD: training ImageNet in 1 hour", 2017;
    torch.optim.lr_scheduler.LinearLR and SequentialLR.
    """

    type: Literal["warmup"] = "warmup"
    unit: Annotated[Unit, Field(description="What `length` counts.", examples=["epochs"])]
    length: Annotated[
        float | None, Field(gt=0, description="Default: the rest of the run.", examples=[5])
    ] = None
    start: Annotated[float, Field(ge=0, le=1, description="Factor at the first step.", examples=[0.1])] = 0.0
    then: Annotated[
        Schedule,
        Slot("schedules"),
        Field(
            description="What begins at the end; default `constant`.",
            examples=[{"type": "cosine", "unit": "epochs"}],
        ),
    ] = Constant()

    def initial_state(self) -> ScheduleState:
        return self.then.initial_state()

    def peak(self) -> float:
        return self.then.peak()

    def advise(self, site: ScheduleSite) -> Iterable[Finding]:
        left = site.length(self.unit)
        if self.length is None or left is None:
            return
        if 2 * self.length > left:
            yield self.too_long(site, self.length, left)
        if self.length < left and "then" in self.model_fields_set:
            later = replace(site, path=(*site.path, "then"), run=after(site.run, self.length, self.unit))
            yield from self.then.advise(later)

    def too_long(self, site: ScheduleSite, length: float, left: float) -> Finding:
        """That the rise takes all of the run, or most of it."""
        rise = f"the warmup of {counted(length, self.unit[:-1])}"
        if length < left:
            message = f"{rise} is most of the run: {run_ends(site, self.unit)}"
            return site.finding("W324", message, "length")
        meant = unit_meant(site, self.unit, 2 * length, least=0.01) if length > MANY * left else None
        if meant is not None:
            return other_unit(site, self.unit, meant, f"{rise} never ends", ("length",))
        message = f"{rise} never ends: {run_ends(site, self.unit)}"
        if "then" in self.model_fields_set:
            message += f", and `{self.then.type}` never begins"
        return site.finding("W324", message, "length")

    def factor(self, step: int, horizon: Horizon, state: ScheduleState) -> tuple[float, ScheduleState]:
        length = horizon.length(self.unit) if self.length is None else self.length
        first = horizon.first(length, self.unit)
        rest = horizon.after(first)
        if step >= first:
            return self.then.factor(step - first, rest, state)
        target, _ = self.then.factor(0, rest, state)
        return target * (self.start + (1 - self.start) * horizon.at(step, self.unit) / length), state

    def each(
        self, steps: range, horizon: Horizon, state: ScheduleState
    ) -> tuple[Sequence[float], ScheduleState]:
        length = horizon.length(self.unit) if self.length is None else self.length
        first = horizon.first(length, self.unit)
        if steps.start < first:
            return super().each(steps, horizon, state)
        return self.then.each(range(steps.start - first, steps.stop - first), horizon.after(first), state)
