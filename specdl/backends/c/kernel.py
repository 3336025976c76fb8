"""One instruction of a native program as something to call."""

from __future__ import annotations

from specdl.backends.c.bound import Bound
from specdl.program.cost import cost
from specdl.program.program import SCALARS, Instr


class NativeKernel:
    """One instruction on its buffers; calling it runs it.

    `reads` and `writes` name values, `flops` and `bytes` are for the bound batch size. `native` is
    False where torch runs it.
    """

    def __init__(self, number: int, instr: Instr, bound: Bound, rows: int) -> None:
        self.name, self.phase = f"{instr.node}.{instr.kernel}", instr.phase
        self.reads = tuple(value for value in instr.reads.values() if value not in SCALARS)
        self.writes = tuple(instr.wanted.values())
        self.text = str(instr)
        self.number, self.bound, self.rows = number, bound, rows
        self.native = bound.is_native(number)
        counted = cost(instr, bound.schedule.program, rows)
        self.flops, self.bytes = counted.flops, counted.bytes

    def __call__(self) -> None:
        self.bound.run_instruction(self.number, self.rows)

    def __repr__(self) -> str:
        return f"<{self.text}>"
