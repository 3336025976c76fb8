from itertools import combinations, pairwise

import pytest

from specdl.runner.report.layout import Space, place, ranked, spread

BOX = (100.0, 40.0)


def laid(edges, names=None, size=BOX):
    names = names or list(dict.fromkeys(name for edge in edges for name in edge))
    return place(dict.fromkeys(names, size), edges)


def chain(count):
    return [(f"n{i}", f"n{i + 1}") for i in range(count)]


def overlap(a, b):
    return abs(a[0] - b[0]) < BOX[0] and abs(a[1] - b[1]) < BOX[1]


def test_a_chain_is_a_column_with_equal_gaps():
    found = laid(chain(4))
    assert {x for x, _ in found.boxes.values()} == {50.0}
    assert [y for _, y in found.boxes.values()] == [0.0, 70.0, 140.0, 210.0, 280.0]
    assert (found.width, found.height) == (100.0, 320.0)


def test_what_a_box_reads_stands_above_it():
    edges = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d"), ("a", "d")]
    found = laid(edges)
    assert all(found.boxes[source][1] < found.boxes[target][1] for source, target in edges)


def test_an_input_stands_just_above_its_first_reader():
    rank = ranked(["a", "late", "b", "c"], [("a", "b"), ("b", "c"), ("late", "c")])
    assert rank == {"a": 0, "late": 1, "b": 1, "c": 2}


def test_a_skip_leads_beside_the_boxes_it_passes_and_leaves_them_in_a_column():
    found = laid([*chain(4), ("n0", "n4")])
    assert len({round(x, 2) for x, _ in found.boxes.values()}) == 1
    (skip,) = [route for route in found.routes if route.bends]
    assert (skip.source, skip.target, len(skip.bends)) == ("n0", "n4", 3)
    column = found.boxes["n0"][0]
    xs = {x for piece in skip.bends for x, _ in piece}
    assert len(xs) == 1
    assert abs(xs.pop() - column) > BOX[0] / 2


def test_edges_of_one_source_share_their_bends():
    found = laid([*chain(4), ("n0", "n3"), ("n0", "n4")])
    short, long = sorted((r for r in found.routes if r.bends), key=lambda route: len(route.bends))
    assert long.bends[:2] == short.bends


def test_parallel_branches_stand_side_by_side_without_overlap():
    edges = [(source, target) for name in "bcde" for source, target in (("a", name), (name, "f"))]
    found = laid(edges, list("abcdef"))
    assert len({found.boxes[name][1] for name in "bcde"}) == 1
    assert not any(overlap(one, other) for one, other in combinations(found.boxes.values(), 2))
    assert found.boxes["a"][0] == pytest.approx(found.width / 2)


def test_crossings_are_undone():
    edges = [("a", "x"), ("b", "y"), ("c", "z")]
    found = laid(edges, ["a", "b", "c", "z", "y", "x"])
    order = sorted("abc", key=lambda name: found.boxes[name][0])
    below = sorted("xyz", key=lambda name: found.boxes[name][0])
    assert [dict(edges)[name] for name in order] == below


def test_everything_lies_within_the_picture():
    found = laid([*chain(30), *((f"n{i}", f"n{i + 5}") for i in range(0, 25, 3))])
    for x, y in found.boxes.values():
        assert 0 <= x - BOX[0] / 2 <= x + BOX[0] / 2 <= found.width + 1e-9
        assert 0 <= y <= y + BOX[1] <= found.height
    assert all(0 <= x <= found.width for r in found.routes for piece in r.bends for x, _ in piece)


def test_long_edges_of_a_dense_net_are_drawn_straight():
    names = [f"n{i}" for i in range(120)]
    found = place(dict.fromkeys(names, BOX), list(combinations(names, 2)), Space())
    assert not any(route.bends for route in found.routes)


def test_nothing_at_all():
    found = place({}, [])
    assert (found.boxes, found.routes, found.width, found.height) == ({}, (), 0.0, 0.0)


def test_spread_keeps_the_gaps_and_moves_the_firm_least():
    assert spread([0.0, 50.0], [1.0, 1.0], [10.0]) == [0.0, 50.0]
    light, heavy = spread([0.0, 0.0], [1.0, 99.0], [10.0])
    assert (light, heavy) == pytest.approx((-9.9, 0.1))
    places = spread([3.0, 2.0, 1.0, 0.0], [1.0] * 4, [2.0] * 3)
    assert all(b - a >= 2 - 1e-9 for a, b in pairwise(places))
    assert sum(places) / 4 == pytest.approx(1.5)
