"""What one instruction does on the torch backend: calls of torch, or a kernel's own code."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from specdl.core.types import TensorType
from specdl.ops.base import Kernel, Op
from specdl.program.calls import CallList, render
from specdl.program.formulas import ArgTypes, argument_types, trace_op
from specdl.program.program import Function, Instr, Program


def calls(instr: Instr, program: Program) -> CallList:
    """The calls of an instruction with their scratch; none for what is only an alias.

    A `Kernel` has no calls, only scratch: the backend calls its method.
    """
    reads, writes = argument_types(instr, program.types)
    if isinstance(instr.op, Kernel):
        return CallList((), instr.op.scratch(instr.function, {**dict(reads), **dict(writes)}))
    wanted = tuple(arg for arg, value in instr.wanted.items() if value not in program.aliases)
    return rendered(instr.op, instr.function, reads, writes, wanted)


@lru_cache(maxsize=65536)
def rendered(
    op: Op, function: Function, reads: ArgTypes, writes: ArgTypes, wanted: tuple[str, ...]
) -> CallList:
    """The calls for some results of a kernel on arguments of these types."""
    formulas = trace_op(op, function, reads, writes)
    return render({arg: formulas[arg] for arg in wanted}, inplace(function, dict(writes)))


def inplace(function: Function, writes: Mapping[str, TensorType]) -> dict[str, str]:
    """The results that lie where an argument lies: what an update hands on replaces what it received."""
    return {arg: arg.removeprefix("new_") for arg in writes} if function == "update" else {}
