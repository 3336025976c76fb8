"""Products in C: register tiles of explicit accumulators, then what becomes of each vector of results.

The sum of each element runs over k in order, as one chain of multiply-adds, wherever the element
lies: tiles, threads and batches of any size give the same bits. Products of few rows that are dot
products have an order of their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from specdl.backends.c.body import Body, Epilogue, Extent, View
from specdl.backends.c.dots import emit_dots, is_dots
from specdl.backends.c.outer import emit_outer, is_outer
from specdl.backends.c.tall import emit_tall, is_tall
from specdl.backends.c.target import Target
from specdl.backends.c.tiles import Strip, accumulate, block, least, loop, moved, strip, tail
from specdl.backends.c.tiling import Tiling, choose

__all__ = ["View", "emit"]

PACKED_TILES = 4
"""Tiles below one another from which it pays to bring a panel of b together first."""

WHOLE_B, WHOLE_RESULT = 1 << 19, 1 << 21
"""Bytes of b up to which, and of the result from which, it pays to pack all panels of b at once and do
row after row: what an epilogue reads and writes then comes from memory in order."""

BAND, LARGE_B = 16, 1 << 22
"""Rows of b in a band, and bytes of b from which it is passed over band after band: a core's own cache
holds less, and a tile that runs along all of k reads little of each row, which lie pages apart."""


def emit(
    a: View,
    b: View,
    m: Extent,
    n: int,
    k: Extent,
    epilogue: Epilogue,
    target: Target,
    planned: int,
    threads: int,
) -> Body:
    """Generate a (m, k) times b (k, n), for about `planned` samples on so many threads.

    One of the strides of b is 1. Reads up to a vector beyond the last column of a row of b, or of
    a column of a transposed a, and leaves all writing to the epilogue. No more samples than planned
    may come where k counts them and b is transposed.
    """
    assert 1 in (b.outer, b.k), "b has contiguous columns or contiguous rows"
    if is_tall(a, m, n, target):
        return emit_tall(a, b, m.fixed, n, k, epilogue, target, threads)
    if is_dots(a, b, m.at(planned), k):
        return emit_dots(a, b, m, n, k.fixed, epilogue, target, planned, threads)
    if is_outer(b, k.at(planned)):
        return emit_outer(a, b, m, n, k, epilogue, target, by_rows=m.at(planned) >= threads)
    width = -(-n // target.lanes)
    tiling = choose(max(m.at(planned), 1), width, target, threads)
    packs = b.outer != 1 or (tiling.panels > 1 and tiling.tiles >= PACKED_TILES)
    row = tiling.panels * tiling.vectors * target.vector_bytes
    whole = packs and row * k.at(planned) <= WHOLE_B and row * m.at(planned) >= WHOLE_RESULT
    size = n * k.fixed * target.vector_bytes // target.lanes
    wide = not packs and not k.times and tiling.panels > 1 and size >= LARGE_B
    if wide:
        tiling = replace(tiling, by_rows=False)
    form = _Banded if wide else _Straight
    return form(a, b, m, n, k, target, tiling, packs, whole).body(epilogue, planned)


@dataclass(frozen=True)
class _Straight:
    """A product whose vectors run along n.

    In the C text, `top` is the first row that a tile still has to do and `row` where it lies;
    `left` the first vector and `column` where it lies, counted in vectors.
    """

    a: View
    b: View
    m: Extent
    n: int
    k: Extent
    target: Target
    tiling: Tiling
    packs: bool
    """Whether panels of b are put together in scratch memory first."""
    whole: bool
    """Whether all panels are, so that row after row is done: what follows finds whole rows."""

    @property
    def strip(self) -> Strip:
        """The vectors of a tile."""
        return strip(self.n if self.tiling.panels == 1 else self.row, self.tiling.vectors, self.target)

    @property
    def row(self) -> int:
        """Numbers in a row of a tile."""
        return self.tiling.vectors * self.target.lanes

    def body(self, epilogue: Epilogue, planned: int) -> Body:
        """The whole of it."""
        tiling = self.tiling
        down, across = ("lo", "hi"), ("0", str(tiling.width))
        if not tiling.by_rows:
            down, across = ("0", self.m.text), ("lo", "hi")
        rows, columns = loop("top", *down, tiling.rows), loop("left", *across, tiling.vectors)
        place, tile = self.place(), self.tile(down[1], across[1], epilogue)
        if self.whole:
            loops = [*block(columns, [place, *self.pack()]), *block(rows, block(columns, [place, *tile]))]
        else:
            loops = block(columns, [place, *self.pack(), *block(rows, tile)])
        tiles = f"real tile[{tiling.rows * self.row}] __attribute__((aligned(64)));"
        units, grain = (
            (self.m, tiling.rows) if tiling.by_rows else (Extent(fixed=tiling.width), tiling.vectors)
        )
        scratch = self.row * self.k.at(planned) * (tiling.panels if self.whole else 1) if self.packs else 0
        return Body((*self.strip.types(), tiles, *loops), units, grain, scratch)

    @property
    def packed(self) -> str:
        """Where the panel lies once it is packed."""
        return f"(scratch + left*{self.target.lanes}*{self.k.text})" if self.whole else "scratch"

    def place(self) -> str:
        """Where the panel lies."""
        width, vectors = self.tiling.width, self.tiling.vectors
        column = "left" if width % vectors == 0 else least("left", str(width - vectors))
        return f"const i64 column = {column};"

    def pack(self) -> list[str]:
        """Bring the panel of b into scratch memory, row after row."""
        lanes, row, b, k = self.target.lanes, self.row, self.b, self.k.text
        if not self.packs:
            return []
        if b.outer == 1:
            source, to = f"{b.pointer} + column*{lanes} + k*{b.k}", f"{self.packed} + k*{row}"
            places = [q * lanes for q in range(self.tiling.vectors)]
            return block(loop("k", "0", k), [f"ST({to} + {at}, LD({source} + {at}));" for at in places])
        count = str(self.n) if self.tiling.panels == 1 else least(f"{self.n} - column*{lanes}", str(row))
        b_at = f"{b.pointer} + column*{lanes * b.outer}"
        return [f"transpose({b_at}, {b.outer}, {self.packed}, {row}, {count}, {k});"]

    def tile(self, bottom: str, end: str, epilogue: Epilogue) -> list[str]:
        """One tile into memory, then the epilogue over what of it is not yet done.

        There is nothing to do from row `bottom` and from vector `end` on.
        """
        return [*self.start(), *self.all_sums(bottom), *self.finish(epilogue, bottom, end)]

    def start(self) -> list[str]:
        """The row that the tile begins at."""
        rows, m = self.tiling.rows, self.m
        if m.times:
            return [f"const i64 last = {m.text} - {rows}, row = last < 0 || top < last ? top : last;"]
        return [f"const i64 row = {'top' if m.fixed % rows == 0 else least('top', str(m.fixed - rows))};"]

    def below(self, bottom: str) -> str:
        """The end of the tile's rows."""
        return f"const i64 below = {least(f'top + {self.tiling.rows}', bottom)};"

    def all_sums(self, bottom: str) -> list[str]:
        """The results of the tile into memory; where there are fewer rows than it has, one by one."""
        tile = self.sums(self.tiling.rows, "row", "tile")
        if not self.m.times:
            return tile
        few = block(loop("i", "top", "below"), self.sums(1, "i", f"tile + (i - top)*{self.row}"))
        return [*block("if (last < 0)", [self.below(bottom), *few]), *block("else", tile)]

    def sums(self, rows: int, row: str, to: str) -> list[str]:
        """The results of the rows from `row` on, stored from `to` on."""
        b = moved(self.b, f"column*{self.target.lanes}")
        if self.packs:
            b = View(self.packed, 1, self.row)
        a = moved(self.a, f"{row}*{self.a.outer}")
        return block("", accumulate(a, b, rows, self.strip, self.k.text, to))

    def finish(self, epilogue: Epilogue, bottom: str, end: str) -> list[str]:
        """The epilogue over the rows and vectors of the tile that are not yet done."""
        lanes = self.target.lanes
        one = [
            f"const i64 j = q*{lanes};",
            f"const v x = LD(tile + (i - row)*{self.row} + (q - column)*{lanes});",
            *epilogue("i", "j", "x", tail(self.n, lanes)),
        ]
        return [
            self.below(bottom),
            f"const i64 right = {least(f'left + {self.tiling.vectors}', end)};",
            *block(loop("i", "top", "below"), block(loop("q", "left", "right"), one)),
        ]


