from dataclasses import replace

import pytest

from specdl.core.diagnostics import Diagnostic, Place, Position, Remark, TextFix
from specdl.core.display import WIDTH
from specdl.core.formats.human import LABELS_SHOWN, human


def made(line, column, end, excerpt, **more):
    position = Position(line, column, more.pop("end_line", line), end)
    return Diagnostic(
        "E110", "error", "no layer is called `lienar`", "$.a", "spec.yaml", position, excerpt=excerpt, **more
    )


def label(message, line, column, end, text, file="spec.yaml"):
    """A note that is shown at its line."""
    place = Place("$.b", file, Position(line, column, line, end))
    return Remark(message, str(place), place, text)


def lines(found, **more):
    """The lines below the first two."""
    return human([found], **more).split("\n")[2:]


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
    assert lines(made(1, 4, 2, "a: 'bc  ", end_line=3)) == [
        "1 | a: 'bc  ".rstrip(),
        "  |    ^^^ it ends on line 3",
    ]


def test_a_token_that_ends_with_its_line():
    assert lines(made(1, 4, 1, "a: bc", end_line=2)) == ["1 | a: bc", "  |    ^^"]


def test_nothing_is_still_marked():
    assert human([made(1, 4, 4, "a: ")]).endswith("\n1 | a:\n  |    ^")


def test_tabs_and_wide_characters_before_the_mark():
    assert lines(made(1, 3, 4, "\t名x")) == ["1 |     名x", "  |       ^"]


def test_a_wide_token_has_a_wide_mark():
    assert lines(made(1, 1, 3, "名前: 1"))[1] == "  | ^^^^"


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


def test_a_long_path_is_cut():
    found = replace(made(1, 1, 2, "x"), path="$." + "k" * 10_000)
    assert len(human([found])) < 300


def test_colours_only_on_demand():
    found = made(1, 1, 2, "x", help="h", notes=(label("n", 2, 1, 2, "y"), Remark("m")))
    assert "\x1b" not in human([found])
    coloured = human([found], color=True)
    assert coloured.startswith("\x1b[1;31merror[E110]\x1b[0m: ")
    assert "\x1b[1;34m- n here\x1b[0m" in coloured
    assert coloured.count("\x1b[0m") == coloured.count("\x1b[1")


def test_places_beyond_three_are_counted():
    places = tuple(Place("$", "a.json", Position(n, 1, n, 2)) for n in range(1, 8))
    told = human([made(1, 1, 2, "x", places=places)])
    assert told.endswith("= note: also at a.json:2:1, a.json:3:1, a.json:4:1 and 3 more places")
    told = human([made(1, 1, 2, "x", places=places[:5])])
    assert told.endswith("= note: also at a.json:2:1, a.json:3:1, a.json:4:1 and 1 more place")


def test_a_label_shows_its_line():
    found = made(9, 1, 5, "name: b", notes=(label("the first stands", 2, 1, 5, "name: a"),), help="keep one")
    assert human([found]) == (
        "error[E110]: no layer is called `lienar`\n"
        " --> spec.yaml:9:1  $.a\n"
        "2 | name: a\n"
        "  | ---- the first stands here\n"
        "...\n"
        "9 | name: b\n"
        "  | ^^^^\n"
        "  = help: keep one"
    )


def test_labels_stand_in_the_order_of_lines_and_neighbours_without_dots():
    notes = (label("third", 12, 1, 2, "l"), label("first", 10, 3, 4, "abj"))
    assert lines(made(11, 1, 2, "k", notes=notes)) == [
        "10 | abj",
        "   |   - first here",
        "11 | k",
        "   | ^",
        "12 | l",
        "   | - third here",
    ]


def test_the_gutter_is_as_wide_as_the_longest_number():
    found = made(9, 1, 2, "k", notes=(label("n", 1234, 1, 2, "l"),))
    assert human([found]).split("\n")[1:] == [
        "    --> spec.yaml:9:1  $.a",
        "   9 | k",
        "     | ^",
        "...",
        "1234 | l",
        "     | - n here",
    ]


def test_labels_on_the_line_of_the_mark():
    text = "{name: a, b: 1, name: b}"
    before = label("the first stands", 1, 2, 6, text)
    after = label("n", 1, 11, 12, text)
    assert lines(made(1, 17, 21, text, notes=(before,))) == [
        f"1 | {text}",
        "  |  ----           ^^^^",
        "  |  |",
        "  |  the first stands here",
    ]
    assert lines(made(1, 2, 6, text, notes=(after,))) == [f"1 | {text}", "  |  ^^^^     - n here"]
    assert lines(made(1, 17, 21, text, notes=(before, after))) == [
        f"1 | {text}",
        "  |  ----     -     ^^^^",
        "  |  |        |",
        "  |  |        n here",
        "  |  the first stands here",
    ]


def test_a_mark_lies_over_a_label():
    text = "abcdef"
    assert lines(made(1, 3, 5, text, notes=(label("n", 1, 1, 7, text),))) == [
        "1 | abcdef",
        "  | --^^--",
        "  | |",
        "  | n here",
    ]


def test_a_mark_lies_over_a_label_that_begins_in_it():
    text = "abcdef"
    assert lines(made(1, 1, 7, text, notes=(label("n", 1, 3, 5, text),))) == [
        "1 | abcdef",
        "  | ^^^^^^",
        "  |   |",
        "  |   n here",
    ]


def test_a_label_at_the_mark_itself_is_a_note():
    assert lines(made(1, 1, 2, "x", notes=(label("n", 1, 1, 2, "x"),)))[2:] == [
        "  = note: n at spec.yaml:1:1"
    ]


def test_a_label_that_is_cut_away_is_a_note():
    text = "a" * 1000
    told = lines(made(1, 900, 901, text, notes=(label("n", 1, 5, 6, text),)))
    assert told[2:] == ["  = note: n at spec.yaml:1:5"]


def test_a_label_in_another_file_has_its_own_place():
    note = label("it is set", 3, 5, 8, "  - abc", file="base.yaml")
    assert lines(made(7, 1, 2, "k", notes=(note,))) == [
        "7 | k",
        "  | ^",
        " ::: base.yaml:3:5",
        "3 |   - abc",
        "  |     --- it is set here",
    ]


def test_without_an_excerpt_labels_are_notes():
    found = Diagnostic("E114", "error", "m", "$.lr", notes=(label("n", 3, 1, 2, "x"),))
    assert human([found]) == "error[E114]: m\n --> $.lr\n  = note: n at spec.yaml:3:1"


def test_many_labels_are_notes():
    notes = tuple(label(f"n{i}", i, 1, 2, "x") for i in range(2, LABELS_SHOWN + 4))
    told = "\n".join(lines(made(1, 1, 2, "x", notes=notes)))
    assert told.count("here") == LABELS_SHOWN
    assert told.count("= note:") == 2


def test_a_fix_is_told_where_no_help_is():
    fix = TextFix("write `linear`", (), True)
    assert lines(made(1, 1, 2, "x", mend=lambda: fix))[-1] == "  = help: write `linear`"
    assert lines(made(1, 1, 2, "x", mend=lambda: fix, help="h"))[-1] == "  = help: h"
