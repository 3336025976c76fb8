import pytest

from specdl.core.diagnostics import Diagnostic, Place, Position, fold, path_text, visible


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


def test_one_line():
    assert str(at(3)) == "a.json:3:1: error[E111]: m"
    assert str(Diagnostic("W410", "warning", "m", "$.a")) == "$.a: warning[W410]: m"
    assert str(Diagnostic("E001", "error", "m", "$", "a.json")) == "a.json: $: error[E001]: m"
