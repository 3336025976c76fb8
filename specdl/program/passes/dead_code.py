"""Drop results nobody reads, and instructions left with nothing to do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from specdl.program.program import Instr, Program


@dataclass(frozen=True)
class DeadCode:
    """Set unread writes to None; delete instructions with no wanted write.

    The usual customers are a kernel's saved statistics in inference, and branches that no
    output needs.

    Preserves every value in `program.results`, and the order of what remains.
    """

    name: ClassVar[str] = "dead-code"

    def __call__(self, program: Program) -> Program:
        live = set(program.results)
        kept: list[Instr] = []
        for instr in reversed(program.instrs):
            needed = {
                arg: value
                for arg, value in instr.wanted.items()
                if not live.isdisjoint(program.members(value))
            }
            if not needed:
                continue
            writes = {arg: needed.get(arg) for arg in instr.writes}
            for value in (*instr.reads.values(), *needed.values()):
                live.update((value, *program.members(value)))
            dropped = {arg: program.types[value] for arg, value in instr.wanted.items() if arg not in needed}
            kept.append(replace(instr, writes=writes, unwanted={**instr.unwanted, **dropped}))
        live |= {*program.inputs, *program.parameters, *program.state}
        types = {value: type for value, type in program.types.items() if value in live}
        return replace(program, instrs=tuple(reversed(kept)), types=types)
