"""Steps at given times."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from specdl.ops.base import Horizon, Schedule, ScheduleState, Unit


class PiecewiseConstant(Schedule):
    """One factor until the first boundary, the next one from there on, and so on.

    At time t::

        factor = factors[number of boundaries <= t]

    so that a boundary of 100 epochs is in force from the first step of the 101st epoch on.
    Source: tf.keras.optimizers.schedules.PiecewiseConstantDecay (there a boundary is in force
    one step later, and values are learning rates); torch.optim.lr_scheduler.MultiStepLR has
    powers of one factor.
    """

    type: Literal["piecewise_constant"] = "piecewise_constant"
    unit: Annotated[Unit, Field(description="What boundaries count.")]
    boundaries: Annotated[
        tuple[Annotated[float, Field(gt=0)], ...],
        Field(min_length=1, description="Times at which the factor changes, in increasing order."),
    ]
    factors: Annotated[
        tuple[Annotated[float, Field(ge=0)], ...],
        Field(description="Factors before, between and after the boundaries: one more than these."),
    ]

    @model_validator(mode="after")
    def boundaries_divide_factors(self) -> Self:
        for before, after in zip(self.boundaries, self.boundaries[1:], strict=False):
            if before >= after:
                raise ValueError(f"`boundaries` must increase, and {after:g} comes after {before:g}")
        wanted = len(self.boundaries) + 1
        if len(self.factors) != wanted:
            counts = f"{wanted} for {wanted - 1} boundaries, not {len(self.factors)}"
            raise ValueError(f"`factors` needs one more element than `boundaries`: {counts}")
        return self

    def factor(self, step: int, horizon: Horizon, state: ScheduleState) -> tuple[float, ScheduleState]:
        return self.factors[bisect_right(self.boundaries, horizon.at(step, self.unit))], state

    def each(
        self, steps: range, horizon: Horizon, state: ScheduleState
    ) -> tuple[Sequence[float], ScheduleState]:
        def at(step: int) -> float:
            return horizon.at(step, self.unit)

        ends = [*(bisect_left(steps, boundary, key=at) for boundary in self.boundaries), len(steps)]
        found: list[float] = []
        for factor, end in zip(self.factors, ends, strict=True):
            found += [factor] * (end - len(found))
        return found, state
