"""One instruction of a program as something to call."""

from __future__ import annotations

from collections.abc import Callable

from specdl.program.cost import cost
from specdl.program.program import SCALARS, Instr, Program


class BoundKernel:
    """One instruction on its buffers, as `specdl.backends.base.Kernel`; calling it runs it.

    `reads` and `writes` name values, `flops` and `bytes` are for a batch of `rows`. `native` is
    False where torch runs it.
    """

    def __init__(
        self, instr: Instr, program: Program, rows: int, run: Callable[[], object], *, native: bool
    ) -> None:
        self.name, self.phase = f"{instr.node}.{instr.kernel}", instr.phase
        self.reads = tuple(value for value in instr.reads.values() if value not in SCALARS)
        self.writes = tuple(instr.wanted.values())
        self.text = str(instr)
        self.run, self.native = run, native
        counted = cost(instr, program, rows)
        self.flops, self.bytes = counted.flops, counted.bytes

    def __call__(self) -> None:
        self.run()

    def __repr__(self) -> str:
        return f"<{self.text}>"
