from dataclasses import replace

import pytest

from specdl.core.diagnostics import (
    Diagnostic,
    Place,
    Position,
    TextEdit,
    TextFix,
    below,
    fold,
    path_text,
    visible,
)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ((), "$"),
        (("model", "layers", 0, "type"), "$.model.layers[0].type"),
        (("a b",), '$["a b"]'),
        (("a.b", "c-d"), '$["a.b"]["c-d"]'),
        (("1",), '$["1"]'),
        (("größe",), "$.größe"),
        (("a\x1b[0m",), '$["a\ufffd[0m"]'),
    ],
)
def test_a_path_as_people_write_it(path, text):
    assert path_text(path) == text


def test_what_is_printed_steers_no_terminal():
    assert visible("tanh") == "tanh"
    assert visible("a\x1b[31mb\u202ec\nd") == "a\ufffd[31mb\ufffdc\ufffdd"


def at(line, message="m", help=None):
    return Diagnostic("E111", "error", message, f"$.x[{line}]", "a.json", Position(line, 1, line, 2), help)


def test_three_equal_findings_stay_three():
    assert fold([at(1), at(2), at(3)]) == [at(1), at(2), at(3)]


def test_four_equal_findings_are_one_that_counts_them():
    findings = [at(1), at(2, "other"), at(3), at(4), at(5), at(6, help="h")]
    folded = fold(findings)
    assert [(each.line, each.message, each.count) for each in folded] == [
        (1, "m", 4),
        (2, "other", 1),
        (6, "m", 1),
    ]
    assert folded[0].places == tuple(Place(f"$.x[{n}]", "a.json", Position(n, 1, n, 2)) for n in (1, 3, 4, 5))


def test_two_equal_findings_about_one_value_are_one():
    given = [Place("$.vars.w"), Place("$.vars.v")]
    found = [replace(at(n), origins=(given[n % 2],)) for n in (1, 2, 3)] + [at(4, "other")]
    folded = fold(found)
    assert [(each.line, each.count) for each in folded] == [(1, 2), (2, 1), (4, 1)]
    assert [place.path for place in folded[0].places] == ["$.x[1]", "$.x[3]"]


def test_equal_findings_may_each_offer_a_free_name():
    offered = [at(n, "two are called `a`", help=f'"name": "a_{n}"') for n in range(2, 6)]
    (folded,) = fold(offered)
    assert (folded.help, folded.count) == ('"name": "a_2"', 4)
    others = [at(n, "two are called `a`", help=f'"inputs": ["a_{n}"]') for n in range(2, 6)]
    assert fold(others) == others


def test_one_line():
    assert str(at(3)) == "a.json:3:1: error[E111]: m"
    assert str(Diagnostic("W410", "warning", "m", "$.a")) == "$.a: warning[W410]: m"
    assert str(Diagnostic("E001", "error", "m", "$", "a.json")) == "a.json: $: error[E001]: m"


def warned(line, name, help=None):
    message = f"the relu `{name}` changes nothing"
    return Diagnostic("W212", "warning", message, f"$.x[{line}]", "a.json", Position(line, 1, line, 2), help)


def test_very_many_warnings_that_differ_in_names_are_one():
    found = [warned(n, f"relu{n}") for n in range(1, 10)]
    assert fold(found) == found
    (folded,) = fold([*found, warned(10, "last")])
    assert (folded.message, folded.count) == ("the relu `relu1` changes nothing", 10)
    assert folded.places[-1] == Place("$.x[10]", "a.json", Position(10, 1, 10, 2))


def test_warnings_that_say_something_else_stay_apart():
    found = [warned(n, f"relu{n}") for n in range(1, 11)]
    other = Diagnostic("W212", "warning", "`relu` is something else", "$", "a.json")
    assert [each.count for each in fold([*found, other])] == [10, 1]
    helped = [warned(n, f"relu{n}", help=f"take `relu{n}` away") for n in range(1, 11)]
    assert [each.count for each in fold([*found, *helped])] == [10, 10]


def test_errors_that_differ_in_names_stay_apart():
    found = [at(n, f"no layer is called `a{n}`") for n in range(1, 30)]
    assert fold(found) == found


def test_the_fixes_of_folded_findings_are_one():
    fixes = [TextFix("write `x`", (TextEdit(n, n + 1, "x"),), True) for n in range(0, 8, 2)]
    folded = fold(replace(at(n), mend=lambda n=n: fixes[n]) for n in range(4))
    assert [each.fix.edits for each in folded] == [tuple(edit for fix in fixes for edit in fix.edits)]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), {"a": [{"b": "text"}]}),
        (("a", 0, "b"), "text"),
        (("a", 0, "c"), None),
        (("a", 1), None),
        (("a", -1), None),
        (("a", "0"), None),
        (("a", 0, "b", 0), None),
        (("b", "a"), None),
    ],
)
def test_what_stands_below(path, found):
    assert below({"a": [{"b": "text"}]}, path) == found
