"""Large products, left to a BLAS, block by block, so that what follows finds a block still in the cache."""

from __future__ import annotations

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
    lanes, width = target.lanes, -(-n // target.lanes)
    follows = epilogue("i", "j", "x", tail(n, lanes))
    ld = stored.ld if stored else width * lanes
    height = max(BLOCK_BYTES // (target.vector_bytes * width), LEAST_ROWS) // GRAIN_ROWS * GRAIN_ROWS
    # (what a block holds is scratch memory: no more rows than are planned, however wide they are)
    height = max(min(height, m.at(planned)), 1)
    (trans_a, lda), (trans_b, ldb) = letter(a.k, a.outer, k == ONE), letter(b.outer, b.k, n == 1)
    out = f"{stored.pointer} + top*{ld} + left" if stored else "scratch"
    b_at, a_at = f"{b.pointer} + left*{b.outer}", f"{a.pointer} + top*{a.outer}"
    gemm = "DGEMM" if target.dtype == "float64" else "SGEMM"
    inner = [
        "const int rows = (int)(below - top);",
        f"real *out = {out};",
        f'{gemm}("{trans_b}", "{trans_a}", &columns, &rows, &along, &one, {b_at}, &ldb, {a_at}, &lda,',
        "  &zero, out, &ldc);",
    ]
    by_rows = m.at(planned) >= n
    down, across = (("lo", "hi"), ("0", str(width))) if by_rows else (("0", m.text), ("lo", "hi"))
    if follows:
        x = f"const v x = LD(out + (i - top)*{ld} + j - left);"
        vectors = block(loop("q", *across), [f"const i64 j = q*{lanes};", x, *follows])
        inner += block(loop("i", "top", "below"), vectors)
    if stored and not follows:
        height = ALL
    left, right = ("0", str(n)) if by_rows else (f"lo*{lanes}", f"({least(f'hi*{lanes}', str(n))})")
    lines = [
        f"const i64 left = {left};",
        f"const int columns = (int)({right} - left), along = (int){k.text};",
        f"const int lda = {lda}, ldb = {ldb}, ldc = {ld};",
        "const real one = 1, zero = 0;",
        *block(
            loop("top", *down, height), [f"const i64 below = {least(f'top + {height}', down[1])};", *inner]
        ),
    ]
    units, grain = (m, GRAIN_ROWS) if by_rows else (Extent(fixed=width), 1)
    return Body(tuple(block("if (lo < hi)", lines)), units, grain, 0 if stored else height * ld)


def letter(plain: int, turned: int, single: bool) -> tuple[str, int]:
    """How a BLAS, which counts columns first, is told of an operand: "N" or "T", and its leading dimension.

    As specdl counts, an operand is as it should be where its `plain` stride is 1, transposed where its
    `turned` is. `single`: where both are, whether that is since its rows have one element.
    """
    assert 1 in (plain, turned), "an operand has contiguous rows or columns"
    return ("N", turned) if plain == 1 and (turned > 1 or single) else ("T", plain)
