"""Offsets in one arena for blocks with lifetimes."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from specdl.core.types import aligned


@dataclass(frozen=True)
class Block:
    """So many bytes, needed from one instruction to another, both included."""

    name: str
    nbytes: int
    start: int
    end: int


@dataclass(frozen=True)
class Arena:
    """Where every block lies, and how large the whole is; bytes."""

    offsets: dict[str, int]
    nbytes: int


def lower_bound(blocks: Sequence[Block]) -> int:
    """The largest sum of bytes needed at one instruction: no arena can be smaller."""
    change: dict[int, int] = {}
    for block in blocks:
        change[block.start] = change.get(block.start, 0) + aligned(block.nbytes)
        change[block.end + 1] = change.get(block.end + 1, 0) - aligned(block.nbytes)
    live = most = 0
    for instant in sorted(change):
        live += change[instant]
        most = max(most, live)
    return most


MANY = 1000
"""Blocks from which on an arena within 2 per cent of the bound is not improved."""


def pack(blocks: Sequence[Block]) -> Arena:
    """Offsets such that blocks that live together never overlap.

    Finding the smallest arena is NP-hard (it is bin packing). Handing out memory in the order
    of time reaches the bound on nearly every program, at once: what backward frees is what
    forward took last. Where it does not, blocks are placed one by one in the lowest gap that
    fits, in several orders, and the best is taken; that takes time quadratic in their number, so
    of a long program what is close to the bound is good enough.
    """
    bound = lower_bound(blocks)
    best = in_time(blocks)
    enough = bound if len(blocks) <= MANY else bound + bound // 50
    for order in ORDERS:
        if best.nbytes <= enough:
            break
        best = min(best, place(sorted(blocks, key=order)), key=lambda arena: arena.nbytes)
    if best.nbytes > bound + bound // 50:
        best = min(best, promoted(blocks, enough), key=lambda arena: arena.nbytes)
    return best


EFFORT = 1_000_000
"""Pairs of blocks that are looked at to improve an arena: about a tenth of a second."""


def promoted(blocks: Sequence[Block], enough: int) -> Arena:
    """The best of placing again and again, what lay at the top the last time first."""
    best: Arena | None = None
    for first in ORDERS:
        order = sorted(blocks, key=first)
        for _ in range(EFFORT // len(ORDERS) // max(1, len(blocks)) ** 2):
            arena = place(order)
            if best is None or arena.nbytes < best.nbytes:
                best = arena
            if best.nbytes <= enough:
                return best
            top = [b for b in order if arena.offsets[b.name] + aligned(b.nbytes) == arena.nbytes]
            order = top + [b for b in order if b not in top]
    return best or in_time(blocks)


def in_time(blocks: Sequence[Block]) -> Arena:
    """Offsets as an allocator gives them that takes the smallest hole that fits, then the top."""
    offsets: dict[str, int] = {}
    holes: list[tuple[int, int]] = []
    living: list[tuple[int, int, int]] = []
    top = most = 0
    for block in sorted(blocks, key=lambda b: (b.start, b.start - b.end, -b.nbytes)):
        while living and living[0][0] < block.start:
            _, low, high = heappop(living)
            top = release(holes, low, high, top)
        size = aligned(block.nbytes)
        fits = [(high - low, low, high) for low, high in holes if high - low >= size]
        if fits:
            _, low, high = min(fits)
            holes.remove((low, high))
            if high - low > size:
                insort(holes, (low + size, high))
        else:
            low, top = top, top + size
        offsets[block.name] = low
        heappush(living, (block.end, low, low + size))
        most = max(most, top)
    return Arena(offsets, most)


def release(holes: list[tuple[int, int]], low: int, high: int, top: int) -> int:
    """Give back a range, joined with the holes beside it; where the top is now."""
    if low == high:
        return top
    for hole in [hole for hole in holes if hole[1] == low or hole[0] == high]:
        holes.remove(hole)
        low, high = min(low, hole[0]), max(high, hole[1])
    if high == top:
        return low
    insort(holes, (low, high))
    return top


ORDERS: tuple[Callable[[Block], tuple[int, ...]], ...] = (
    lambda b: (-b.nbytes, b.start, -b.end),
    lambda b: (b.start - b.end, -b.nbytes, b.start),
    lambda b: (b.start, b.start - b.end, -b.nbytes),
    lambda b: (-b.end, b.start, -b.nbytes),
)
"""Which blocks are placed first: the largest, the longest lived, the first made, the last needed."""


def place(blocks: Sequence[Block]) -> Arena:
    """Put each block in turn at the lowest offset where nothing that lives with it lies."""
    offsets: dict[str, int] = {}
    placed: list[tuple[int, int, Block]] = []
    most = 0
    for block in blocks:
        size, floor = aligned(block.nbytes), 0
        for low, high, other in placed:
            if other.end < block.start or other.start > block.end:
                continue
            if low - floor >= size:
                break
            floor = max(floor, high)
        offsets[block.name] = floor
        insort(placed, (floor, floor + size, block), key=lambda each: each[:2])
        most = max(most, floor + size)
    return Arena(offsets, most)
