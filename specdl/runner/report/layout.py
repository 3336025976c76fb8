"""Where the boxes of a directed graph stand and how its edges run, in layers from top to bottom.

The method of Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
structures", 1981: ranks by the longest path, long edges led through bends, few crossings by
barycentres, then places that make edges straight.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

SWEEPS = 10
BENDS = 6000
"""Beyond so many bends long edges are drawn straight: there is nothing to be read in them anyway."""
FIRM, LOOSE = 1e6, 1.0
"""How hard boxes and bends hold their places against one another."""
STRAIGHT, BOX = 8.0, 1e6
"""How much an edge between two bends, and between two boxes, wants to be upright; any other 1."""

Key = tuple[str, int]
"""A box as (name, -1); a bend of the edges that leave a box as (name, rank)."""
Point = tuple[float, float]


@dataclass(frozen=True)
class Space:
    """Distances: between boxes side by side, around bends, between ranks."""

    beside: float = 28.0
    bend: float = 12.0
    between: float = 30.0


@dataclass(frozen=True)
class Route:
    """An edge: the bends from `source` to `target`, each as the two ends of its upright piece."""

    source: str
    target: str
    bends: tuple[tuple[Point, Point], ...] = ()


@dataclass(frozen=True)
class Layout:
    """Boxes by name as (centre x, top y), and the edges; all within `width` and `height`."""

    boxes: Mapping[str, Point]
    routes: tuple[Route, ...]
    width: float
    height: float


@dataclass
class Net:
    """The graph with its bends, while it is laid out."""

    sizes: Mapping[str, Point]
    space: Space
    ranks: list[list[Key]]
    above: dict[Key, list[Key]] = field(default_factory=lambda: defaultdict(list))
    below: dict[Key, list[Key]] = field(default_factory=lambda: defaultdict(list))
    x: dict[Key, float] = field(default_factory=dict)

    def width(self, key: Key) -> float:
        """The breadth of a box; a bend has none."""
        return self.sizes[key[0]][0] if key[1] < 0 else 0.0

    def gap(self, left: Key, right: Key) -> float:
        """The least distance between the centres of two neighbours."""
        room = self.space.beside if left[1] < 0 and right[1] < 0 else self.space.bend
        return (self.width(left) + self.width(right)) / 2 + room


def place(sizes: Mapping[str, Point], edges: Sequence[tuple[str, str]], space: Space | None = None) -> Layout:
    """A layout of boxes of these sizes (width, height), listed so that every edge leads forwards."""
    space = space or Space()
    rank = ranked(list(sizes), edges)
    net = Net(sizes, space, [[] for _ in range(max(rank.values(), default=-1) + 1)])
    for name in sizes:
        net.ranks[rank[name]].append((name, -1))
    chains = bent(net, edges, rank)
    arrange(net)
    pull(net)
    align(net)
    return finish(net, edges, chains)


def ranked(names: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """The rank of each box: below all it reads; of one that reads nothing, just above its first reader."""
    reads: dict[str, list[str]] = defaultdict(list)
    readers: dict[str, list[str]] = defaultdict(list)
    for source, target in edges:
        reads[target].append(source)
        readers[source].append(target)
    rank: dict[str, int] = {}
    for name in names:
        rank[name] = max((rank[source] + 1 for source in reads[name]), default=0)
    for name in names:
        if not reads[name] and readers[name]:
            rank[name] = min(rank[reader] for reader in readers[name]) - 1
    return rank


def bent(
    net: Net, edges: Sequence[tuple[str, str]], rank: Mapping[str, int]
) -> dict[tuple[str, str], list[Key]]:
    """Put bends into the ranks that edges pass, shared by all edges of a source; the bends of each edge."""
    total = sum(max(0, rank[target] - rank[source] - 1) for source, target in edges)
    chains: dict[tuple[str, str], list[Key]] = {}
    for source, target in edges:
        passed = range(rank[source] + 1, rank[target]) if total <= BENDS else ()
        chains[source, target] = [(source, level) for level in passed]
        way = [(source, -1), *chains[source, target], (target, -1)]
        for upper, lower in pairwise(way):
            if upper not in net.above[lower]:
                net.above[lower].append(upper)
                net.below[upper].append(lower)
                if lower[1] >= 0:
                    net.ranks[lower[1]].append(lower)
    return chains


def arrange(net: Net) -> None:
    """Order the ranks so that few edges cross."""
    best, fewest = [list(rank) for rank in net.ranks], crossings(net)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        down = sweep % 2 == 0
        near = net.above if down else net.below
        pairs = pairwise(net.ranks)
        steps = list(pairs) if down else [(b, a) for a, b in pairs][::-1]
        for fixed, moved in steps:
            at = {key: i for i, key in enumerate(fixed)}
            order = {key: barycentre(near[key], at, i) for i, key in enumerate(moved)}
            moved.sort(key=order.__getitem__)
        count = crossings(net)
        if count < fewest:
            best, fewest = [list(rank) for rank in net.ranks], count
    net.ranks[:] = best


def barycentre(near: Sequence[Key], at: Mapping[Key, int], otherwise: int) -> float:
    """The mean place of the neighbours in the rank beside."""
    known = [at[key] for key in near if key in at]
    return sum(known) / len(known) if known else float(otherwise)


def crossings(net: Net) -> int:
    """How many pairs of edges cross."""
    total = 0
    for upper, lower in pairwise(net.ranks):
        at = {key: i for i, key in enumerate(lower)}
        passed: list[int] = []
        for key in upper:
            ends = sorted(at[each] for each in net.below[key] if each in at)
            total += sum(len(passed) - bisect_right(passed, end) for end in ends)
            for end in ends:
                insort(passed, end)
    return total


def pull(net: Net) -> None:
    """Move boxes and bends towards their neighbours, in turns from above and from below."""
    for rank in net.ranks:
        at = 0.0
        for i, key in enumerate(rank):
            at += net.gap(rank[i - 1], key) if i else 0.0
            net.x[key] = at
    for sweep in range(2 * SWEEPS):
        near = net.above if sweep % 2 == 0 else net.below
        for rank in net.ranks if sweep % 2 == 0 else net.ranks[::-1]:
            wanted = [wish(net, key, near[key]) for key in rank]
            firm = [FIRM if key[1] < 0 else LOOSE for key in rank]
            gaps = [net.gap(a, b) for a, b in pairwise(rank)]
            net.x |= zip(rank, spread(wanted, firm, gaps), strict=True)


def wish(net: Net, key: Key, near: Sequence[Key]) -> float:
    """Where a box or bend would stand if it were alone: between its neighbours."""
    weights = [STRAIGHT if key[1] >= 0 <= each[1] else BOX if key[1] < 0 > each[1] else 1.0 for each in near]
    if not near:
        return net.x[key]
    return sum(w * net.x[each] for w, each in zip(weights, near, strict=True)) / sum(weights)


def spread(wanted: Sequence[float], firm: Sequence[float], gaps: Sequence[float]) -> list[float]:
    """The places nearest to those wanted, in weighted squares, that keep the gaps.

    With the gaps taken off it is an isotonic regression: neighbours in the wrong order are
    pooled at their mean.

    >>> spread([0.0, 0.0], [1.0, 1.0], [10.0])
    [-5.0, 5.0]
    """
    offsets = [0.0]
    for gap in gaps:
        offsets.append(offsets[-1] + gap)
    pools: list[tuple[float, float, int]] = []
    for want, weight, offset in zip(wanted, firm, offsets, strict=False):
        mean, mass, count = want - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, more, n = pools.pop()
            mean, mass, count = (mean * mass + other * more) / (mass + more), mass + more, count + n
        pools.append((mean, mass, count))
    flat = [mean for mean, _, count in pools for _ in range(count)]
    return [at + offset for at, offset in zip(flat, offsets, strict=False)]


def align(net: Net) -> None:
    """Make the bends of one source upright where nothing is in the way."""
    order = {key: (rank, i) for rank in net.ranks for i, key in enumerate(rank)}
    chains: dict[str, list[Key]] = defaultdict(list)
    for rank in net.ranks:
        for key in rank:
            if key[1] >= 0:
                chains[key[0]].append(key)
    for chain in chains.values():
        low, high = float("-inf"), float("inf")
        for key in chain:
            rank, i = order[key]
            if i:
                low = max(low, net.x[rank[i - 1]] + net.gap(rank[i - 1], key))
            if i + 1 < len(rank):
                high = min(high, net.x[rank[i + 1]] - net.gap(key, rank[i + 1]))
        if low <= high:
            middle = sorted(net.x[key] for key in chain)[len(chain) // 2]
            net.x |= dict.fromkeys(chain, min(max(middle, low), high))


def finish(net: Net, edges: Sequence[tuple[str, str]], chains: Mapping[tuple[str, str], list[Key]]) -> Layout:
    """Heights for the ranks, and everything moved into the picture."""
    left = min((net.x[key] - net.width(key) / 2 for key in net.x), default=0.0)
    right = max((net.x[key] + net.width(key) / 2 for key in net.x), default=0.0)
    boxes: dict[str, Point] = {}
    levels: list[tuple[float, float]] = []
    y = 0.0
    for rank in net.ranks:
        height = max((net.sizes[key[0]][1] for key in rank if key[1] < 0), default=0.0)
        levels.append((y, y + height))
        for key in rank:
            if key[1] < 0:
                boxes[key[0]] = (net.x[key] - left, y)
        y += height + net.space.between
    routes = []
    for edge in dict.fromkeys(edges):
        xs = [(net.x[key] - left, levels[key[1]]) for key in chains[edge]]
        routes.append(Route(*edge, tuple(((x, top), (x, foot)) for x, (top, foot) in xs)))
    ordered = {name: boxes[name] for name in net.sizes}
    return Layout(ordered, tuple(routes), right - left, max(0.0, y - net.space.between))
