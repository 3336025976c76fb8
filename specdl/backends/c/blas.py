"""Large products, left to a BLAS, block by block, so that what follows finds a block still in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from specdl.backends.c.body import Body, Epilogue, Extent, View
from specdl.backends.c.target import Target
from specdl.backends.c.tiles import block, least, loop, tail

BLOCK_BYTES = 1 << 19
"""Of results, before what follows on them runs: about half of a core's own cache."""
LEAST_ROWS = 256
"""Rows of a block at least: each block makes the BLAS bring b together again."""
GRAIN_ROWS = 16
ALL = 1 << 30
"""More rows than there are."""
ONE = Extent(fixed=1)


@dataclass(frozen=True)
class Stored:
    """Where the results lie: element (i, j) at `pointer[i * ld + j]`, a `real *`."""

    pointer: str
    ld: int


def emit_blas(
    a: View,
    b: View,
    m: Extent,
    n: int,
    k: Extent,
    stored: Stored | None,
    epilogue: Epilogue,
    target: Target,
    planned: int,
) -> Body:
    """Generate a (m, k) times b (k, n) by `SGEMM` or `DGEMM`, into `stored`, or into scratch memory only.

    Each operand has a stride of 1. The epilogue need not store the results themselves where
    `stored` is given; if it has no lines, it is left out. Threads share out rows, or vectors of
    columns where there are more columns than rows.
    """
    return Blocks(a, b, m, n, k, stored, target, planned).body(epilogue("i", "j", "x", tail(n, target.lanes)))


@dataclass(frozen=True)
class Blocks:
    """A product that a BLAS makes, a block of rows of one thread's columns after another."""

    a: View
    b: View
    m: Extent
    n: int
    k: Extent
    stored: Stored | None
    target: Target
    planned: int

    @property
    def width(self) -> int:
        """The vectors of a row of the results."""
        return -(-self.n // self.target.lanes)

    @property
    def ld(self) -> int:
        """The elements from one row of the results to the next."""
        return self.stored.ld if self.stored else self.width * self.target.lanes

    @property
    def by_rows(self) -> bool:
        """Whether threads share out rows."""
        return self.m.at(self.planned) >= self.n

    @property
    def height(self) -> int:
        """The rows of a block whose results are looked at again, or held in scratch memory."""
        row = self.target.vector_bytes * self.width
        rows = max(BLOCK_BYTES // row, LEAST_ROWS) // GRAIN_ROWS * GRAIN_ROWS
        # what a block holds is scratch memory: no more rows than are planned, however wide they are
        return max(min(rows, self.m.at(self.planned)), 1)

    def body(self, follows: Sequence[str]) -> Body:
        """The function, with the lines that follow on each vector of the results."""
        height = self.height if follows or not self.stored else ALL
        down, across = (("lo", "hi"), ("0", str(self.width)))
        left, right = "0", str(self.n)
        units, grain = self.m, GRAIN_ROWS
        if not self.by_rows:
            down, across = ("0", self.m.text), ("lo", "hi")
            lanes = self.target.lanes
            left, right = f"lo*{lanes}", f"({least(f'hi*{lanes}', str(self.n))})"
            units, grain = Extent(fixed=self.width), 1
        below = f"const i64 below = {least(f'top + {height}', down[1])};"
        lines = [
            f"const i64 left = {left};",
            *self.constants(right),
            *block(loop("top", *down, height), [below, *self.call(), *self.following(follows, across)]),
        ]
        scratch = 0 if self.stored else height * self.ld
        return Body(tuple(block("if (lo < hi)", lines)), units, grain, scratch)

    def constants(self, right: str) -> list[str]:
        """What is told the BLAS by address, for the columns up to `right`."""
        (_, lda), (_, ldb) = self.letters()
        return [
            f"const int columns = (int)({right} - left), along = (int){self.k.text};",
            f"const int lda = {lda}, ldb = {ldb}, ldc = {self.ld};",
            "const real one = 1, zero = 0;",
        ]

    def letters(self) -> tuple[tuple[str, int], tuple[str, int]]:
        """What a BLAS is told of each operand."""
        a, b = self.a, self.b
        return letter(a.k, a.outer, self.k == ONE), letter(b.outer, b.k, self.n == 1)

    def call(self) -> list[str]:
        """The product of a block of rows: a BLAS, which counts columns first, takes b before a."""
        (a, _), (b, _) = self.letters()
        out = f"{self.stored.pointer} + top*{self.ld} + left" if self.stored else "scratch"
        a_at, b_at = f"{self.a.pointer} + top*{self.a.outer}", f"{self.b.pointer} + left*{self.b.outer}"
        gemm = "DGEMM" if self.target.dtype == "float64" else "SGEMM"
        return [
            "const int rows = (int)(below - top);",
            f"real *out = {out};",
            f'{gemm}("{b}", "{a}", &columns, &rows, &along, &one, {b_at}, &ldb, {a_at}, &lda,',
            "  &zero, out, &ldc);",
        ]

    def following(self, follows: Sequence[str], across: tuple[str, str]) -> list[str]:
        """The loops over a block's results, a vector `x` at a time."""
        if not follows:
            return []
        j = f"const i64 j = q*{self.target.lanes};"
        x = f"const v x = LD(out + (i - top)*{self.ld} + j - left);"
        return block(loop("i", "top", "below"), block(loop("q", *across), [j, x, *follows]))


def letter(plain: int, turned: int, single: bool) -> tuple[str, int]:
    """How a BLAS, which counts columns first, is told of an operand: "N" or "T", and its leading dimension.

    As specdl counts, an operand is as it should be where its `plain` stride is 1, transposed where its
    `turned` is. `single`: where both are, whether that is since its rows have one element.
    """
    assert 1 in (plain, turned), "an operand has contiguous rows or columns"
    return ("N", turned) if plain == 1 and (turned > 1 or single) else ("T", plain)
