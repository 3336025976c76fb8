"""Join the updates of parameters that lie side by side into one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from specdl.core.types import BYTES, TensorType, aligned
from specdl.program.program import SCALARS, Instr, Program

LARGEST = 1 << 16
"""Elements of a joined update: beyond, a call's overhead no longer shows, but a cache that overflows does."""


@dataclass(frozen=True)
class JoinUpdates:
    """Replace runs of updates by one over packs of their values.

    Updates are elementwise, and parameters, gradients and state are laid out alike, so a run of
    neighbours is one long vector; the padding between them is zero and stays so. The
    customers are small nets, whose step is mostly the overhead of calls.

    Preserves `results` and `carries`; values keep their names as members of packs.
    """

    name: ClassVar[str] = "join-updates"

    def __call__(self, program: Program) -> Program:
        kept = [instr for instr in program.instrs if instr.phase != "update"]
        packs = dict(program.packs)
        types = dict(program.types)
        for number, run in enumerate(runs(program)):
            kept.append(join(run, number, packs, types) if len(run) > 1 else run[0])
        return replace(program, instrs=tuple(kept), packs=packs, types=types)


def runs(program: Program) -> Iterator[list[Instr]]:
    """Neighbouring updates by one optimiser, each run no longer than `LARGEST` elements."""
    run: list[Instr] = []
    size = 0
    for instr in program.phase("update"):
        elements = program.types[instr.reads["p"]].numel()
        if run and (instr.op != run[0].op or size + elements > LARGEST):
            yield run
            run, size = [], 0
        run.append(instr)
        size += elements
    if run:
        yield run


def join(
    run: list[Instr], number: int, packs: dict[str, tuple[str, ...]], types: dict[str, TensorType]
) -> Instr:
    """One update over packs of what the run's updates read and write."""
    first = run[0]
    dtype = types[first.reads["p"]].dtype
    nbytes = sum(aligned(types[instr.reads["p"]].nbytes()) for instr in run)
    packed = TensorType((nbytes // BYTES[dtype],), dtype)

    def pack(arg: str, values: tuple[str, ...]) -> str:
        name = f"{arg}[{number}]"
        packs[name], types[name] = values, packed
        return name

    reads = {
        arg: value if value in SCALARS else pack(arg, tuple(i.reads[arg] for i in run))
        for arg, value in first.reads.items()
    }
    writes = {arg: pack(arg, tuple(i.wanted[arg] for i in run)) for arg in first.writes}
    return Instr("update", f"parameters[{number}]", first.op, reads, writes)
