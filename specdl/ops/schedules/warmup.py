"""A linear rise before another schedule."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from specdl.core.entry import Slot
from specdl.ops.base import Horizon, Schedule, ScheduleState, Unit
from specdl.ops.schedules.constant import Constant


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
    unit: Annotated[Unit, Field(description="What `length` counts.")]
    length: Annotated[float | None, Field(gt=0, description="Default: the rest of the run.")] = None
    start: Annotated[float, Field(ge=0, le=1, description="Factor at the first step.")] = 0.0
    then: Annotated[
        Schedule, Slot("schedules"), Field(description="What begins at the end; default `constant`.")
    ] = Constant()

    def initial_state(self) -> ScheduleState:
        return self.then.initial_state()

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
