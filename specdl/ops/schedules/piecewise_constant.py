"""Steps at given times."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from specdl.core.advice import Unit, likely
from specdl.core.diagnostics import Finding, Remove, Replace
from specdl.core.errors import OptionError
from specdl.core.wording import number
from specdl.ops.advice import ScheduleSite
from specdl.ops.base import Horizon, Schedule, ScheduleState
from specdl.ops.schedules._advice import in_unit, other_unit, run_ends, stays_at_zero, unit_meant


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
    unit: Annotated[Unit, Field(description="What boundaries count.", examples=["epochs"])]
    boundaries: Annotated[
        tuple[Annotated[float, Field(gt=0)], ...],
        Field(
            min_length=1,
            description="Times at which the factor changes, in increasing order.",
            examples=[(100, 175)],
        ),
    ]
    factors: Annotated[
        tuple[Annotated[float, Field(ge=0)], ...],
        Field(
            description="Factors before, between and after the boundaries: one more than these.",
            examples=[(1, 0.3, 0.1)],
        ),
    ]

    @model_validator(mode="after")
    def boundaries_divide_factors(self) -> Self:
        for place, (before, after) in enumerate(pairwise(self.boundaries), 1):
            if before >= after:
                message = f"`boundaries` must increase, and {after:g} comes after {before:g}"
                raise OptionError(message, "boundaries", place)
        wanted = len(self.boundaries) + 1
        if len(self.factors) != wanted:
            counts = f"{wanted} for {wanted - 1} boundaries, not {len(self.factors)}"
            raise ValueError(f"`factors` needs one more element than `boundaries`: {counts}")
        return self

    def peak(self) -> float:
        return max(self.factors)

    def advise(self, site: ScheduleSite) -> Iterable[Finding]:
        if self.factors[0] == site.lr and 0 < site.lr < 1:
            yield self.rates(site, site.lr)
        length = site.length(self.unit)
        if length is None:
            return
        beyond = [i for i, boundary in enumerate(self.boundaries) if boundary >= length]
        if beyond:
            yield self.never_reached(site, beyond)
        else:
            yield from self.over_at_once(site)
        if self.factors[-1] == 0:
            yield from stays_at_zero(site, self.unit, self.boundaries[-1], "factors", len(self.factors) - 1)

    def rates(self, site: ScheduleSite, lr: float) -> Finding:
        """Learning rates in place of factors, which they are multiplied with once more."""
        factors = [float(f"{each / lr:.9g}") for each in self.factors]
        meant = [int(each) if each.is_integer() else each for each in factors]
        message = (
            f"the factors begin with {number(lr)}, which is `lr` itself: "
            f"the learning rate is {number(lr)} times {number(lr)} then"
        )
        fix = likely("write factors of `lr`", Replace((*site.path, "factors"), meant))
        return site.finding("W325", message, "factors", help=f'"factors": {meant}', fix=fix)

    def never_reached(self, site: ScheduleSite, beyond: list[int]) -> Finding:
        """The boundaries after the end of the run."""
        first, unit = beyond[0], self.unit[:-1]
        times = [number(self.boundaries[i]) for i in beyond]
        which = f"the boundary at {unit} {times[0]} is"
        if len(times) > 1:
            which = f"the boundaries at {unit}s {', '.join(times[:-1])} and {times[-1]} are"
        meant = unit_meant(site, self.unit, self.boundaries[-1]) if not first else None
        if meant is not None:
            return other_unit(site, self.unit, meant, f"{which} never reached", ("boundaries", first))
        edits = [
            (*site.path, key, i + more) for i in beyond for key, more in (("boundaries", 0), ("factors", 1))
        ]
        fix = None
        if first:
            fix = likely("take away what is never reached", *(Remove(path) for path in edits))
        message = f"{which} never reached: {run_ends(site, self.unit)}"
        return site.finding("W320", message, "boundaries", first, fix=fix)

    def over_at_once(self, site: ScheduleSite) -> Iterable[Finding]:
        """That boundaries in steps, which fall within the first epoch, are surely meant in epochs."""
        epochs, last = site.length("epochs"), self.boundaries[-1]
        per = site.run.steps_per_epoch
        if self.unit != "steps" or epochs is None or per is None or self.factors[-1] >= self.factors[0]:
            return
        if last < min(per, epochs) and 4 * last >= epochs:
            message = (
                f"the last boundary is at step {number(last)}, in the first of {number(epochs)} epochs: "
                f"an epoch has {number(per)} steps"
            )
            fix = in_unit(site, "epochs")
            yield site.finding("W321", message, "unit", help='"unit": "epochs"', fix=fix)

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
