"""How many threads a native program is worth."""

from __future__ import annotations

import os

from specdl.program.cost import cost
from specdl.program.program import Program

WORTH = 6_000_000
"""FLOPs of a step from which on a second thread pays: about 60 microseconds of work on one, against
the few that the team takes to meet between nests."""


def suited(program: Program, rows: int) -> int:
    """The threads for steps of `rows` samples: one, or as many as this process may use."""
    flops = sum(cost(instr, program, rows).flops for instr in program.instrs)
    return usable() if flops >= WORTH else 1


def usable() -> int:
    """The processors that this process may run on, or `OMP_NUM_THREADS` where it is set lower."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(there, int(wanted)) if wanted.isdigit() and int(wanted) > 0 else there
