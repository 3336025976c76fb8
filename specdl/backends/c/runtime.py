"""Binds a compiled library: its calls, its team of threads, and the loop over training steps.

The structures mirror `include/runtime.h`, which says what their fields mean; the library tells
their sizes, so that the two cannot drift apart. Every class here holds on to the arrays that its
structure points to. Calls release the interpreter's lock.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from ctypes import POINTER, byref, c_double, c_int64, c_void_p
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import numpy as np

from specdl.backends.base import Reason
from specdl.backends.c.compiler import NativeError
from specdl.backends.c.structures import (
    STRUCTURES,
    CCall,
    CColumn,
    CEvaluation,
    COrder,
    CSchedule,
    CTeam,
    CTraining,
)
from specdl.backends.forks import allowed, calls_team
from specdl.core.errors import CompilerFault
from specdl.core.random import key_of
from specdl.data.deal import Deal
from specdl.data.order import BLOCK, SHORT, Order, half_rounds

Array = np.ndarray[Any, Any]
REASONS: tuple[Reason, ...] = ("done", "late", "not finite")
"""In the order of the runtime's numbers."""

Table = Literal["specdl_nests", "specdl_numbers"]
TABLES: tuple[Table, ...] = ("specdl_nests", "specdl_numbers")
"""In the order of a library's `specdl_counts`."""
OF_THE_RUNTIME = ("specdl_sizes", "specdl_train", "specdl_run", "specdl_evaluate")
OF_FUNCTIONS = ("specdl_blas", "specdl_counts", *TABLES)
BARRIER, ALONE = 1, 2
ALIGN = 64
"""Bytes: what the memory of one thread is aligned to, so that threads share no cache line."""


@lru_cache(maxsize=1)
def torch_symbols() -> dict[str, int]:
    """Addresses of what the runtime takes from torch's own libraries; only those that are there.

    Torch's team of threads is libgomp's, whose entries are found among what torch's library needs.
    """
    import torch

    names = ("GOMP_parallel", "GOMP_barrier", "omp_get_thread_num", "omp_get_num_threads", "sgemm_", "dgemm_")
    try:
        library = ctypes.CDLL(str(next((Path(torch.__file__).parent / "lib").glob("libtorch_cpu.*"))))
    except (OSError, StopIteration):
        return {}
    found: dict[str, int] = {}
    for name in names:
        try:
            found[name] = ctypes.cast(getattr(library, name), c_void_p).value or 0
        except AttributeError:
            continue
    return found


class Team:
    """Threads that run calls together; `c` is the library's view of them."""

    def __init__(self, c: CTeam) -> None:
        self.c = c

    @classmethod
    def of(cls, threads: int) -> Team:
        """A team of torch's threads; of one thread where torch's are not libgomp's, or a fork lost them."""
        symbols = torch_symbols()
        names = ("GOMP_parallel", "omp_get_thread_num", "omp_get_num_threads", "GOMP_barrier")
        if allowed(threads) <= 1 or not all(name in symbols for name in names):
            return cls(CTeam(threads=1))
        team = cls(CTeam(threads, *(symbols[name] for name in names)))
        calls_team(team)
        return team

    @property
    def threads(self) -> int:
        """How many they are."""
        return int(self.c.threads)

    def shrink(self) -> None:
        """Run calls on one thread from now on."""
        self.c.threads = 1


class Library:
    """Compiled code: a runtime, and functions, which may be in libraries of their own.

    Its structures are checked, and its products know torch's BLAS. Raises `CompilerFault` where its
    structures are not those of this module, or its numbers not `real_bytes` long, and `NativeError`
    where what the compiler made has not what the source defines.
    """

    def __init__(self, libraries: ctypes.CDLL | Sequence[ctypes.CDLL], real_bytes: int) -> None:
        every = [libraries] if isinstance(libraries, ctypes.CDLL) else list(libraries)
        self.c, self.parts = every[0], every[1:] or every
        require(self.c, OF_THE_RUNTIME)
        for part in self.parts:
            require(part, OF_FUNCTIONS)
        self.real_bytes = real_bytes
        expected = [real_bytes, *map(ctypes.sizeof, STRUCTURES)]
        sizes = list((c_int64 * len(expected)).in_dll(self.c, "specdl_sizes"))
        if sizes != expected:
            raise CompilerFault(f"a library has structures of {sizes} bytes, not {expected}")
        self.c.specdl_train.argtypes, self.c.specdl_train.restype = [POINTER(CTraining)], c_int64
        self.c.specdl_run.argtypes = [
            POINTER(CSchedule), POINTER(CTeam), c_int64, c_double, c_double, c_int64, c_int64,
        ]  # fmt: skip
        self.c.specdl_run.restype = None
        self.c.specdl_evaluate.argtypes, self.c.specdl_evaluate.restype = [POINTER(CEvaluation)], None
        symbols = torch_symbols()
        for part in self.parts:
            part.specdl_blas.argtypes, part.specdl_blas.restype = [c_void_p, c_void_p], None
            part.specdl_blas(symbols.get("sgemm_"), symbols.get("dgemm_"))

    def entry(self, table: Table, number: int) -> int:
        """The address of a function: the tables of all parts count on from one another."""
        for part in self.parts:
            count = (c_int64 * len(TABLES)).in_dll(part, "specdl_counts")[TABLES.index(table)]
            if number < count:
                return int((c_void_p * count).in_dll(part, table)[number] or 0)
            number -= count
        raise CompilerFault(f"{table} has too few entries")


