"""Which backend runs a plan: what is asked for, what this machine has, and what each needs to know."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

from specdl.backends.c.compiler import NativeError, Tell, available, find, silent
from specdl.core.errors import UsageError
from specdl.core.types import DType

if TYPE_CHECKING:
    from specdl.backends.base import Executable
    from specdl.backends.c.plan import NativePlan
    from specdl.plan.plan import AnyPlan, Plan

Backend = Literal["torch", "c"]

NATIVE_DTYPES: tuple[DType, ...] = ("float32", "float64")
COMPLAINT = 160
"""Characters of a compiler's complaint that are told."""
MOST_THREADS = 1024
"""More than any machine that this is for has, and fewer than a process may not have."""
NO_COMPILER = "no C compiler found (set CC, install gcc or clang, or pip install 'specdl[native]')"


def choose(backend: str, dtype: DType = "float32", tell: Tell = silent) -> Backend:
    """The backend that `auto`, `torch` or `c` stands for, for programs of a dtype.

    Raises `UsageError` for another word, and for `c` where there is none; where `auto` finds no
    compiler, `tell` gets a line. Starts the compiler to see that it answers; compiles nothing.
    """
    return decide(backend, dtype, lambda: find(tell) is not None, tell)


def expect(backend: str, dtype: DType = "float32") -> Backend:
    """What `choose` finds if the compiler that is here works; raises as it does, and starts no process."""
    return decide(backend, dtype, available)


def decide(backend: str, dtype: DType, compiler: Callable[[], bool], tell: Tell = silent) -> Backend:
    """The backend for a word and a dtype; `compiler` says whether there is one, where that decides."""
    if backend not in ("auto", "torch", "c"):
        raise UsageError(f"there is no backend `{backend}`: use auto, torch or c")
    if backend == "torch" or (backend == "auto" and dtype not in NATIVE_DTYPES):
        return "torch"
    if dtype not in NATIVE_DTYPES:
        raise UsageError(f"the native backend has no {dtype}: use auto or torch")
    if compiler():
        return "c"
    if backend == "c":
        raise UsageError(NO_COMPILER, code="E530", help="--backend auto runs on torch then")
    tell(f"{NO_COMPILER}: running on torch")
    return "torch"


def require_machine(device: str, threads: int | None) -> None:
    """Raise `UsageError` for a device that is not there, or for threads that no machine has."""
    if device != "cpu":
        raise UsageError(f"this version runs on the CPU; `{device}` is not supported")
    if threads is not None and (type(threads) is not int or not 1 <= threads <= MOST_THREADS):
        raise UsageError(f"`threads` is {threads!r}, and must be a whole number from 1 to {MOST_THREADS:,}")


def planned(plan: Plan, backend: str, threads: int | None = None, tell: Tell = silent) -> AnyPlan:
    """The plan that a model has on the backend that `choose` finds; raises as it does.

    `plan` is torch's, and stays as it is where torch runs it. `threads` is what native code is made
    for (None: what suits the program).
    """
    return laid_out(plan, choose(backend, dtype_of(plan), tell), threads)


def expected(plan: Plan, backend: str, threads: int | None = None) -> AnyPlan:
    """The plan that `planned` finds if the compiler that is here works; starts no process."""
    return laid_out(plan, expect(backend, dtype_of(plan)), threads)


def laid_out(plan: Plan, backend: Backend, threads: int | None = None) -> AnyPlan:
    """The plan of the same programs on a backend."""
    return plan if backend == "torch" else native_plan(plan, threads)


def bytes_for(plan: Plan, made: AnyPlan, threads: int | None = None) -> Callable[[int], int]:
    """What batches of so many rows take on the backend of a plan that was made of torch's plan."""
    if made is plan:
        from specdl.plan.plan import total_for

        return total_for(plan)
    from specdl.backends.c.plan import NativePlan
    from specdl.backends.c.totals import total_for as native_total_for

    assert isinstance(made, NativePlan)
    return native_total_for(made, partial(threads_of, plan, threads))


def native_plan(plan: Plan, threads: int | None = None, blas: bool = True) -> NativePlan:
    """The native plan of the same programs, for this processor, with or without a BLAS."""
    from specdl.backends.c.functions import Goal
    from specdl.backends.c.plan import make
    from specdl.backends.c.target import Target
    from specdl.plan.machine import vector_bytes

    programs = {name: each.program for name, each in plan.schedules.items() if name != "step"}
    used = threads_of(plan, threads, plan.rows)
    return make(programs, plan.rows, Goal(Target(dtype_of(plan), vector_bytes()), plan.rows, used, blas))


def threads_of(plan: Plan, wanted: int | None, rows: int) -> int:
    """The threads that native code of a plan's programs is made for: those `wanted`, or what suits `rows`."""
    from specdl.backends.c.threads import suited as suited_natively

    schedules = plan.schedules
    return wanted or suited_natively(schedules.get("train", schedules["infer"]).program, rows)


def lower(plan: Plan, made: AnyPlan, backend: str, tell: Tell = silent) -> Executable:
    """A plan as `planned` made it of torch's plan, on memory.

    Where `auto` meets a compiler that fails, torch takes over and `tell` gets a line; where
    `backend` is `c`, it is a `NativeError`.
    """
    if made is not plan:
        try:
            return native(plan, made, tell)
        except NativeError as error:
            if backend == "c":
                raise
            tell(f"{in_a_line(error)}: running on torch")
    from specdl.backends.torch.executable import lower as lower_to_torch

    return lower_to_torch(plan)


def in_a_line(error: NativeError) -> str:
    """What went wrong, without all that the compiler said: its first complaint, or how it ended."""
    first, *said = error.message.splitlines()
    complaint = next((line for line in said if "error" in line), "")
    return f"the C compiler failed ({complaint.strip()[:COMPLAINT]})" if complaint else first[:COMPLAINT]


def native(plan: Plan, made: AnyPlan, tell: Tell) -> Executable:
    """A native plan on memory, without a BLAS where torch brings none.

    Raises `NativeError` where its code cannot be made.
    """
    from specdl.backends.c.executable import lower as lower_to_c
    from specdl.backends.c.plan import NativePlan
    from specdl.backends.c.runtime import torch_symbols

    toolchain = find(tell)
    assert isinstance(made, NativePlan)
    if toolchain is None:
        raise NativeError(NO_COMPILER)
    if made.calls_blas and not torch_symbols().keys() >= {"sgemm_", "dgemm_"}:
        made = native_plan(plan, made.threads, blas=False)
    return lower_to_c(made, toolchain, tell)


def marks(plan: AnyPlan) -> Sequence[str] | None:
    """What becomes of each instruction of a training step (of inference, where there is no loss).

    `native`, `native, fused with <instruction>`, `torch`, `a view`; None where torch runs them all.
    """
    from specdl.backends.c.marks import marks as native_marks
    from specdl.backends.c.plan import NativePlan

    if not isinstance(plan, NativePlan):
        return None
    return native_marks(plan.schedules["step" if "step" in plan.schedules else "infer"].nests)


def suited(executable: Executable) -> int:
    """How many threads a model's plan is worth on its backend."""
    if executable.name != "torch":
        return executable.threads
    from specdl.backends.torch.threads import suited as suited_to_torch

    return suited_to_torch(executable.plan)


def dtype_of(plan: Plan) -> DType:
    """The dtype of the real numbers of a plan's programs."""
    types = (type for each in plan.schedules.values() for type in each.program.types.values())
    return next((type.dtype for type in types if type.is_float), "float32")
