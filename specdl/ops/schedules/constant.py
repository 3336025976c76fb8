"""No change over the run."""

from collections.abc import Sequence
from typing import Literal

from specdl.ops.base import Horizon, Schedule, ScheduleState


class Constant(Schedule):
    """The factor is 1: the learning rate is the optimiser's throughout."""

    type: Literal["constant"] = "constant"

    def factor(self, step: int, horizon: Horizon, state: ScheduleState) -> tuple[float, ScheduleState]:
        return 1.0, state

    def each(
        self, steps: range, horizon: Horizon, state: ScheduleState
    ) -> tuple[Sequence[float], ScheduleState]:
        return [1.0] * len(steps), state
