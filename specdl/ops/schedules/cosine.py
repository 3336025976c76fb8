"""Half a period of a cosine."""

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from specdl.ops.base import Horizon, Schedule, ScheduleState, Unit


class Cosine(Schedule):
    """From 1 down to `min` along a cosine, and `min` from then on.

    At time t of a length T::

        factor = min + (1 - min) * (1 + cos(pi * t / T)) / 2

    The length counts from where the schedule begins; left out, it is the rest of the run, and
    the last step is just before its end.
    Source: Loshchilov, Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017;
    torch.optim.lr_scheduler.CosineAnnealingLR (there eta_min is a learning rate, and the rate
    rises again after T).
    """

    type: Literal["cosine"] = "cosine"
    unit: Annotated[Unit, Field(description="What `length` counts.")]
    length: Annotated[float | None, Field(gt=0, description="Default: the rest of the run.")] = None
    min: Annotated[float, Field(ge=0, le=1, description="Factor at the end.")] = 0.0

    def factor(self, step: int, horizon: Horizon, state: ScheduleState) -> tuple[float, ScheduleState]:
        (found,), state = self.each(range(step, step + 1), horizon, state)
        return found, state

    def each(
        self, steps: range, horizon: Horizon, state: ScheduleState
    ) -> tuple[Sequence[float], ScheduleState]:
        length = horizon.length(self.unit) if self.length is None else self.length
        least, rest = self.min, 1 - self.min
        done = [min(horizon.at(step, self.unit) / length, 1.0) for step in steps]
        return [least + rest * (1 + math.cos(math.pi * part)) / 2 for part in done], state
