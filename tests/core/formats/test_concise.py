from specdl.core.diagnostics import Diagnostic, Place, Position, TextFix
from specdl.core.formats.concise import concise


def made(**more):
    return Diagnostic("E110", "error", "m", "$.a", "spec.yaml", Position(3, 2, 3, 4), **more)


def test_one_line_each():
    found = [made(help="did you mean `linear`?"), Diagnostic("W410", "warning", "n", "$.a")]
    assert concise(found) == "spec.yaml:3:2: error[E110]: m; did you mean `linear`?\n$.a: warning[W410]: n"


def test_equal_findings_are_counted():
    places = tuple(Place("$", "spec.yaml", Position(n, 1, n, 2)) for n in range(1, 1235))
    assert concise([made(places=places)]) == "spec.yaml:3:2: error[E110]: m (1,234 times)"


def test_what_a_fix_mends_is_marked():
    sure, likely = TextFix("f", (), True), TextFix("f", ())
    assert concise([made(mend=lambda: sure, help="h")]) == "spec.yaml:3:2: error[E110]: m; h [*]"
    assert concise([made(mend=lambda: likely)]) == "spec.yaml:3:2: error[E110]: m"
