"""Half a period of a cosine."""

import math
from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

from pydantic import Field

from specdl.core.advice import Unit, likely
from specdl.core.diagnostics import Finding, Remove
from specdl.core.wording import counted, number
from specdl.ops.advice import ScheduleSite
from specdl.ops.base import Horizon, Schedule, ScheduleState
from specdl.ops.schedules._advice import SMALL, other_unit, run_ends, stays_at_zero, unit_meant


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
    unit: Annotated[Unit, Field(description="What `length` counts.", examples=["epochs"])]
    length: Annotated[
        float | None, Field(gt=0, description="Default: the rest of the run.", examples=[90])
    ] = None
    min: Annotated[float, Field(ge=0, le=1, description="Factor at the end.", examples=[0.01])] = 0.0

    def advise(self, site: ScheduleSite) -> Iterable[Finding]:
        left = site.length(self.unit)
        if left is None or self.length is None:
            return
        if self.length <= left:
            if self.min == 0:
                yield from stays_at_zero(site, self.unit, self.length, "length")
            return
        fall = (1 + math.cos(math.pi * left / self.length)) / 2
        if fall * (1 - self.min) <= SMALL:
            return
        what = f"the cosine of {counted(self.length, self.unit[:-1])} is never over"
        meant = unit_meant(site, self.unit, self.length, least=0.25 if self.min else 1 - SMALL)
        if meant is not None:
            yield other_unit(site, self.unit, meant, what, ("length",))
            return
        ends = number(self.min + (1 - self.min) * fall)
        message = f"{what}: {run_ends(site, self.unit)}, with the factor still at {ends}"
        fix = likely("take `length` away", Remove((*site.path, "length")))
        help = "leave `length` out: the cosine then ends with the run"
        yield site.finding("W322", message, "length", help=help, fix=fix)

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
