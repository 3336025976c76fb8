"""What becomes of each instruction of a program that runs natively, in words."""

from __future__ import annotations

from collections.abc import Sequence

from specdl.loops.nests import Nest, Nests


def is_native(mark: str) -> bool:
    """Whether nothing of an instruction with this mark is left to torch: of a view nothing is to be done."""
    return mark != "torch"


def native_count(marked: Sequence[str]) -> int:
    """The instructions that are not left to torch."""
    return sum(map(is_native, marked))


def marks(nests: Nests) -> Sequence[str]:
    """`native`, `native, fused with <instruction>`, `torch`, or `a view` where nothing is to be done.

    An instruction is fused with the one that leads the first nest that its own results are made in.
    """
    found: list[str] = []
    program = nests.program
    nests_of: dict[int, list[Nest]] = {}
    for nest in nests.nests:
        for number in nest.instrs:
            nests_of.setdefault(number, []).append(nest)
    for number, instr in enumerate(program.instrs):
        mine = nests_of.get(number, [])
        leaders = dict.fromkeys(nest.instrs[0] for nest in mine if nest.instrs[0] != number)
        if any(nest.kind == "torch" for nest in mine):
            found.append("torch")
        elif not mine:
            found.append("a view" if instr.wanted else "native")
        elif leaders and all(nest.instrs[0] != number for nest in mine):
            leader = program.instrs[next(iter(leaders))]
            found.append(f"native, fused with {leader.node}.{leader.kernel}")
        else:
            found.append("native")
    return found