def require(library: ctypes.CDLL, names: Sequence[str]) -> None:
    """Raise `NativeError` unless a library has all of these."""
    for name in names:
        if not hasattr(library, name):
            raise NativeError(f"what the C compiler made lacks {name}")


@dataclass(frozen=True)
class CallEntry:
    """One call of a nest function.

    Its units are `times` the number of samples plus `fixed`; threads' ranges are cut at multiples
    of `grain`. `barrier`: all threads meet before it. `alone`: one thread runs all of it.
    """

    nest: int
    base: int
    """Where its pointers begin among the schedule's."""
    times: int
    fixed: int
    grain: int = 1
    barrier: bool = False
    alone: bool = False


def aligned(length: int, dtype: str) -> Array:
    """A zeroed array at an address that is a multiple of `ALIGN`."""
    size = np.dtype(dtype).itemsize
    raw = np.zeros(length * size + ALIGN, dtype=np.uint8)
    skip = -raw.ctypes.data % ALIGN
    return raw[skip : skip + length * size].view(dtype)


def rounded(length: int, size: int) -> int:
    """The least number of elements of `size` bytes, `length` or more, that fill whole cache lines."""
    return -(-length * size // ALIGN) * ALIGN // size


class Schedule:
    """Calls on their pointers, ready to run.

    `pointers` are addresses, also those of slots; `slots` is the array that the library's
    numbers function `numbers` fills (None: there is none). `early` is how many calls come before
    the finite guard, all of them by default; `loss` the address that the guard reads. The threads
    share out `scratch` among them in equal parts. Whoever owns the memory at `pointers` and `loss`
    must outlive the schedule.
    """

    def __init__(
        self,
        library: Library,
        team: Team,
        calls: Sequence[CallEntry],
        pointers: Sequence[int],
        *,
        numbers: int | None = None,
        slots: Array | None = None,
        early: int | None = None,
        loss: int | None = None,
        scratch: Array | None = None,
    ) -> None:
        self.library, self.team = library, team
        size = library.real_bytes
        self.calls = (CCall * len(calls))(*(self.call(entry) for entry in calls))
        self.pointers = np.array(pointers, dtype=np.uint64)
        self.slots = slots
        self.scratch = aligned(0, f"f{size}") if scratch is None else scratch
        self.spans = np.zeros((team.threads, len(calls), 2), dtype=np.int64)
        self.c = CSchedule(
            calls=self.calls,
            count=len(calls),
            early=len(calls) if early is None else early,
            pointers=self.pointers.ctypes.data,
            numbers=None if numbers is None else library.entry("specdl_numbers", numbers),
            slots=None if slots is None else slots.ctypes.data,
            loss=loss,
            scratch=self.scratch.ctypes.data,
            scratch_each=len(self.scratch) // team.threads,
            spans=self.spans.ctypes.data,
        )

    def call(self, entry: CallEntry) -> CCall:
        """The library's form of an entry."""
        flags = BARRIER * entry.barrier | ALONE * entry.alone
        fn = self.library.entry("specdl_nests", entry.nest)
        return CCall(fn, entry.base, entry.times, entry.fixed, entry.grain, flags)

    def run(
        self, samples: int, lr: float = 1.0, t: float = 1.0, first: int = 0, last: int | None = None
    ) -> None:
        """Compute the numbers, then run calls `first` to `last - 1` on the batch that is in."""
        to = len(self.calls) if last is None else last
        self.library.c.specdl_run(byref(self.c), byref(self.team.c), samples, lr, t, first, to)


@dataclass(frozen=True)
class Column:
    """Resident data that batches are gathered from, and the buffer of a batch; both are addresses."""

    source: int
    """One row for each sample, without gaps."""
    row_bytes: int
    buffer: int
    pitch: int
    """Bytes from one row of the buffer to the next."""


class Dealer:
    """An order as the library computes it; `c` is set for a range of epochs by `reach`."""

    def __init__(self, order: Order, threads: int) -> None:
        self.order = order
        rows = order.rows
        height = math.isqrt(rows - 1) + 1
        width = -(-rows // height)
        rounds = half_rounds(rows) if order.shuffle and rows > 1 else 0
        words = rounds // 2 * (height + width)
        each = rounded(words, 4)
        self.together = BLOCK // rows if rows <= SHORT else 1
        self.tables = aligned(threads * each, "u4")
        self.keys = np.zeros(0, dtype=np.uint64)
        self.c = COrder(
            rows=rows,
            height=height,
            width=width,
            rounds=rounds,
            together=self.together,
            words=words,
            tables=self.tables.ctypes.data,
            tables_each=each,
        )

    def reach(self, first: int, last: int) -> None:
        """Make the keys of epochs `first` to `last` ready."""
        if not self.c.rounds:
            return
        groups = range(first // self.together, last // self.together + 1)
        pairs = (key_of(self.order.seed, ("order", group)) for group in groups)
        self.keys = np.array([low | high << 32 for low, high in pairs], dtype=np.uint64)
        self.c.first_group, self.c.keys = groups.start, self.keys.ctypes.data


class Training:
    """A schedule with its batches: steps are taken by the library, many in a call.

    Whoever owns the columns' memory must outlive it.
    """

    def __init__(self, schedule: Schedule, deal: Deal, columns: Sequence[Column]) -> None:
        if schedule.c.loss is None:
            raise CompilerFault("a schedule without a loss cannot train")
        self.schedule, self.deal = schedule, deal
        self.dealer = Dealer(deal.order, schedule.team.threads)
        self.columns = (CColumn * len(columns))(*map(in_c, columns))
        self.c = CTraining(
            ctypes.pointer(schedule.c),
            ctypes.pointer(schedule.team.c),
            ctypes.pointer(self.dealer.c),
            self.columns,
            len(columns),
            deal.batch_size,
            deal.steps_per_epoch,
        )

    def run(
        self,
        first: int,
        rates: Sequence[float] | Array,
        first_t: float | None = None,
        seconds: float | None = None,
    ) -> tuple[Array, Reason]:
        """Take a step for each learning rate, from step `first` on, which counts from 0.

        `first_t` is what that step's numbers are told, one more by default. At least one step is
        taken, and no more after the one in which `seconds` have passed. The losses, float64, of
        the steps completed, and why there are no more: after `not finite`, the batch of the step
        that was left is still in, and nothing of it is committed.
        """
        rates = np.ascontiguousarray(rates, dtype=np.float64)
        losses = np.empty(len(rates))
        if not len(rates):
            return losses, "done"
        steps, c = self.deal.steps_per_epoch, self.c
        self.dealer.reach(first // steps, (first + len(rates) - 1) // steps)
        c.first, c.count, c.first_t = first, len(rates), first + 1 if first_t is None else first_t
        c.rates, c.losses = rates.ctypes.data, losses.ctypes.data
        c.budget_ns = 0 if seconds is None else max(1, round(seconds * 1e9))
        done = self.schedule.library.c.specdl_train(byref(c))
        return losses[:done], REASONS[c.why]


def evaluate(
    schedule: Schedule, columns: Sequence[Column], outputs: Sequence[Column], rows: int, batch_size: int
) -> Array:
    """Run consecutive rows through a schedule that ends with a loss; the loss of each batch, float64.

    `columns` begin with the first row; `outputs` go from the results' buffers, whose rows are dense,
    to memory for all rows.
    """
    losses = np.empty(-(-rows // batch_size))
    into, out = ((CColumn * len(each))(*map(in_c, each)) for each in (columns, outputs))
    job = CEvaluation(
        ctypes.pointer(schedule.c),
        ctypes.pointer(schedule.team.c),
        into,
        len(columns),
        out,
        len(outputs),
        rows,
        batch_size,
        losses.ctypes.data,
    )
    schedule.library.c.specdl_evaluate(byref(job))
    return losses


def in_c(column: Column) -> CColumn:
    """The library's form of a column."""
    return CColumn(column.source, column.row_bytes, column.buffer, column.pitch)