@dataclass(frozen=True)
class _Banded(_Straight):
    """The same for few rows and a large b, of which a band of rows is done at a time.

    The sums wait in scratch memory from one band to the next, each still one chain of multiply-adds.
    In the C text, the rows from `base` on are done together, in one pass over b, and `band` is the first
    row of a band. Threads share out vectors.
    """

    def body(self, epilogue: Epilogue, planned: int) -> Body:
        """The whole of it."""
        del planned
        tiling, m = self.tiling, self.m.text
        together = tiling.tiles * tiling.rows
        panel = self.row * together
        at = f"(left - lo)*{panel // tiling.vectors} + (top - base)*{self.row}"
        columns, rows = loop("left", "lo", "hi", tiling.vectors), loop("top", "base", "end", tiling.rows)

        def each(lines: list[str]) -> list[str]:
            inner = [f"real *const tile = scratch + {at};", *self.start(), *lines]
            return block(columns, [self.place(), *block(rows, inner)])

        panels = f"(hi - lo + {tiling.vectors - 1})/{tiling.vectors}"
        band = [
            f"const i64 along = {least(f'{self.k.text} - band', str(BAND))};",
            *each(self.all_sums("end")),
        ]
        lines = [
            f"const i64 end = {least(f'base + {together}', m)};",
            f"for (i64 at = 0; at < {panels}*{panel}; at += LANES) ST(scratch + at, S(0));",
            *block(loop("band", "0", self.k.text, BAND), band),
            *each(self.finish(epilogue, "end", "hi")),
        ]
        whole = (*self.strip.types(), *block(loop("base", "0", m, together), lines))
        return Body(whole, Extent(fixed=tiling.width), tiling.vectors, tiling.panels * panel)

    def sums(self, rows: int, row: str, to: str) -> list[str]:
        """What a band adds to the results of the rows from `row` on."""
        b = moved(self.b, f"column*{self.target.lanes} + band*{self.b.k}")
        a = moved(self.a, f"{row}*{self.a.outer} + band*{self.a.k}")
        return block("", accumulate(a, b, rows, self.strip, "along", to, more=True))
