import pytest

from specdl.core.diagnostics import Diagnostic, Place, Position, Remark
from specdl.core.render import WIDTH, as_json, concise, human, width


def made(line, column, end, excerpt, **more):
    position = Position(line, column, more.pop("end_line", line), end)
    return Diagnostic(
        "E110", "error", "no layer is called `lienar`", "$.a", "spec.yaml", position, excerpt=excerpt, **more
    )


def test_as_the_design_has_it():
    first = Diagnostic(
        "E110",
        "error",
        "no layer is called `lienar`",
        "$.model.layers[0].type",
        "spec.yaml",
        Position(3, 12, 3, 18),
        "did you mean `linear`?",
        excerpt="  - {type: lienar, out_features: 10}",
    )
    second = Diagnostic(
        "E210",
        "error",
        "`add` needs equal types: f32[128,256] and f32[128,128]",
        "$.model.layers[4]",
        "models/mlp.yaml",
        Position(21, 5, 21, 6),
        "give `fc2` out_features: 256",
        (
            Remark("`fc1` is f32[128,256], made", "models/mlp.yaml:9:5"),
            Remark("`fc2` is f32[128,128], made", "models/mlp.yaml:14:5"),
        ),
        "  - {type: add, inputs: [fc1, fc2]}",
    )
    assert (
        human([first, second])
        == """\
error[E110]: no layer is called `lienar`
 --> spec.yaml:3:12  $.model.layers[0].type
3 |   - {type: lienar, out_features: 10}
  |            ^^^^^^
  = help: did you mean `linear`?

error[E210]: `add` needs equal types: f32[128,256] and f32[128,128]
  --> models/mlp.yaml:21:5  $.model.layers[4]
21 |   - {type: add, inputs: [fc1, fc2]}
   |     ^
   = note: `fc1` is f32[128,256], made at models/mlp.yaml:9:5
   = note: `fc2` is f32[128,128], made at models/mlp.yaml:14:5
   = help: give `fc2` out_features: 256"""
    )


def marked(text):
    """What stands above the mark, by display columns of one each."""
    source, mark = text.split("\n")[2:4]
    return source[mark.index("^") : mark.rindex("^") + 1]


def test_without_a_text():
    found = Diagnostic("E114", "error", "m", "$.lr", notes=(Remark("n"),))
    assert human([found]) == "error[E114]: m\n --> $.lr\n  = note: n"


def test_with_a_file_but_no_place():
    assert human([Diagnostic("E001", "error", "m", "$", "a.json")]) == "error[E001]: m\n --> a.json  $"


def test_a_token_of_several_lines_is_marked_to_the_end_of_its_first():
    assert marked(human([made(1, 4, 2, "a: 'bc  ", end_line=3)])) == "'bc"


def test_nothing_is_still_marked():
    assert human([made(1, 4, 4, "a: ")]).endswith("\n1 | a:\n  |    ^")


def test_tabs_and_wide_characters_before_the_mark():
    told = human([made(1, 3, 4, "\t\N{CJK UNIFIED IDEOGRAPH-540D}x")])
    assert told.split("\n")[2:] == ["1 |     \N{CJK UNIFIED IDEOGRAPH-540D}x", "  |       ^"]


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("名前", 4), ("e\u0301", 1), ("", 0)])
def test_width(text, columns):
    assert width(text) == columns


@pytest.mark.parametrize("start", [0, 1, 50, 90, 250, 494])
def test_a_long_line_is_cut_around_the_mark(start):
    line = "".join(chr(ord("a") + i % 26) for i in range(500))
    told = human([made(1, start + 1, start + 6, line)])
    assert marked(told) == line[start : start + 5]
    assert len(told.split("\n")[2]) <= WIDTH + 4


def test_a_mark_that_is_too_long_is_cut():
    told = human([made(1, 1, 400, "x" * 500)])
    assert set(marked(told)) == {"x"}
    assert len(told.split("\n")[3]) <= WIDTH + 4


def test_control_characters_do_not_reach_the_terminal():
    assert "\x1b" not in human([made(1, 1, 3, "\x1b[31mred")])


def test_colours_only_on_demand():
    found = made(1, 1, 2, "x", help="h")
    assert "\x1b" not in human([found])
    coloured = human([found], color=True)
    assert coloured.startswith("\x1b[1;31merror[E110]\x1b[0m: ")
    assert coloured.count("\x1b[0m") == coloured.count("\x1b[1")


def test_places_beyond_three_are_counted():
    places = tuple(Place("$", "a.json", Position(n, 1, n, 2)) for n in range(1, 8))
    told = human([made(1, 1, 2, "x", places=places)])
    assert told.endswith("= note: also at a.json:2:1, a.json:3:1, a.json:4:1 and 3 more places")


def test_concise():
    found = [made(3, 2, 4, "x", help="did you mean `linear`?"), Diagnostic("W410", "warning", "m", "$.a")]
    assert concise(found) == (
        "spec.yaml:3:2: error[E110]: no layer is called `lienar`; did you mean `linear`?\n"
        "$.a: warning[W410]: m"
    )


def test_json():
    places = (Place("$.a", "spec.yaml", Position(3, 2, 3, 4)), Place("$.b"))
    found = as_json([made(3, 2, 4, "x", help="h", notes=(Remark("n", "a:1:1"),), places=places)])
    place = {"file": "spec.yaml", "line": 3, "column": 2, "end_line": 3, "end_column": 4, "path": "$.a"}
    bare = dict.fromkeys(("file", "line", "column", "end_line", "end_column")) | {"path": "$.b"}
    assert found == {
        "ok": False,
        "diagnostics": [
            {
                "code": "E110",
                "severity": "error",
                "message": "no layer is called `lienar`",
                **place,
                "help": "h",
                "notes": ["n at a:1:1"],
                "count": 2,
                "places": [place, bare],
            }
        ],
    }


def test_json_is_ok_with_warnings_only():
    found = as_json([Diagnostic("W410", "warning", "m", "$.a")])
    assert found["ok"]
    assert "count" not in found["diagnostics"][0]
