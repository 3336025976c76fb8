"""How many threads a plan is worth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from specdl.backends.forks import allowed, calls_team
from specdl.plan.plan import AnyPlan
from specdl.program.cost import cost

WORTH = 4_000_000
"""FLOPs of one instruction from which on a second thread is worth waking: about 40 microseconds of work."""


def suited(plan: AnyPlan) -> int:
    """The threads to run a plan with: one, unless an instruction is large enough to share.

    Waking a team for each of many small products costs more than it gains, and much more on a
    machine that has other work to do.
    """
    schedule = plan.schedules.get("train") or plan.schedules["infer"]
    largest = max(cost(instr, schedule.program, plan.rows).flops for instr in schedule.program.instrs)
    return torch.get_num_threads() if largest >= WORTH else 1


@contextmanager
def threads(count: int | None) -> Iterator[None]:
    """Torch's threads set for a while; None leaves them as they are."""
    before = torch.get_num_threads()
    if count is not None:
        set_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(allowed(before))


def set_threads(count: int) -> None:
    """Set torch's threads; in a forked child that lost them there is one."""
    if count > 1:
        calls_team()
    torch.set_num_threads(allowed(count))
