"""Schedules to calls of nest functions, and the functions to the source of a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files

from specdl.backends.c.body import Extent
from specdl.backends.c.functions import Goal, function
from specdl.backends.c.names import Param
from specdl.backends.c.numbers import numbers
from specdl.core.expr import Expr
from specdl.loops.nests import Nest
from specdl.plan.nest_schedule import NestSchedule, stored_bytes

PART, PARTS = 7, 4
"""About so many functions are compiled together, in so many parts at most."""
APART = 64
"""After so many nests without a barrier there is one: what is in flight is looked through at each nest."""


@dataclass(frozen=True)
class Call:
    """A call of a nest function of the library, or a nest that torch runs (`function` is None)."""

    nest: Nest
    function: int | None
    params: tuple[Param, ...] = ()
    units: Extent = Extent()
    grain: int = 1
    barrier: bool = False
    scratch: int = 0
    """How many real numbers each thread needs for it."""


@dataclass(frozen=True)
class Code:
    """A schedule as calls, in order.

    `slots` are the numbers that its functions read, which `numbers`, by its place in the
    library, computes.
    """

    calls: tuple[Call, ...]
    slots: tuple[Expr, ...]
    numbers: int

    @property
    def scratch(self) -> int:
        """How many real numbers each thread needs."""
        return max((call.scratch for call in self.calls), default=0)

    @property
    def early(self) -> int:
        """How many calls come before the finite guard."""
        return sum(not call.nest.commits for call in self.calls)


@dataclass
class Assembler:
    """The functions of one library so far; equal texts are one function."""

    goal: Goal
    functions: dict[str, int] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)

    def add(self, schedule: NestSchedule) -> Code:
        """Make the calls of a schedule."""
        calls: list[Call] = []
        slots: dict[Expr, None] = {}
        fences = Fences(schedule, self.goal.rows)
        for nest in schedule.nests.nests:
            barrier = fences.before(nest)
            if nest.kind == "torch":
                calls.append(Call(nest, None))
                continue
            made = function(nest, schedule, self.goal)
            number = self.functions.setdefault(made.text, len(self.functions))
            calls.append(Call(nest, number, made.params, made.units, made.grain, barrier, made.scratch))
            slots |= dict.fromkeys(param for kind, param in made.params if kind == "number")  # type: ignore[misc]
        text = numbers(tuple(slots))
        return Code(tuple(calls), tuple(slots), self.numbers.setdefault(text, len(self.numbers)))

    def source(self) -> str:
        """All of it as one text."""
        runtime = (header("nest.h"), header("order.h"), header("runtime.h"))
        tables = self.tables(range(len(self.functions)), range(len(self.numbers)))
        return "\n".join([*self.prelude(), *runtime, *self.definitions(), *tables])

    def sources(self) -> tuple[str, ...]:
        """Texts to be compiled side by side: the runtime, which is the same for all, and the functions."""
        target = self.goal.target
        types = f"typedef {target.real} real;\ntypedef int64_t i64;\n"
        real = f"#include <stdint.h>\n{types}#define LANES {target.lanes}\n"
        runtime = "\n".join([real, header("nest.h"), header("order.h"), header("runtime.h")])
        definitions = self.definitions()
        nests, fillers = definitions[: len(self.functions)], definitions[len(self.functions) :]
        texts = [runtime]
        for part in parts(nests):
            numbers = range(len(self.numbers)) if part.start == 0 else range(0)
            own = [*nests[part.start : part.stop], *(fillers if numbers else ())]
            texts.append("\n".join([*self.prelude(), header("nest.h"), *own, *self.tables(part, numbers)]))
        return tuple(texts)

    def tables(self, nests: range, numbers: range) -> list[str]:
        """The exported tables of functions, and how many each has."""
        return [
            table("nest_fn", "specdl_nests", "n", nests),
            table("numbers_fn", "specdl_numbers", "numbers", numbers),
            f"const i64 specdl_counts[] = {{{len(nests)}, {len(numbers)}}};\n",
        ]

    def prelude(self) -> list[str]:
        """The texts that the functions build on."""
        target = self.goal.target
        lines = f"#define SPECDL_DOUBLE {int(target.dtype == 'float64')}\n#define LANES {target.lanes}\n"
        return [lines, header("vmath.h")]

    def definitions(self) -> list[str]:
        """The texts of the functions."""
        nests = (
            f"static void n{number}({NEST_PARAMETERS})\n{{\n{UNUSED}{text}}}\n"
            for text, number in self.functions.items()
        )
        fillers = (
            f"static void numbers{number}({NUMBERS_PARAMETERS})\n{{\n{text}}}\n"
            for text, number in self.numbers.items()
        )
        return [*nests, *fillers]


NEST_PARAMETERS = "void *const *p, i64 samples, i64 lo, i64 hi, real *scratch"
NUMBERS_PARAMETERS = "double lr, double t, double samples, real *s"
UNUSED = "  (void)p, (void)samples, (void)lo, (void)hi, (void)scratch;\n"


def table(type: str, name: str, prefix: str, numbers: range) -> str:
    """An exported table of functions."""
    return f"{type} *const {name}[] = {{{', '.join(f'{prefix}{i}' for i in numbers) or '0'}}};\n"


def parts(texts: Sequence[str]) -> list[range]:
    """Ranges of texts of about equal length, one for each `PART` of them: compilers run side by side."""
    wanted = max(1, min(PARTS, round(len(texts) / PART)))
    found: list[range] = []
    total, done, begun = sum(map(len, texts)), 0, 0
    for number, text in enumerate(texts):
        done += len(text)
        if done * wanted >= total * (len(found) + 1):
            found.append(range(begun, number + 1))
            begun = number + 1
    return found or [range(0)]


@lru_cache(maxsize=4)
def header(name: str) -> str:
    """One of the texts that every library begins with."""
    return files("specdl.backends.c").joinpath("include", name).read_text(encoding="utf-8")


class Fences:
    """Where threads must meet: before a nest that touches what others wrote since they met last."""

    def __init__(self, schedule: NestSchedule, rows: int) -> None:
        self.schedule, self.rows = schedule, rows
        self.nests = 0
        self.read: list[Span] = []
        self.written: list[Span] = []

    def before(self, nest: Nest) -> bool:
        """Whether there is a barrier before this nest, the next one in order."""
        nests = self.schedule.nests
        reads = [self.span(value) for value in nests.outside(nest)]
        writes = [self.span(value) for value in nests.made(nest)]
        meets = (
            self.nests >= APART
            or touch(reads, self.written)
            or touch(writes, self.written)
            or touch(writes, self.read)
        )
        if meets:
            self.nests, self.read, self.written = 0, [], []
        self.nests += 1
        self.read += reads
        self.written += writes
        return meets

    def span(self, value: str) -> Span:
        """The bytes of a value in its arena."""
        place = self.schedule.place(value)
        size = stored_bytes(self.schedule.nests, self.schedule.lds, value, self.rows)
        return place.arena, place.offset, place.offset + size


Span = tuple[str, int, int]


def touch(some: list[Span], others: list[Span]) -> bool:
    """Whether any two spans overlap."""
    return any(a == b and low < top and bottom < high for a, low, high in some for b, bottom, top in others)


__all__ = ["Assembler", "Call", "Code"]
