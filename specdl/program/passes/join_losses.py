"""Run each loss together with its gradient."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from specdl.ops.base import Loss
from specdl.program.program import Instr, Program


@dataclass(frozen=True)
class JoinLosses:
    """Replace a loss's forward and backward by one instruction that does both.

    What they have in common (the differences, the exponentials) is then computed once: traced
    together, equal subexpressions are one. A whole step may do this; forward alone and backward
    alone may not.

    Preserves every value and the order of the rest; the gradient is made where the loss is.
    """

    name: ClassVar[str] = "join-losses"

    def __call__(self, program: Program) -> Program:
        backwards = {key(instr): instr for instr in program.instrs if is_loss(instr, "backward")}
        joined: list[Instr] = []
        for instr in program.instrs:
            if is_loss(instr, "forward") and key(instr) in backwards:
                joined.append(both(instr, backwards[key(instr)]))
            elif not (is_loss(instr, "backward") and key(instr) in {key(each) for each in joined}):
                joined.append(instr)
        return replace(program, instrs=tuple(joined))


def is_loss(instr: Instr, function: str) -> bool:
    """Whether an instruction is this kernel of a loss."""
    return isinstance(instr.op, Loss) and instr.function == function


def key(instr: Instr) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What a loss's forward and backward have in common: the node, and what they read."""
    return instr.node, tuple(sorted(instr.reads.items()))


def both(forward: Instr, backward: Instr) -> Instr:
    """One instruction for a loss and its gradient."""
    writes = {**forward.writes, **backward.writes}
    unwanted = {**forward.unwanted, **backward.unwanted}
    return replace(forward, writes=writes, unwanted=unwanted, runs="both")
