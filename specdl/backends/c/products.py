"""Products in C: register tiles of explicit accumulators, then what becomes of each vector of results.

The sum of each element runs over k in order, as one chain of multiply-adds, wherever the element
lies: tiles, threads and batches of any size give the same bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from specdl.backends.c.body import Body, Epilogue, Extent
from specdl.backends.c.target import Target
from specdl.backends.c.tiling import Tiling, choose

NARROWEST = 16
"""Bytes of the narrowest vector."""
PACKED_TILES = 4
"""Tiles below one another from which it pays to copy a panel of b together first."""
TRANSPOSED = 4
"""Rows or columns up to which a plain loop transposes as fast as vectors do."""


@dataclass(frozen=True)
class View:
    """An operand: element (i, k) lies at `pointer[i * outer + k * self.k]`; i runs along m for a, n for b."""

    pointer: str
    outer: int
    k: int


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

    One of the strides of b is 1. Reads up to a vector beyond the last column of a row of b, and
    leaves all writing to the epilogue.
    """
    assert 1 in (b.outer, b.k), "b has contiguous columns or contiguous rows"
    lanes = target.lanes
    width = -(-n // lanes)
    tiling = choose(max(m.at(planned), 1), width, target, threads)
    return _Straight(a, b, m, n, k, target, planned, tiling).body(epilogue)


@dataclass(frozen=True)
class _Straight:
    """A product whose vectors run along n."""

    a: View
    b: View
    m: Extent
    n: int
    k: Extent
    target: Target
    planned: int
    tiling: Tiling

    @property
    def row(self) -> int:
        """Numbers in a row of a tile."""
        return self.tiling.vectors * self.target.lanes

    @property
    def packs(self) -> bool:
        """Whether panels of b are put together in scratch memory first."""
        if self.b.outer != 1:
            return True
        return self.tiling.panels > 1 and self.tiling.tiles >= PACKED_TILES

    @property
    def last(self) -> int:
        """Lanes of the last vector: fewer where the columns are a single panel, and end early."""
        return narrow(self.n, self.target) if self.tiling.panels == 1 else self.target.lanes

    def body(self, epilogue: Epilogue) -> Body:
        """The whole of it."""
        tiling, by_rows = self.tiling, self.tiling.by_rows
        rows = loop("top", "lo" if by_rows else "0", "hi" if by_rows else self.m.text, tiling.rows)
        columns = loop(
            "left", "0" if by_rows else "lo", str(tiling.width) if by_rows else "hi", tiling.vectors
        )
        panel = [*self.place_columns(), *self.pack(), *block(rows, self.tile(epilogue))]
        lines = [
            *narrow_type(self.last, self.target),
            f"real tile[{tiling.rows * self.row}] __attribute__((aligned(64)));",
            *block(columns, panel),
        ]
        units = self.m if by_rows else Extent(fixed=tiling.width)
        grain = tiling.rows if by_rows else tiling.vectors
        scratch = self.row * self.k.at(self.planned) if self.packs else 0
        return Body(tuple(lines), units, grain, scratch)

    def place_columns(self) -> list[str]:
        """Where the panel lies, in vectors: [from, right) of it are still to be done."""
        width, vectors = self.tiling.width, self.tiling.vectors
        end = "hi" if not self.tiling.by_rows else str(width)
        over = self.tiling.panels * vectors != width
        column = f"left < {width - vectors} ? left : {width - vectors}" if over else "left"
        right = f"left + {vectors} < {end} ? left + {vectors} : {end}"
        if self.tiling.panels == 1:
            column, right = "0", end
        return [f"const i64 column = {column}, right = {right};"]

    def pack(self) -> list[str]:
        """Bring the panel of b into scratch memory, row after row."""
        lanes, row, b, k = self.target.lanes, self.row, self.b, self.k.text
        if not self.packs:
            return []
        if b.outer == 1:
            source, to = f"{b.pointer} + column*{lanes} + k*{b.k}", f"scratch + k*{row}"
            moves = [
                f"ST({to} + {q * lanes}, LD({source} + {q * lanes}));" for q in range(self.tiling.vectors)
            ]
            return block(loop("k", "0", k), moves)
        source = f"{b.pointer} + column*{lanes * b.outer}"
        count = f"{self.n} - column*{lanes}"
        if self.tiling.panels > 1:
            count = f"{count} < {row} ? {count} : {row}"
        else:
            count = str(self.n)
        if min(self.n, self.k.at(self.planned)) <= TRANSPOSED:
            inner = block(loop("l", "0", "count"), [f"scratch[k*{row} + l] = ({source})[l*{b.outer} + k];"])
            return [f"const i64 count = {count};", *block(loop("k", "0", k), inner)]
        return [f"transpose({source}, {b.outer}, scratch, {row}, {count}, {k});"]

    def tile(self, epilogue: Epilogue) -> list[str]:
        """One tile: its accumulators, put in memory, then the epilogue over what of it is not yet done."""
        rows, m = self.tiling.rows, self.m
        end = "hi" if self.tiling.by_rows else m.text
        lines = [f"const i64 below = top + {rows} < {end} ? top + {rows} : {end};"]
        full = self.accumulate(range(rows), "row")
        if not m.times:
            over = m.fixed % rows
            row = f"top < {m.fixed - rows} ? top : {m.fixed - rows}" if over else "top"
            lines += [f"const i64 row = {row};", *full]
        else:
            row = f"top > {m.text} - {rows} && {m.text} >= {rows} ? {m.text} - {rows} : top"
            each = block(
                loop("i", "top", "below"), self.accumulate(range(1), "i", f"tile + (i - top)*{self.row}")
            )
            lines += [
                f"const i64 row = {row};",
                *block(f"if ({m.text} >= {rows})", full),
                *block("else", each),
            ]
        return lines + self.finish(epilogue)

    def accumulate(self, rows: Iterable[int], row: str, to: str = "tile") -> list[str]:
        """The accumulators of rows from `row` on, stored from `to` on."""
        lanes, vectors, a = self.target.lanes, self.tiling.vectors, self.a
        kinds = ["v"] * vectors
        if self.last < lanes:
            kinds[-1] = "narrow"
        names = {(r, q): f"c{r}_{q}" for r in rows for q in range(vectors)}
        lines = [f"{kinds[q]} {name} = {{0}};" for (_, q), name in names.items()]
        source, step = (
            (f"{self.b.pointer} + column*{lanes}", self.b.k) if not self.packs else ("scratch", self.row)
        )
        lines += [f"const real *along = {a.pointer} + ({row})*{a.outer}, *across = {source};"]
        inner = [
            f"const {kinds[q]} b{q} = *(const {kinds[q]} *)(across + {q * lanes});" for q in range(vectors)
        ]
        for r in rows:
            sums = " ".join(f"{names[r, q]} += x*b{q};" for q in range(vectors))
            inner.append(f"{{ const real x = along[{r * a.outer}]; {sums} }}")
        inner.append(f"along += {a.k}; across += {step};")
        lines += block(loop("k", "0", self.k.text), inner)
        for (r, q), name in names.items():
            whole = name if kinds[q] == "v" else widened(name, self.last, self.target)
            lines.append(f"ST({to} + {r * self.row + q * lanes}, {whole});")
        return block("", lines)

    def finish(self, epilogue: Epilogue) -> list[str]:
        """The epilogue over the rows [top, below) and the vectors [left, right) of the tile."""
        lanes, n = self.target.lanes, self.n
        tail = "0" if n % lanes == 0 else "1" if n < lanes else f"(j == {n // lanes * lanes})"
        one = [
            f"const i64 j = q*{lanes};",
            f"const v x = LD(tile + (i - row)*{self.row} + j - column*{lanes});",
            *epilogue("i", "j", "x", tail),
        ]
        return block(loop("i", "top", "below"), block(loop("q", "left", "right"), one))


def narrow(n: int, target: Target) -> int:
    """Lanes of the narrowest vector that holds the columns beyond the last whole vector."""
    lanes = target.lanes
    rest = n % lanes or lanes
    while lanes // 2 >= rest and target.vector_bytes * (lanes // 2) // target.lanes >= NARROWEST:
        lanes //= 2
    return lanes


def narrow_type(lanes: int, target: Target) -> list[str]:
    """The type of such a vector, and how it becomes a whole one: with zeros."""
    if lanes == target.lanes:
        return []
    size = f"vector_size({lanes}*sizeof(real)), aligned(sizeof(real)), may_alias"
    return [f"typedef real narrow __attribute__(({size}));"]


def widened(name: str, lanes: int, target: Target) -> str:
    """A narrow vector as a whole one, with zeros."""
    order = ", ".join(str(min(lane, lanes)) for lane in range(target.lanes))
    return f"__builtin_shufflevector({name}, (narrow){{0}}, {order})"


def loop(name: str, first: str, end: str, step: int = 1) -> str:
    """The head of a loop."""
    return f"for (i64 {name} = {first}; {name} < {end}; {name} += {step})"


def block(head: str, lines: Iterable[str]) -> list[str]:
    """A head, and its lines in braces."""
    return [f"{head} {{".lstrip(), *("  " + line for line in lines), "}"]
