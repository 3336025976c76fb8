"""Products with few columns in C, whose vectors run along m: the gradient of a weight that is few wide."""

from __future__ import annotations

from specdl.backends.c.body import Body, Epilogue, Extent, View
from specdl.backends.c.target import Target
from specdl.backends.c.tiles import accumulate, block, least, loop, moved, strip
from specdl.backends.c.tiling import most_vectors


def is_tall(a: View, m: Extent, n: int, target: Target) -> bool:
    """Whether vectors along m do more: its numbers are contiguous, and n fills less than half a vector."""
    return a.outer == 1 and not m.times and m.fixed > n and 2 * n <= target.lanes // 2


def emit_tall(
    a: View, b: View, m: int, n: int, k: Extent, epilogue: Epilogue, target: Target, threads: int
) -> Body:
    """Generate a (m, k) times b (k, n), where `is_tall`. Threads share out vectors along m."""
    lanes = target.lanes
    height = -(-m // lanes)
    vectors = min(most_vectors(n, target), -(-height // threads))
    tiles = -(-height // vectors)
    part = strip(m if tiles == 1 else vectors * lanes, vectors, target)
    row = "up" if height % vectors == 0 else least("up", str(height - vectors))
    columns = ", ".join(f"turned[{part.row * j} + i - row*{lanes}]" for j in range(n))
    one = [f"const v x = {{{columns}}};", *epilogue("i", "0", "x", "1")]
    below = least(f"(up + {vectors} < hi ? up + {vectors} : hi)*{lanes}", str(m))
    inner = [
        f"const i64 row = {row}, below = {below};",
        *block("", accumulate(b, moved(a, f"row*{lanes}"), n, part, k.text, "turned")),
        *block(loop("i", f"up*{lanes}", "below"), one),
    ]
    lines = [
        *part.types(),
        f"real turned[{n * part.row}] __attribute__((aligned(64)));",
        *block(loop("up", "lo", "hi", vectors), inner),
    ]
    return Body(tuple(lines), Extent(fixed=height), vectors, 0)
