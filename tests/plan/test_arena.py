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
