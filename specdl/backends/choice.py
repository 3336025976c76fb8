"""Which backend runs a plan: what is asked for, what this machine has, and what each needs to know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from specdl.backends.c.compiler import NativeError, Tell, find, silent
from specdl.core.errors import UsageError
from specdl.core.types import DType

if TYPE_CHECKING:
    from specdl.backends.base import Executable
    from specdl.plan.plan import Plan

Backend = Literal["torch", "c"]

NATIVE = False
"""The switch: whether there is a native backend, which `auto` takes where it can."""
NATIVE_DTYPES: tuple[DType, ...] = ("float32", "float64")
NO_COMPILER = "no C compiler found (set CC, install gcc or clang, or pip install 'specdl[native]')"


def choose(backend: str, dtype: DType = "float32", tell: Tell = silent) -> Backend:
    """The backend that `auto`, `torch` or `c` stands for, for programs of a dtype.

    Raises `UsageError` for another word, and for `c` where there is none; where `auto` finds no
    compiler, `tell` gets a line. Starts the compiler to see that it answers; compiles nothing.
    """
    if backend not in ("auto", "torch", "c"):
        raise UsageError(f"there is no backend `{backend}`: use auto, torch or c")
    if backend == "torch" or (backend == "auto" and not (NATIVE and dtype in NATIVE_DTYPES)):
        return "torch"
    if not NATIVE:
        raise UsageError("this version has no native backend: use auto or torch")
    if dtype not in NATIVE_DTYPES:
        raise UsageError(f"the native backend has no {dtype}: use auto or torch")
    if find(tell) is not None:
        return "c"
    if backend == "c":
        raise UsageError(NO_COMPILER, code="E530", help="--backend auto runs on torch then")
    tell(f"{NO_COMPILER}: running on torch")
    return "torch"


def lower(plan: Plan, backend: str, threads: int | None = None, tell: Tell = silent) -> Executable:
    """A plan on buffers, by the backend that `choose` finds; raises as it does.

    `threads` is what native code is made for (None: what suits the plan); torch uses as many as
    it is set to. Where `auto` meets a compiler that fails, torch takes over and `tell` gets a line.
    """
    if choose(backend, dtype_of(plan), tell) == "c":
        try:
            return native(plan, threads, tell)
        except NativeError as error:
            if backend == "c":
                raise
            tell(f"{error.message}: running on torch")
    from specdl.backends.torch.executable import lower as lower_to_torch

    return lower_to_torch(plan)


def native(plan: Plan, threads: int | None, tell: Tell) -> Executable:
    """The plan's programs as native code; raises `NativeError` where it cannot be made."""
    raise NativeError("this version has no native backend")


def native_marks(plan: Plan) -> Sequence[str]:
    """What becomes of each instruction of a training step (of inference, where there is no loss).

    `native`, `native, fused with <instruction>` or `torch`. Compiles nothing.
    """
    raise NativeError("this version has no native backend")


def marks(plan: Plan, backend: str) -> Sequence[str] | None:
    """As `native_marks`, for a plan that would run natively; None for one that torch would run."""
    return native_marks(plan) if choose(backend, dtype_of(plan)) == "c" else None


def suited(plan: Plan, executable: Executable) -> int:
    """How many threads a plan is worth on the backend that it was lowered to."""
    if executable.name != "torch":
        return executable.threads
    from specdl.backends.torch.threads import suited as suited_to_torch

    return suited_to_torch(plan)


def dtype_of(plan: Plan) -> DType:
    """The dtype of the real numbers of a plan's programs."""
    types = (type for each in plan.schedules.values() for type in each.program.types.values())
    return next((type.dtype for type in types if type.is_float), "float32")
