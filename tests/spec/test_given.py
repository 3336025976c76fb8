"""Where the values in an expression come from."""

import pytest

from specdl.core.diagnostics import Finding, trail
from specdl.spec.given import Where, given, handed, origins

INNER = ("blocks", "inner", "layers", 0)
OUTER = ("blocks", "outer", "layers", 0)
USE = ("model", "layers", 0)
DOCUMENT = {
    "vars": {"w": 4, "half": "${w // 2}", "a": "${b}", "b": "${a}"},
    "blocks": {
        "inner": {
            "params": {"n": "int", "act": {"type": "str", "default": "rleu"}},
            "layers": [{"n": "${n}", "act": "${act}", "sum": "${n + w}", "w": "${w}", "index": "${index}"}],
        },
        "outer": {"params": {"m": "int"}, "layers": [{"with": {"n": "${m}"}}, {"with": {"n": "${m + 1}"}}]},
    },
    "model": {"layers": [{"with": {"m": "${half}"}}, {"with": {"m": 3}}]},
}


def places(path, uses=(), **more):
    found = given(DOCUMENT, Finding("E114", "m", path, notes=trail(uses), **more))
    return [(each.name, each.where.path) for each in found]


def test_a_value_is_followed_to_where_it_is_written():
    handed_on = [("n", (*OUTER, "with", "n")), ("m", (*USE, "with", "m"))]
    variables = [("half", ("vars", "half")), ("w", ("vars", "w"))]
    assert places((*INNER, "n"), (OUTER, USE)) == handed_on + variables
    found = given(DOCUMENT, Finding("E114", "m", (*INNER, "n"), notes=trail((OUTER, USE))))
    assert [each.where.path for each in origins(DOCUMENT, found)] == [("vars", "w")]


def test_a_value_by_default_is_told_as_one():
    (found,) = given(DOCUMENT, Finding("E110", "m", (*INNER, "act"), notes=trail((OUTER, USE))))
    assert found.where.path == ("blocks", "inner", "params", "act", "default")
    assert found.note.message == "`act` is given by default"


def test_only_the_part_that_is_marked_counts():
    path = (*INNER, "sum")
    assert [name for name, _ in places(path, (OUTER, ("model", "layers", 1)))] == ["n", "w", "m"]
    assert [name for name, _ in places(path, (OUTER, USE), within=(6, 7))] == ["w"]


@pytest.mark.parametrize(
    "more", [{"at_key": True}, {"code": "E122"}, {"path": (*INNER, "index")}, {"path": ()}]
)
def test_what_no_value_is_told_of(more):
    finding = Finding(**{"code": "E114", "message": "m", "path": (*INNER, "n"), **more})
    assert given(DOCUMENT, finding) == []


def test_variables_in_a_ring_have_an_end():
    assert {name for name, _ in places(("vars", "a"))} == {"a", "b"}
    assert handed(DOCUMENT, Where(("vars", "a"))) == ("vars", "a")


@pytest.mark.parametrize(
    ("use", "uses", "path"),
    [
        (OUTER, (USE,), ("vars", "half")),
        (OUTER, (("model", "layers", 1),), ("model", "layers", 1, "with", "m")),
        (("blocks", "outer", "layers", 1), (USE,), ("blocks", "outer", "layers", 1, "with", "n")),
    ],
)
def test_what_is_handed_on_is_told_from_what_is_computed(use, uses, path):
    assert handed(DOCUMENT, Where((*INNER, "n"), (use, *uses))) == path
    assert handed(DOCUMENT, Where((*INNER, "sum"), (use, *uses))) == ()
