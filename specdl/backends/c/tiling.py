"""How a product is cut into register tiles, and the tiles among threads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from specdl.backends.c.target import Target
from specdl.backends.c.tiles import registers

WIDEST = 8
"""Vectors of a tile, at most."""
LATENCY = 10
"""Accumulators up to which a tile waits for its own multiply-adds."""
LOAD, SPREAD = 0.25, 0.1
"""What loading a vector of b, and spreading a number of a over one, add to the multiply-adds."""


@dataclass(frozen=True)
class Tiling:
    """Tiles of `rows` by `vectors` accumulators, that cover `height` rows and `width` vectors.

    The last tile of each axis lies over the one before it where the axis is no multiple.
    """

    height: int
    width: int
    rows: int
    vectors: int
    by_rows: bool
    """Whether threads share out rows; otherwise they share out vectors of columns."""

    @property
    def panels(self) -> int:
        """Tiles beside one another."""
        return -(-self.width // self.vectors)

    @property
    def tiles(self) -> int:
        """Tiles below one another."""
        return -(-self.height // self.rows)


def most_vectors(rows: int, target: Target) -> int:
    """Vectors that a tile of so many rows has at most, for them to fit the registers."""
    return min((registers(target) - 1) // (rows + 1), WIDEST)


def tilings(height: int, width: int, target: Target) -> list[tuple[int, int]]:
    """The (rows, vectors) that a tile may have."""
    return [
        (rows, vectors)
        for rows in range(1, min(height, registers(target) - 2) + 1)
        for vectors in range(1, min(width, most_vectors(rows, target)) + 1)
    ]


@lru_cache(maxsize=1024)
def choose(height: int, width: int, target: Target, threads: int) -> Tiling:
    """The tiling whose busiest thread has the least to do.

    A tile costs its multiply-adds, and something for what it loads: so it is large, and leaves
    little over.
    """

    def cost(tiling: Tiling) -> tuple[float, bool, int]:
        tiles, panels = tiling.tiles, tiling.panels
        if tiling.by_rows:
            tiles = -(-tiles // threads)
        else:
            panels = -(-panels // threads)
        one = max(tiling.rows * tiling.vectors, LATENCY) + LOAD * tiling.vectors + SPREAD * tiling.rows
        return tiles * panels * one, not tiling.by_rows, panels

    shapes = tilings(height, width, target)
    return min(
        (Tiling(height, width, *shape, by_rows) for shape in shapes for by_rows in (True, False)), key=cost
    )
