"""The passes over programs: frozen values that map valid programs to valid programs."""

from specdl.program.passes.aliases import Aliases
from specdl.program.passes.dead_code import DeadCode
from specdl.program.passes.join_losses import JoinLosses
from specdl.program.passes.join_updates import JoinUpdates
from specdl.program.program import Program

PIPELINE = (DeadCode(), Aliases())
WHOLE_STEP = (JoinLosses(), JoinUpdates())
"""What only a program that always runs as a whole may have done to it."""


def optimize(program: Program) -> Program:
    """The program after every pass of `PIPELINE`, each result verified."""
    for each in PIPELINE:
        program = each(program).verify()
    return program


def whole_step(program: Program) -> Program:
    """An optimised program for steps that run as a whole: after every pass of `WHOLE_STEP`."""
    for each in WHOLE_STEP:
        program = each(program).verify()
    return program


__all__ = [
    "PIPELINE",
    "WHOLE_STEP",
    "Aliases",
    "DeadCode",
    "JoinLosses",
    "JoinUpdates",
    "optimize",
    "whole_step",
]
