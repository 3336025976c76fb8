"""What an instruction costs: floating-point operations, multiply-accumulates, bytes moved."""

from __future__ import annotations

from dataclasses import dataclass

from specdl.core.expr import MAPS, is_number, walk
from specdl.core.types import bind
from specdl.program.formulas import formulas
from specdl.program.program import SCALARS, Instr, Program


@dataclass(frozen=True)
class Cost:
    """Of one instruction for one batch: `flops` counts a multiply-accumulate as two."""

    flops: int
    macs: int
    bytes: int


def cost(instr: Instr, program: Program, rows: int) -> Cost:
    """The cost by the formula: every distinct subexpression once, aliases for nothing."""
    values = instr.wanted
    wanted = {arg: e for arg, e in formulas(instr, program).items() if values[arg] not in program.aliases}
    macs = others = 0
    for e in walk(wanted.values()):
        if e.op == "matmul":
            macs += e.type.numel(rows) * bind(e.args[0].shape[-1], rows)
        elif e.op in ("sum", "max"):
            others += e.args[0].type.numel(rows)
        elif e.op in MAPS and not is_number(e):
            others += e.type.numel(rows)
    moved = [
        v for v in (*instr.reads.values(), *values.values()) if v not in SCALARS and v not in program.aliases
    ]
    nbytes = sum(program.types[value].nbytes(rows) for value in moved) if wanted else 0
    return Cost(2 * macs + others, macs, nbytes)
