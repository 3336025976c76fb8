"""Where values lie that nests store, and that nothing lies over what is still needed."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specdl.core.errors import CompilerFault
from specdl.core.types import BYTES
from specdl.loops.fuse import fuse
from specdl.ops.layers.flatten import Flatten
from specdl.ops.optimizers.adam import Adam
from specdl.ops.optimizers.sgd import SGD
from specdl.plan.nest_schedule import lifetimes, schedule, stored_bytes
from specdl.plan.place import Place
from specdl.plan.plan import fixed_places
from specdl.program.lower import lower
from specdl.program.passes import optimize
from tests.plan.test_plan import nets
from tests.program.graphs import Drawn, two_layers

ROWS, LANES = 10, 16


def scheduled(graph, optimizer=None, whole=True, rows=ROWS, lanes=LANES):
    """The schedule of a graph's training step, and the sizes of all arenas."""
    program = optimize(lower(graph, optimizer or SGD(lr=0.1, momentum=0.5), "train"))
    fixed, sizes = fixed_places({"train": program}, rows)
    made, size = schedule(fuse(program, whole=whole), fixed, rows, lanes)
    sizes["activations"] = size
    return made, sizes


@settings(max_examples=40)
@given(nets(), st.sampled_from([1, 7, 50]), st.booleans(), st.sampled_from([2, 16]))
def test_no_two_values_overlap(graph, rows, whole, lanes):
    made, sizes = scheduled(graph, Adam(), whole, rows, lanes)
    made.verify(rows, sizes)
    # the same, one nest after another
    lives = lifetimes(made.nests)
    in_arena = [value for value, place in made.places.items() if place.arena == "activations"]
    for number in range(len(made.nests.nests)):
        here = sorted(
            (made.places[v].offset, made.places[v].offset + stored_bytes(made.nests, made.lds, v, rows))
            for v in in_arena
            if lives[v][0] <= number <= lives[v][1]
        )
        assert all(high <= low for (_, high), (low, _) in pairwise(here))


def test_rows_between_nests_are_whole_vectors_and_those_outside_are_not():
    made, _ = scheduled(two_layers())
    assert made.lds["tanh1.y"] == 16
    assert not set(made.lds) & {"x", "target", "fc1.weight", "dfc1.weight"}
    assert made.ld("x", 3) == 3


def test_what_is_read_in_another_shape_has_no_gaps():
    drawn = Drawn(3, 5)
    drawn.loss(drawn.linear("head", drawn.add("flat", Flatten(), drawn.linear("fc", "x", 4)), 2))
    made, _ = scheduled(drawn.graph(head="head.y"))
    assert "fc.y" not in made.lds
    assert made.place("flat.y") == made.place("fc.y")


def test_what_is_handed_on_lies_where_its_predecessor_lay():
    made, _ = scheduled(two_layers(), Adam())
    for handed, kept in made.program.carries.items():
        assert made.place(handed) == made.place(kept)


def together(made):
    """Two values of the arena that live at the same time."""
    lives = lifetimes(made.nests)
    values = [value for value, place in made.places.items() if place.arena == "activations"]
    for one in values:
        for other in values:
            if one != other and lives[one][0] <= lives[other][0] <= lives[one][1]:
                return one, other
    raise AssertionError


@pytest.mark.parametrize("whole", [True, False])
def test_an_overlap_is_found(whole):
    made, sizes = scheduled(two_layers(), whole=whole)
    one, other = together(made)
    moved = replace(made, places={**made.places, other: made.places[one]})
    with pytest.raises(CompilerFault, match=r"`.*` and `.*` overlap at \d+"):
        moved.verify(ROWS, sizes)
    # by the last byte too
    size = stored_bytes(made.nests, made.lds, one, ROWS)
    at = made.places[one].offset + size - BYTES["float32"]
    sizes["activations"] += 1 << 20
    with pytest.raises(CompilerFault, match="overlap"):
        replace(made, places={**made.places, other: Place("activations", at)}).verify(ROWS, sizes)


def test_rows_that_are_longer_than_was_planned_are_found():
    made, sizes = scheduled(two_layers())
    with pytest.raises(CompilerFault, match=r"overlap|outside of activations"):
        replace(made, lds={**made.lds, "tanh1.y": 1 << 16}).verify(ROWS, sizes)


@pytest.mark.parametrize("arena", ["activations", "params", "batch", "optimizer"])
def test_what_lies_outside_of_its_arena_is_found(arena):
    made, sizes = scheduled(two_layers())
    value = next(value for value, place in made.places.items() if place.arena == arena)
    far = replace(made, places={**made.places, value: Place(arena, sizes[arena])})
    with pytest.raises(CompilerFault, match=rf"`{value}` lies outside of {arena}"):
        far.verify(ROWS, sizes)
    with pytest.raises(CompilerFault, match="lies outside of"):
        made.verify(ROWS + 40, sizes)
