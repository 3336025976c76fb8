"""How many threads a native program is worth."""

from __future__ import annotations

from specdl.plan.machine import usable
from specdl.program.cost import cost
from specdl.program.program import Program

MEETING = 90_000
"""FLOPs of an instruction, on average, from which a second thread pays: under a microsecond of work, against
half of one that the team takes to meet after it."""
MOVED, MOST_MOVED = 3.5, 4 << 20
"""FLOPs more for each byte of parameters, and the bytes from which it is no more: what one thread's cache
holds of a weight from one product, another needs in the next.

The time of a step on one thread over that on two, on two cores with 1 MiB of cache each, for three hidden
layers of one width: where it is two threads that are chosen, marked *

    width   batch   ratio       width   batch   ratio
    32      64      1.19        256     1       0.67
    32      128     1.36 *      256     4       0.91
    32      512     1.63 *      512     1       0.93
    64      8       0.84        512     2       0.97
    64      16      0.94        512     4       1.43 *
    64      32      1.22 *      512     8       1.71 *
    64      64      1.44 *      512     64      1.81 *
    128     1       0.51        1024    1       1.50 *
"""


def suited(program: Program, rows: int) -> int:
    """The threads for steps of `rows` samples: one, or as many as this process may use."""
    return usable() if pays(program, rows) else 1


def pays(program: Program, rows: int) -> bool:
    """Whether a second thread makes steps of `rows` samples shorter."""
    flops = sum(cost(instr, program, rows).flops for instr in program.instrs)
    moved = sum(program.types[name].nbytes(rows) for name in program.parameters)
    return flops >= MEETING * len(program.instrs) + MOVED * min(moved, MOST_MOVED)
