from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from specdl.core.types import ALIGN, aligned
from specdl.plan import arena as arena_module
from specdl.plan.arena import Arena, Block, lower_bound, pack


def overlap(a, b, arena):
    low, other = arena.offsets[a.name], arena.offsets[b.name]
    return low < other + aligned(b.nbytes) and other < low + aligned(a.nbytes)


def holds(blocks):
    """The packed arena, once it was seen to keep its promises."""
    arena = pack(blocks)
    assert set(arena.offsets) == {b.name for b in blocks}
    for number, a in enumerate(blocks):
        assert arena.offsets[a.name] % ALIGN == 0
        assert arena.offsets[a.name] + aligned(a.nbytes) <= arena.nbytes
        for b in blocks[:number]:
            if a.start <= b.end and b.start <= a.end:
                assert not overlap(a, b, arena), (a, b)
    assert arena.nbytes >= lower_bound(blocks)
    return arena


@st.composite
def block_lists(draw):
    blocks = []
    for number in range(draw(st.integers(0, 40))):
        start = draw(st.integers(-1, 30))
        end = start + draw(st.integers(0, 12))
        blocks.append(Block(f"b{number}", draw(st.integers(1, 5000)), start, end))
    return blocks


@settings(max_examples=300)
@given(block_lists())
def test_blocks_that_live_together_never_overlap(blocks):
    holds(blocks)


@settings(max_examples=100)
@given(st.lists(st.integers(1, 4000), min_size=1, max_size=30))
def test_forward_and_backward_of_a_chain_reach_the_bound(sizes):
    """What forward keeps is freed in reverse: there is never a reason for a gap."""
    end = 2 * len(sizes)
    blocks = [Block(f"y{i}", size, i, end - i) for i, size in enumerate(sizes)]
    assert holds(blocks).nbytes == lower_bound(blocks)


def test_the_bound():
    assert lower_bound([]) == 0
    assert lower_bound([Block("a", 1, 0, 0)]) == 64
    assert lower_bound([Block("a", 65, 0, 1), Block("b", 64, 1, 2), Block("c", 64, 2, 3)]) == 192
    assert lower_bound([Block("a", 64, 0, 1), Block("b", 64, 2, 3)]) == 64


def test_nothing():
    assert pack([]) == Arena({}, 0)


def test_the_same_blocks_the_same_places():
    blocks = [Block(f"b{i}", 1 + 37 * i % 911, i % 7, i % 7 + i % 5) for i in range(60)]
    assert pack(blocks) == pack(list(blocks))


def test_no_order_is_tried_twice(monkeypatch):
    """Six blocks that miss the bound in every order: the search ends where its orders come back."""
    sizes = [(4, 4, 5), (2, 1, 3), (3, 1, 5), (3, 3, 3), (1, 2, 4), (4, 2, 6)]
    blocks = [Block(f"b{i}", 64 * lines, start, end) for i, (lines, start, end) in enumerate(sizes)]
    placed = []

    def counted(order):
        placed.append(tuple(order))
        return place(order)

    place = arena_module.place
    monkeypatch.setattr(arena_module, "place", counted)
    assert pack(blocks).nbytes > lower_bound(blocks)
    first = len(arena_module.ORDERS)  # those that are placed before the search begins
    assert len(placed) > first
    assert len(set(placed[first:])) == len(placed[first:])


def chain(count):
    """A long net forward, whose values are as large as chance has it, and each read by the next alone."""
    widths = Random(1)
    return [Block(f"y{i}", 64 * widths.randint(1, 200), i, i + 1) for i in range(count)]


def deep(count):
    """A net that widens, with backward: every other value waits for its turn, the rest is soon gone."""
    ends = (2 * count - i if i % 2 else i + 1 for i in range(count))
    return [Block(f"y{i}", 64 * (i + 1), i, end) for i, end in enumerate(ends)]


def test_a_long_net_that_widens_comes_close_to_the_bound(monkeypatch):
    monkeypatch.setattr(arena_module, "PAIRS", 0)
    blocks = deep(1500)
    assert arena_module.in_time(blocks).nbytes > 1.5 * lower_bound(blocks)
    assert holds_quickly(pack(blocks), blocks).nbytes <= 1.02 * lower_bound(blocks)


def holds_quickly(arena, blocks):
    """An arena of many blocks, once none was seen to take the bytes of another that still lives."""
    living: list[Block] = []
    for block in sorted(blocks, key=lambda each: each.start):
        living = [each for each in living if each.end >= block.start]
        assert not any(overlap(block, each, arena) for each in living)
        living.append(block)
    return arena


def test_what_is_soon_gone_is_compared_with_what_is_near_alone(monkeypatch):
    compared, lowest_gap = [], arena_module.lowest_gap

    def counting(near, block, size):
        compared.append(len(near))
        return lowest_gap(near, block, size)

    monkeypatch.setattr(arena_module, "lowest_gap", counting)
    arena_module.place(chain(5000))
    assert len(compared) == 5000
    assert sum(compared) <= 5000 * 2 * arena_module.SPAN


def test_what_fits_in_the_room_that_there_is_is_not_improved(monkeypatch):
    blocks = deep(300)
    room = arena_module.in_time(blocks).nbytes
    assert pack(blocks, room - 1).nbytes < room
    monkeypatch.setattr(arena_module, "attempts", None)
    assert pack(blocks, room) == arena_module.in_time(blocks)


def test_of_blocks_too_many_of_which_live_together_none_is_compared_with_all(monkeypatch):
    blocks = deep(3000)
    assert arena_module.together(blocks) > 3000**2 // 9
    monkeypatch.setattr(arena_module, "PAIRS", 3000)
    monkeypatch.setattr(arena_module, "in_layers", arena_module.in_time)
    monkeypatch.setattr(arena_module, "place", None)
    assert pack(blocks).nbytes > lower_bound(blocks)


@given(block_lists())
def test_the_pairs_that_live_together(blocks):
    pairs = sum(a.start <= b.end and b.start <= a.end for n, a in enumerate(blocks) for b in blocks[:n])
    assert arena_module.together(blocks) == pairs


@given(block_lists())
def test_a_hole_is_taken_by_what_fits_it_best(blocks):
    """What is handed out in time never lies higher than where a plain list of holes would have it."""
    assert arena_module.in_time(blocks).offsets == plainly(blocks)


def plainly(blocks):
    """What `in_time` does, byte by byte: every free run of 64 bytes is looked at."""
    offsets: dict[str, int] = {}
    for number, block in enumerate(
        order := sorted(blocks, key=lambda b: (b.start, b.start - b.end, -b.nbytes))
    ):
        living = sorted(
            (offsets[each.name], offsets[each.name] + aligned(each.nbytes))
            for each in order[:number]
            if each.end >= block.start
        )
        size = aligned(block.nbytes)
        edges = [(0, 0), *living]
        gaps = [(low - high, high) for (_, high), (low, _) in pairwise(edges) if low - high >= size]
        offsets[block.name] = min(gaps, default=(0, edges[-1][1]))[1]
    return offsets
