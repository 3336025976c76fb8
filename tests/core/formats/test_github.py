import re

from specdl.core.diagnostics import Diagnostic, Place, Position, Remark
from specdl.core.formats.github import github


def made(code="E110", severity="error", message="m", file="spec.yaml", line=3, end_line=3, **more):
    return Diagnostic(code, severity, message, "$.a", file, Position(line, 2, end_line, 4), **more)


def test_a_command():
    found = made(help="h", notes=(Remark("n", "spec.yaml:1:1"), Remark("o")))
    assert github([found]) == (
        "::error file=spec.yaml,line=3,endLine=3,col=2,endColumn=4,title=E110::"
        "m%0Anote: n at spec.yaml:1:1%0Anote: o%0Ahelp: h"
    )


def test_a_warning():
    assert github([made("W301", "warning")]).startswith("::warning file=")


def test_what_github_would_read_is_escaped():
    found = made(message="50%, a: b\r\n::error::x", file="a,b:c%.yaml")
    assert github([found]) == (
        "::error file=a%2Cb%3Ac%25.yaml,line=3,endLine=3,col=2,endColumn=4,title=E110::"
        "50%25, a: b%0D%0A::error::x"
    )
    assert "\n" not in github([found])


def test_a_token_of_several_lines_has_no_columns():
    assert "line=3,endLine=5,title" in github([made(end_line=5)])


def test_without_a_place():
    assert github([Diagnostic("E001", "error", "m", "$", "a.json")]) == "::error file=a.json,title=E001::m"
    assert github([made(file="<stdin>")]) == "::error title=E110::m"
    assert github([Diagnostic("E114", "error", "m", "$.lr")]) == "::error title=E114::m"


def test_ten_errors_first_and_the_rest_is_counted():
    found = [made("W301", "warning", line=n) for n in range(1, 13)]
    found += [made(line=n) for n in range(100, 124)]
    told = github(found).split("\n")
    assert [re.match(r"::(\w+)", line)[1] for line in told] == ["error"] * 10 + ["warning"] * 10 + ["notice"]
    assert "line=100," in told[0]
    assert (
        told[-1]
        == "::notice title=specdl::14 errors and 2 warnings more: GitHub shows ten, `specdl check` all"
    )


def test_ten_are_told_without_a_notice():
    assert "notice" not in github([made(line=n) for n in range(1, 11)])


def test_equal_findings_are_one():
    places = tuple(Place("$", "spec.yaml", Position(n, 1, n, 2)) for n in range(1, 1001))
    assert github([made(places=places)]).endswith("::m (1,000 times)")


def test_an_absolute_path_below_the_working_folder_is_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "file=sub/a.yaml," in github([made(file=str(tmp_path / "sub" / "a.yaml"))])
    assert "file=a.yaml," in github([made(file="./sub/../a.yaml")])
    assert "file=/elsewhere/a.yaml," in github([made(file="/elsewhere/a.yaml")])
