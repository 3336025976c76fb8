"""The order in which an epoch deals out its samples: a function of (seed, epoch), in O(sqrt(rows)) memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from specdl.core.random import Stream

Indices = np.ndarray[Any, np.dtype[np.int64]]

FEW = 64
"""Rows up to which the tables are so short that the network needs more rounds to mix well."""
BLOCK = 1 << 14
"""Indices computed at a time, so that they stay in a processor's cache."""
SHORT = BLOCK // 2
"""Rows up to which several epochs are computed at a time."""


@dataclass(frozen=True)
class Order:
    """A permutation of `rows` samples for each epoch, of which any range can be had alone.

    A place in the epoch is written as (left, right) on a grid of about sqrt(rows) by
    sqrt(rows) cells, and mixed by a Feistel network: in turn, left grows by a random number
    looked up at right, and right by one looked up at left, each modulo its side of the grid.
    Every step can be undone, so the network permutes the grid. The few cells beyond `rows` are
    walked through: the network is applied again until the cell is a sample's. The tables of
    random numbers are functions of (seed, epoch).

    Sources: Luby and Rackoff, "How to construct pseudorandom permutations from pseudorandom
    functions", 1988; Black and Rogaway, "Ciphers with arbitrary finite domains", 2002.

    >>> Order(seed=0, rows=5, shuffle=False).indices(0, 1, 4).tolist()
    [1, 2, 3]
    >>> sorted(Order(seed=0, rows=5).indices(7, 0, 5).tolist())
    [0, 1, 2, 3, 4]
    """

    seed: int
    rows: int
    shuffle: bool = True

    def indices(self, epoch: int, start: int, stop: int) -> Indices:
        """The samples at places `start` to `stop - 1` of an epoch; both may be 0 to `rows`.

        Raises `ValueError` for a range that an epoch does not have.
        """
        if not 0 <= start <= stop <= self.rows:
            raise ValueError(f"an epoch has places 0 to {self.rows}, not {start} to {stop}")
        if not self.shuffle or self.rows < 2:
            return np.arange(start, stop, dtype=np.int64)
        if self.rows <= SHORT:
            together = BLOCK // self.rows
            return epochs_of(self.seed, epoch // together, self.rows)[epoch % together, start:stop].copy()
        network = networks_of(self.seed, epoch, self.rows, 1)
        out = np.empty(stop - start, dtype=np.int64)
        for begin in range(start, stop, BLOCK):
            end = min(begin + BLOCK, stop)
            out[begin - start : end - start] = network.walk(np.arange(begin, end, dtype=np.int64)[None])
        return out


@dataclass(frozen=True, eq=False)
class Networks:
    """A random permutation for each of some epochs of a grid of `height` by `width` cells, `rows` in use."""

    rows: int
    height: int
    width: int
    tables: tuple[Indices, ...]
    """One for each half-round, (epochs, height or width)."""

    def walk(self, places: Indices) -> Indices:
        """The sample at each place: (epochs, places) or (1, places) to (epochs, places)."""
        cells = self.mix(np.broadcast_to(places, (len(self.tables[0]), places.shape[1])))
        beyond = np.nonzero(cells >= self.rows)
        while len(beyond[0]):
            moved = self.mix_some(beyond[0], cells[beyond])
            cells[beyond] = moved
            still = moved >= self.rows
            beyond = (beyond[0][still], beyond[1][still])
        return cells

    def mix(self, cells: Indices) -> Indices:
        """The networks, once, on a row of cells for each epoch."""
        epochs = np.arange(len(cells))[:, None]
        return self.mix_some(np.broadcast_to(epochs, cells.shape), cells)

    def mix_some(self, epochs: Indices, cells: Indices) -> Indices:
        """The network of each cell's epoch, once."""
        left, right = np.divmod(cells, self.width)
        widths, heights = epochs * self.width, epochs * self.height
        for number, table in enumerate(self.tables):
            flat = table.reshape(-1)
            if number % 2 == 0:
                left += flat.take(widths + right)
                left -= self.height * (left >= self.height)
            else:
                right += flat.take(heights + left)
                right -= self.width * (right >= self.width)
        return left * self.width + right


def half_rounds(rows: int) -> int:
    """Half-rounds of the network: four suffice for long random tables (Luby and Rackoff).

    Tests hold the orders of 2 to 5 rows uniform at twelve.
    """
    return 12 if rows <= FEW else 4


@lru_cache(maxsize=4)
def epochs_of(seed: int, group: int, rows: int) -> Indices:
    """The orders of a group of short epochs, (epochs, rows): together they share the overhead."""
    together = BLOCK // rows
    return networks_of(seed, group * together, rows, together).walk(np.arange(rows, dtype=np.int64)[None])


@lru_cache(maxsize=4)
def networks_of(seed: int, first: int, rows: int, epochs: int) -> Networks:
    """The networks of some epochs from `first` on, a multiple of `epochs`."""
    height = math.isqrt(rows - 1) + 1
    width = -(-rows // height)
    rounds = half_rounds(rows)
    words = Stream(seed, "order", first // epochs).integers(2**32, (epochs, rounds // 2 * (height + width)))
    tables, begin = [], 0
    for number in range(rounds):
        limit, length = (height, width) if number % 2 == 0 else (width, height)
        tables.append(np.ascontiguousarray(words[:, begin : begin + length] * limit >> 32))
        begin += length
    return Networks(rows, height, width, tuple(tables))


@dataclass(frozen=True)
class Batches:
    """How an epoch falls into batches: `steps` of them, the last of `last` rows."""

    steps: int
    last: int


def batches(rows: int, batch_size: int, drop_last: bool = False) -> Batches:
    """The batches of an epoch over `rows` samples; none where `drop_last` leaves none.

    >>> batches(1000, 64)
    Batches(steps=16, last=40)
    >>> batches(1000, 64, drop_last=True)
    Batches(steps=15, last=64)
    """
    whole, rest = divmod(rows, batch_size)
    if rest and not drop_last:
        return Batches(whole + 1, rest)
    return Batches(whole, batch_size if whole else 0)
