"""The formulas of an instruction, over the arguments it reads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from specdl.core.access import access, trace
from specdl.core.expr import Expr, load, scalar
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Loss, Op, Optimizer
from specdl.program.program import SCALARS, Function, Instr, Program

ArgTypes = tuple[tuple[str, TensorType], ...]


def formulas(instr: Instr, program: Program) -> Mapping[str, Expr]:
    """What each wanted result is, in terms of `load(argument)`; none for a `Kernel`."""
    if not isinstance(instr.op, Formula | Loss | Optimizer):
        return {}
    reads, writes = argument_types(instr, program.types)
    traced = trace_op(instr.op, instr.function, reads, writes)
    return {arg: traced[arg] for arg in instr.wanted}


def argument_types(instr: Instr, types: Mapping[str, TensorType]) -> tuple[ArgTypes, ArgTypes]:
    """The types of what an instruction reads and of what it can write, by argument."""
    reads = {arg: types[value] for arg, value in instr.reads.items() if value not in SCALARS}
    writes = {
        arg: instr.unwanted[arg] if value is None else types[value] for arg, value in instr.writes.items()
    }
    return tuple(reads.items()), tuple(writes.items())


@lru_cache(maxsize=65536)
def trace_op(op: Op, function: Function, reads: ArgTypes, writes: ArgTypes) -> Mapping[str, Expr]:
    """The formulas of a kernel for arguments of these types.

    Equal subexpressions of a loss and its gradient are one node where `both` are traced.
    """
    if function == "both":
        own = access(type(op).forward).writes  # type: ignore[attr-defined]
        first = tuple(each for each in writes if each[0] in own)
        rest = tuple(each for each in writes if each[0] not in own)
        return {**trace_op(op, "forward", reads, first), **trace_op(op, "backward", reads, rest)}
    given = {arg: load(arg, type) for arg, type in reads}
    if function == "update":
        given |= {name: scalar(name) for name in SCALARS}
    return trace(getattr(op, function), family(op), given, dict(writes))


def family(op: Op) -> str | None:
    """The name of an op's variadic input, if it has one."""
    forward = getattr(type(op), "forward", None)
    return access(forward).variadic if forward is not None else None
