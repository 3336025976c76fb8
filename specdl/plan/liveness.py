"""From when until when each value of a program must be kept."""

from __future__ import annotations

from specdl.program.program import SCALARS, Program


def lifetimes(program: Program) -> dict[str, tuple[int, int]]:
    """The first and last instruction at which a value that has its own place is needed.

    Inputs are there before the first instruction and stay to the end, so that a step can
    be replayed; results stay to the end. An alias keeps what it is an alias of.
    """
    end = len(program.instrs)
    first: dict[str, int] = dict.fromkeys((*program.inputs, *program.parameters, *program.state), -1)
    last: dict[str, int] = dict.fromkeys(first, end)
    for index, instr in enumerate(program.instrs):
        for value in instr.wanted.values():
            for member in program.members(value):
                root = program.root(member)
                first.setdefault(root, index)
                last[root] = max(last.get(root, index), index)
        for value in instr.reads.values():
            if value in SCALARS:
                continue
            for member in program.members(value):
                root = program.root(member)
                last[root] = max(last[root], index)
    for value in program.results:
        last[program.root(value)] = end
    return {value: (first[value], last[value]) for value in first}
