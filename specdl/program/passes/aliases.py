"""Find results that are another value's elements: identities, reshapes, shared gradients."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from specdl.core.expr import Expr
from specdl.program.formulas import formulas
from specdl.program.program import Program


@dataclass(frozen=True)
class Aliases:
    """Note each result whose formula is a whole value read, perhaps reshaped, as its alias.

    Flatten and reshape cost nothing, nor do the gradients of an `add`: single assignment
    makes sharing safe. A gradient of a parameter keeps its own place, among the others.

    Preserves instructions and types; only `aliases` grows.
    """

    name: ClassVar[str] = "aliases"

    def __call__(self, program: Program) -> Program:
        placed = {*program.gradients.values(), *program.carries}
        aliases = dict(program.aliases)
        for instr in program.instrs:
            wanted = instr.wanted
            for arg, formula in formulas(instr, program).items():
                value = wanted[arg]
                source = whole_value(formula)
                if source is not None and value not in placed:
                    aliases[value] = instr.reads[source]
        return replace(program, aliases=aliases)


def whole_value(formula: Expr) -> str | None:
    """The argument that a formula passes on unchanged, if that is all it does."""
    while formula.op == "reshape":
        formula = formula.args[0]
    return formula.attr if formula.op == "load" else None
