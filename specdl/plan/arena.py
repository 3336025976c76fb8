"""Offsets in one arena for blocks with lifetimes."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
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
PAIRS = 10_000_000
"""Up to so many pairs of blocks that live together, blocks are placed one by one: half a second an order."""


def pack(blocks: Sequence[Block], room: int = 0) -> Arena:
    """Offsets such that blocks that live together never overlap.

    Finding the smallest arena is NP-hard (it is bin packing). Handing out memory in the order
    of time reaches the bound on nearly every program, at once: what backward frees is what
    forward took last. Where it does not, blocks are placed one by one in the lowest gap that
    fits, in several orders, and the best is taken; that takes time for every pair that lives
    together, so of a long program what is close to the bound is good enough, and so is what fits in
    the `room` that is there anyway.
    """
    bound = lower_bound(blocks)
    best = in_time(blocks)
    enough = max(room, bound if len(blocks) <= MANY else bound + bound // 50)
    if best.nbytes > enough:
        for arena in attempts(blocks):
            best = min(best, arena, key=lambda arena: arena.nbytes)
            if best.nbytes <= enough:
                break
    if best.nbytes > max(room, bound + bound // 50):
        best = min(best, promoted(blocks, enough), key=lambda arena: arena.nbytes)
    return best


def attempts(blocks: Sequence[Block]) -> Iterator[Arena]:
    """Arenas that are often smaller and take longer to find, the quickest first."""
    if len(blocks) > MANY:
        yield in_layers(blocks)
    if together(blocks) <= PAIRS:
        for order in ORDERS:
            yield place(sorted(blocks, key=order))


def together(blocks: Sequence[Block]) -> int:
    """How many pairs of blocks live at the same time."""
    ends = sorted(block.end for block in blocks)
    started = sorted(block.start for block in blocks)
    return sum(number - bisect_left(ends, start) for number, start in enumerate(started))


def in_layers(blocks: Sequence[Block]) -> Arena:
    """What lives long below what is soon gone, so that neither leaves holes in the other."""
    brief = [block for block in blocks if block.end - block.start < SPAN]
    lasting = in_time([block for block in blocks if block.end - block.start >= SPAN])
    above = place(sorted(brief, key=ORDERS[0]))
    lifted = {name: offset + lasting.nbytes for name, offset in above.offsets.items()}
    return Arena({**lasting.offsets, **lifted}, lasting.nbytes + above.nbytes)


EFFORT = 1_000_000
"""Pairs of blocks that are looked at to improve an arena: about a tenth of a second."""


def promoted(blocks: Sequence[Block], enough: int) -> Arena:
    """The best of placing again and again, what lay at the top the last time first.

    An order that comes back brings all that followed it back, so that is where the search ends.
    """
    best: Arena | None = None
    tried: set[tuple[Block, ...]] = set()
    for first in ORDERS:
        order = sorted(blocks, key=first)
        for _ in range(EFFORT // len(ORDERS) // max(1, len(blocks)) ** 2):
            if tuple(order) in tried:
                break
            tried.add(tuple(order))
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
    holes = Holes()
    living: list[tuple[int, int, int]] = []
    most = 0
    for block in sorted(blocks, key=lambda b: (b.start, b.start - b.end, -b.nbytes)):
        while living and living[0][0] < block.start:
            _, low, high = heappop(living)
            holes.release(low, high)
        size = aligned(block.nbytes)
        low = holes.take(size)
        offsets[block.name] = low
        heappush(living, (block.end, low, low + size))
        most = max(most, holes.top)
    return Arena(offsets, most)


@dataclass
class Holes:
    """What is free in an arena: holes, of which no two touch, and all from `top` on."""

    top: int = 0
    sized: list[tuple[int, int]] = field(default_factory=list)
    """The holes as their sizes and where they begin, in order."""
    starts: dict[int, int] = field(default_factory=dict)
    """Where the hole ends that begins at an offset."""
    ends: dict[int, int] = field(default_factory=dict)

    def take(self, size: int) -> int:
        """The first byte of the smallest hole that has so many, else of the top; it is free no more."""
        number = bisect_left(self.sized, (size, 0))
        if number == len(self.sized):
            self.top += size
            return self.top - size
        found, low = self.sized[number]
        self.drop(low, low + found)
        if found > size:
            self.put(low + size, low + found)
        return low

    def release(self, low: int, high: int) -> None:
        """Give back a range, joined with the holes beside it."""
        if low == high:
            return
        after, before = self.starts.get(high), self.ends.get(low)
        if after is not None:
            self.drop(high, after)
            high = after
        if before is not None:
            self.drop(before, low)
            low = before
        if high == self.top:
            self.top = low
        else:
            self.put(low, high)

    def put(self, low: int, high: int) -> None:
        insort(self.sized, (high - low, low))
        self.starts[low], self.ends[high] = high, low

    def drop(self, low: int, high: int) -> None:
        del self.sized[bisect_left(self.sized, (high - low, low))], self.starts[low], self.ends[high]


ORDERS: tuple[Callable[[Block], tuple[int, ...]], ...] = (
    lambda b: (-b.nbytes, b.start, -b.end),
    lambda b: (b.start - b.end, -b.nbytes, b.start),
    lambda b: (b.start, b.start - b.end, -b.nbytes),
    lambda b: (-b.end, b.start, -b.nbytes),
)
"""Which blocks are placed first: the largest, the longest lived, the first made, the last needed."""


SPAN = 64
"""Instructions that are looked at together, to find what lives with a block that is soon gone."""
Taken = tuple[int, int, int, int]
"""First and last byte, and first and last instruction, of a block that has its place."""


def place(blocks: Sequence[Block]) -> Arena:
    """Put each block in turn at the lowest offset where nothing that lives with it lies."""
    offsets: dict[str, int] = {}
    everything: list[Taken] = []
    shelves: dict[int, list[Taken]] = {}
    most = 0
    for block in blocks:
        size = aligned(block.nbytes)
        first, last = block.start // SPAN, block.end // SPAN
        near = shelves.get(first, []) if first == last else everything
        low = lowest_gap(near, block, size)
        offsets[block.name] = low
        most = max(most, low + size)
        taken = (low, low + size, block.start, block.end)
        for shelf in (everything, *(shelves.setdefault(each, []) for each in range(first, last + 1))):
            insort(shelf, taken, key=lambda each: each[:2])
    return Arena(offsets, most)


def lowest_gap(near: Sequence[Taken], block: Block, size: int) -> int:
    """The first offset at which so many bytes are free while a block lives; `near` is in order."""
    floor, first, last = 0, block.start, block.end
    for low, high, start, end in near:
        if end < first or start > last:
            continue
        if low - floor >= size:
            break
        floor = max(floor, high)
    return floor
