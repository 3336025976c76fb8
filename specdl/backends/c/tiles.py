"""The inside of a product in C: the accumulators of one register tile, and the loop that fills them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from specdl.backends.c.body import View
from specdl.backends.c.target import Target

NARROWEST = 16
"""Bytes of the narrowest vector."""


@dataclass(frozen=True)
class Strip:
    """Vectors beside one another, of which the last may be narrower: half as wide, or a quarter."""

    vectors: int
    last: int
    """Lanes of the last vector."""
    target: Target

    @property
    def row(self) -> int:
        """Numbers in a row of a tile: of whole vectors."""
        return self.vectors * self.target.lanes

    @property
    def kinds(self) -> list[str]:
        """The C type of each vector."""
        return ["v"] * (self.vectors - 1) + ["v" if self.last == self.target.lanes else "narrow"]

    def types(self) -> list[str]:
        """Declarations of the types."""
        if self.last == self.target.lanes:
            return []
        size = f"vector_size({self.last}*sizeof(real)), aligned(sizeof(real)), may_alias"
        return [f"typedef real narrow __attribute__(({size}));"]

    def whole(self, name: str, vector: int) -> str:
        """An accumulator as a `v`, with zeros beyond a narrow one."""
        if self.kinds[vector] == "v":
            return name
        # lane by lane: compilers see through it, where a widening shuffle goes by way of memory
        return "((v){" + ", ".join(f"{name}[{lane}]" for lane in range(self.last)) + "})"


def strip(length: int, vectors: int, target: Target) -> Strip:
    """So many vectors along an axis: narrow at its end where they are all of it."""
    lanes = target.lanes
    last, rest = lanes, length - (vectors - 1) * lanes
    while rest <= last // 2 and target.vector_bytes * (last // 2) // lanes >= NARROWEST:
        last //= 2
    return Strip(vectors, last, target)


@lru_cache(maxsize=1024)
def accumulate(
    spread: View, vectors: View, rows: int, strip: Strip, k: str, to: str, more: bool = False
) -> tuple[str, ...]:
    """The sums over k of a number of `spread`, for each of the rows, times the vectors of `vectors`.

    Both views start at the tile; `vectors` is contiguous along `outer`. Row r of the tile is stored
    from `to + r * strip.row` on. With `more`, they are added to what is there.
    """
    lanes, kinds = strip.target.lanes, strip.kinds
    names = [[f"c{r}_{q}" for q in range(strip.vectors)] for r in range(rows)]
    lines = [*forget(strip.target)]
    for r in range(rows):
        for q, kind in enumerate(kinds):
            first = f"*(const {kind} *)({to} + {r * strip.row + q * lanes})" if more else "{0}"
            lines.append(f"{kind} {names[r][q]} = {first};")
    lines.append(f"const real *one = {spread.pointer}, *many = {vectors.pointer};")
    inner = [f"const {kind} b{q} = *(const {kind} *)(many + {q * lanes});" for q, kind in enumerate(kinds)]
    for r in range(rows):
        sums = " ".join(f"{name} += x*b{q};" for q, name in enumerate(names[r]))
        inner.append(f"{{ const real x = one[{r * spread.outer}]; {sums} }}")
    inner.append(f"one += {spread.k}; many += {vectors.k};")
    lines += block(loop("k", "0", k), inner)
    for r in range(rows):
        for q, name in enumerate(names[r]):
            lines.append(f"ST({to} + {r * strip.row + q * lanes}, {strip.whole(name, q)});")
    return tuple(lines)


def forget(target: Target) -> list[str]:
    """Keep compilers from holding constants of an epilogue in registers that the accumulators need."""
    count = registers(target)
    names = ", ".join(f'"xmm{index}"' for index in range(count))
    # exported code may be compiled for a processor that lacks the registers of its vectors
    there = "__AVX512F__" if count == 32 else "__x86_64__"
    return [f"#ifdef {there}", f'__asm__ volatile("" ::: {names});', "#endif"]


def registers(target: Target) -> int:
    """Vector registers of a processor with vectors this wide."""
    return 32 if target.vector_bytes == 64 else 16


def moved(view: View, by: str) -> View:
    """A view that starts further on: `by` is a C expression in elements."""
    return View(f"{view.pointer} + {by}", view.outer, view.k)


def loop(name: str, first: str, end: str, step: int = 1) -> str:
    """The head of a loop."""
    return f"for (i64 {name} = {first}; {name} < {end}; {name} += {step})"


def block(head: str, lines: Iterable[str]) -> list[str]:
    """A head, and its lines in braces."""
    return [f"{head} {{".lstrip(), *("  " + line for line in lines), "}"]


def least(one: str, other: str) -> str:
    """The smaller of two C expressions."""
    return f"{one} < {other} ? {one} : {other}"


def tail(n: int, lanes: int) -> str:
    """The condition that the vector from column `j` on reaches beyond n columns."""
    if n % lanes == 0:
        return "0"
    return "1" if n < lanes else f"(j == {n // lanes * lanes})"
