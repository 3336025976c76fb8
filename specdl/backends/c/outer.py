"""Products over hardly anything in C, as the gradient of a weight from one sample: row after row.

What follows on such a product is most of the work, and reads and writes memory in order that way.
"""

from __future__ import annotations

from specdl.backends.c.body import Body, Epilogue, Extent, View
from specdl.backends.c.target import Target
from specdl.backends.c.tiles import block, loop, tail

MOST_K = 2
"""Numbers that are summed, up to which tiles of accumulators gain nothing.

Generated in tiles over outer, with an update of (n, n) weights, float32, 64-byte vectors, by k and n:

    k       32      128     512     2048
    1       1.11    1.6     1.8     1.9
    2       1.03    1.2     1.4     0.93
    4       1.04    1.2     1.2     0.47
"""


def is_outer(b: View, k: int) -> bool:
    """Whether this is faster, where k are planned."""
    return b.outer == 1 and k <= MOST_K


def emit_outer(
    a: View, b: View, m: Extent, n: int, k: Extent, epilogue: Epilogue, target: Target, by_rows: bool
) -> Body:
    """Generate a (m, k) times b (k, n), where b has contiguous rows. Threads share out rows or vectors."""
    lanes, width = target.lanes, -(-n // target.lanes)
    down, across = (("lo", "hi"), ("0", str(width))) if by_rows else (("0", m.text), ("lo", "hi"))
    number, vector = f"{a.pointer}[i*{a.outer} + k*{a.k}]", f"LD({b.pointer} + j + k*{b.k})"
    one = [
        f"const i64 j = q*{lanes};",
        "v x = S(0);",
        f"{loop('k', '0', k.text)} x += {number}*{vector};",
        *epilogue("i", "j", "x", tail(n, lanes)),
    ]
    lines = block(loop("i", *down), block(loop("q", *across), one))
    return Body(tuple(lines), m if by_rows else Extent(fixed=width), 1, 0)
