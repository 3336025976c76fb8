"""Fixes as edits of a text: the value changes as they say, and every other character stays."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specdl.core.diagnostics import Add, Fix, Remove, Rename, Replace, TextEdit, value_at
from specdl.spec.document import of_text, override, parse
from specdl.spec.edits import applied, changed, free, same, text_fix

GOOD = sorted(
    path for path in Path("tests/check/good").iterdir() if path.suffix in (".json", ".yaml", ".yml")
)


def document(text, kind="yaml"):
    return of_text(text.encode(), f"spec.{kind}", Path())


def fixed(text, *edits, kind="yaml"):
    """The text with edits in it; None if there is no fix."""
    found = text_fix(document(text, kind), Fix("mend it", edits))
    return found and applied(text, found.edits)


LAYERS = """\
# what this is
model:   # the model
  layers:
    - {type: Dense, units: "10"}  # first
    - type: "linear"   # second
      out_features: 3

      # of the list
    - name: 'last'
train: {epochs: 1.0}
"""


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Replace(("model", "layers", 0, "type"), "linear"), "Dense", "linear"),
        (Replace(("model", "layers", 0, "units"), 10), '"10"', "10"),
        (Replace(("model", "layers", 1, "type"), "relu"), '"linear"', '"relu"'),
        (Replace(("model", "layers", 2, "name"), "a b"), "'last'", "'a b'"),
        (Replace(("model", "layers", 0, "type"), "${a}"), "Dense", '"${a}"'),
        (Replace(("train", "epochs"), 1), "1.0", "1"),
        (Replace(("train", "epochs"), [1.0]), "1.0", "[1.0]"),
        (Replace(("train",), {"steps": 5}), "{epochs: 1.0}", "{steps: 5}"),
        (Rename(("model", "layers", 0, "units"), "out_features"), "units", "out_features"),
        (Rename(("train",), "run it"), "train:", "run it:"),
        (Remove(("model", "layers", 0, "units")), ', units: "10"', ""),
        (Remove(("model", "layers", 0, "type")), "type: Dense, ", ""),
        (Remove(("train", "epochs")), "epochs: 1.0", ""),
        (Remove(("train",)), "train: {epochs: 1.0}\n", ""),
        (Remove(("model", "layers", 1, "out_features")), "      out_features: 3\n", ""),
        (Remove(("model", "layers", 0)), '- {type: Dense, units: "10"}  # first', "# first"),
        (Add((), "specdl", 1), "model:  ", "specdl: 1\nmodel:  "),
        (Add(("model", "layers", 2), "type", "relu"), "- name", "- type: 'relu'\n      name"),
        (
            Add(("model", "layers", 1), "bias", False),
            "out_features: 3\n",
            "out_features: 3\n      bias: false\n",
        ),
        (Add(("train",), "steps", None), "1.0}", "1.0, steps: null}"),
        (Add((), "seed", 0), "1.0}\n", "1.0}\nseed: 0\n"),
    ],
    ids=str,
)
def test_yaml(edit, old, new):
    assert LAYERS.count(old) == 1
    assert fixed(LAYERS, edit) == LAYERS.replace(old, new)


PRETTY = """\
{
  "name": "a",
  "model": {
    "layers": [
      {"type": "Dense", "units": "10"},
      {
        "type":"linear"
      }
    ],
    "init": {}
  }
}"""


@pytest.mark.parametrize(
    ("edit", "old", "new"),
    [
        (Replace(("model", "layers", 0, "type"), "linear"), "Dense", "linear"),
        (Replace(("model", "layers", 0, "units"), 10), '"10"', "10"),
        (Replace(("model", "layers", 0, "units"), {"a": [1, None]}), '"10"', '{"a": [1, null]}'),
        (Rename(("model", "layers", 0, "units"), "out"), '"units"', '"out"'),
        (Remove(("name",)), '"name": "a",\n  ', ""),
        (Remove(("model", "init")), ',\n    "init": {}', ""),
        (Remove(("model", "layers", 1, "type")), '\n        "type":"linear"\n      ', ""),
        (Remove(("model", "layers", 0)), '{"type": "Dense", "units": "10"},\n      ', ""),
        (Add((), "specdl", 1), '"name"', '"specdl": 1,\n  "name"'),
        (Add((), "seed", 0), "{}\n  }\n", '{}\n  },\n  "seed": 0\n'),
        (Add(("model", "init"), "weight", "zeros"), "{}", '{"weight": "zeros"}'),
        (Add(("model", "layers", 0), "bias", True), '"10"', '"10", "bias": true'),
        (Add(("model", "layers", 1), "bias", True), '"linear"', '"linear",\n        "bias":true'),
    ],
    ids=str,
)
def test_json(edit, old, new):
    assert PRETTY.count(old) == 1
    assert fixed(PRETTY, edit, kind="json") == PRETTY.replace(old, new)


def test_line_ends_stay():
    text = LAYERS.replace("\n", "\r\n")
    assert fixed(text, Add((), "seed", 0)) == text + "seed: 0\r\n"
    assert fixed(text, Remove(("train",))) == text.removesuffix("train: {epochs: 1.0}\r\n")
    assert fixed("a: 1", Add((), "b", 2)) == "a: 1\nb: 2"
    assert fixed("a: 1\nb: 2", Remove(("b",))) == "a: 1"


def test_values_of_several_lines():
    text = "a: |\n  one\n  two\nb:\n  - 1\n  - 2\nc: 3\n"
    assert fixed(text, Remove(("a",))) == "b:\n  - 1\n  - 2\nc: 3\n"
    assert fixed(text, Replace(("a",), "x")) == 'a: "x"\nb:\n  - 1\n  - 2\nc: 3\n'
    assert fixed(text, Replace(("b",), 5)) == "a: |\n  one\n  two\nb: 5\nc: 3\n"
    assert fixed(text, Remove(("b", 0))) == "a: |\n  one\n  two\nb:\n  - 2\nc: 3\n"
    assert fixed("a:\n  b: 1\n", Remove(("a", "b"))) == "a: {}\n"


def test_an_indented_mapping_becomes_a_list_of_one():
    text = "layers:\n  type: linear  # the only one\n  out_features: 2\nseed: 0\n"
    value = {"type": "linear", "out_features": 2}
    wanted = "layers:\n  - type: linear  # the only one\n    out_features: 2\nseed: 0\n"
    assert fixed(text, Replace(("layers",), [value])) == wanted


def test_a_section_moves_into_another_as_it_is_written():
    layers = [{"type": "linear"}, {"type": "relu"}]
    edits = Replace(("layers",), {"layers": layers}), Rename(("layers",), "model")
    text = "layers:  # all\n  - type: linear\n\n  # the second\n  - type: relu\nseed: 0\n"
    wanted = "model:\n  layers:  # all\n    - type: linear\n\n    # the second\n    - type: relu\nseed: 0\n"
    assert fixed(text, *edits) == wanted
    text = '{"layers": [{"type": "linear"},\n  {"type": "relu"}]}'
    wanted = '{"model": {"layers": [{"type": "linear"},\n  {"type": "relu"}]}}'
    assert fixed(text, *edits, kind="json") == wanted


def test_an_empty_value_is_written_behind_its_colon():
    assert fixed("a:\nb: 1\n", Replace(("a",), 2)) == "a: 2\nb: 1\n"
    assert fixed("-\n- 1\n", Replace((0,), 2)) == "- 2\n- 1\n"


def test_a_value_that_is_not_there_is_added_with_all_that_it_stands_in():
    edit = Replace(("data", "target", "encode"), "one_hot")
    assert fixed("a: 1\n", edit) == "a: 1\ndata: {target: {encode: one_hot}}\n"
    assert fixed("data: {size: 2}\n", edit) == "data: {size: 2, target: {encode: one_hot}}\n"
    wanted = "data:\n  target: {of: y, encode: one_hot}\n"
    assert fixed("data:\n  target: {of: y}\n", edit) == wanted


def test_several_edits_are_one_fix():
    edits = Remove(("train", "lr")), Add(("optimizer",), "lr", 0.1)
    text = "optimizer: {type: sgd}\ntrain: {epochs: 1, lr: 0.1}\n"
    assert fixed(text, *edits) == "optimizer: {type: sgd, lr: 0.1}\ntrain: {epochs: 1}\n"
    rename = Rename(("a",), "b"), Replace(("a",), 2)
    assert fixed("a: 1\n", *rename) == "b: 2\n"


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("a: &x 1\nb: *x\n", Replace(("b",), 2)),
        ("a: &x 1\nb: *x\n", Replace(("a",), 2)),
        ("a: &x {c: 1}\nb: *x\n", Replace(("b", "c"), 2)),
        ("a: &x {c: 1}\nb: *x\n", Replace(("a", "c"), 2)),
        ("a: &x {c: 1}\nb: *x\n", Remove(("a",))),
        ("a:\n  # kept\n  b: 1\n", Replace(("a",), 2)),
        ("a: [1, # kept\n  2, # too\n]\n", Remove(("a", 1))),
        ("a: 1\n", Replace(("a", "b"), 2)),
        ("a: 1\nb: 2\n", Rename(("a",), "b")),
        ("a: 1\n", Add((), "a", 2)),
        ("a: [1]\n", Add(("a",), "b", 2)),
        ("- 1\n", Replace((3,), 2)),
    ],
    ids=str,
)
def test_what_would_change_more_or_lose_a_comment_is_no_fix(text, edit):
    assert fixed(text, edit) is None


def test_what_was_set_on_the_command_line_is_not_in_the_text():
    text = "optimizer: {type: sgd, lr: 1}\ntrain: {epochs: 1}\n"
    for edit in (
        Replace(("optimizer", "lr"), 2),
        Rename(("optimizer",), "o"),
        Add(("optimizer",), "momentum", 0),
    ):
        plain = document(text)
        assert text_fix(plain, Fix("", (edit,)))
        changed = override(override(plain, "optimizer.lr=5"), "optimizer.momentum=0.5")
        assert text_fix(changed, Fix("", (edit,))) is None


def test_what_was_set_to_what_it_is_already_is_not_in_the_text_either():
    same_again = override(document("optimizer: {lr: 1}\n"), "optimizer.lr=1")
    assert text_fix(same_again, Fix("", (Replace(("optimizer", "lr"), 2),))) is None


@pytest.mark.parametrize(
    ("start", "end", "wanted"),
    [(0, 3, True), (0, 4, False), (4, 4, False), (5, 5, False), (9, 9, True), (9, 11, True), (9, 12, False)],
)
def test_edits_that_touch_wait(start, end, wanted):
    assert free([(4, 8), (12, 12)], TextEdit(start, end, "")) == wanted


def test_fixes_that_touch_are_each_worked_out():
    source = document("a: {b: 1, c: 2, d: 3}\n")
    promises = [source.mender.promise(Fix("", (Remove(("a", key)),))) for key in "bcd"]
    texts = [applied(source.lines.text, promise().edits) for promise in promises]
    assert texts == ["a: {c: 2, d: 3}\n", "a: {b: 1, d: 3}\n", "a: {b: 1, c: 2}\n"]


def test_a_wrong_fix_does_not_take_right_ones_with_it():
    source = document("a: &x 1\nb: *x\nc: 2\nd: {e: 1}\n")
    edits = [Replace(("c",), 3), Replace(("b",), 3), Replace(("d", "e"), 2), Replace(("a",), 5)]
    promises = [source.mender.promise(Fix("", (edit,))) for edit in edits]
    assert [bool(promise()) for promise in promises] == [True, False, True, False]


KEYS = st.sampled_from(["a", "b", "name", "out_features", "x y", "no", "1", "$schema", "größe", "it's"])
TEXTS = ["", "linear", "a b", "no", "1", "1e3", "# no", "a: b", "${x // 2}", "'", '"', "tab\t", "ü"]
NUMBERS = st.one_of(st.integers(-5, 10**6), st.sampled_from([0.5, -1.0, 1e-05, 2.5e30]))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, st.sampled_from(TEXTS))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
SPECS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


def block(value, indent, note):
    """YAML with indentation and comments; empty values and scalars as JSON writes them."""
    lines = []
    items = value.items() if isinstance(value, dict) else ((None, each) for each in value)
    for key, each in items:
        begin = " " * indent + ("-" if key is None else f"{json.dumps(key, ensure_ascii=False)}:")
        if isinstance(each, (dict, list)) and each:
            lines += [f"{begin}{note()}", *block(each, indent + 2, note)]
        else:
            lines.append(f"{begin} {json.dumps(each, ensure_ascii=False)}{note()}")
    return lines


@st.composite
def texts(draw):
    """A spec in one of the ways in which people write: its text, and what kind of file it is."""
    value = draw(SPECS)
    style = draw(st.sampled_from(["json", "pretty", "flow", "block", "commented"]))
    if style in ("json", "pretty"):
        indent = draw(st.sampled_from([2, 4])) if style == "pretty" else None
        text, kind = json.dumps(value, indent=indent, ensure_ascii=draw(st.booleans())), "json"
    elif style == "flow":
        text, kind = json.dumps(value, ensure_ascii=False), "yaml"
    else:
        note = (
            (lambda: draw(st.sampled_from(["", "  # a note", "\n# a line"]))) if style == "commented" else str
        )
        text, kind = "\n".join(block(value, 0, note)) + draw(st.sampled_from(["\n", ""])), "yaml"
    return text.replace("\n", draw(st.sampled_from(["\n", "\r\n"]))), kind, value


def places(value, path=()):
    """Every path in a value but its own."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in items:
        yield (*path, step)
        yield from places(each, (*path, step))


@st.composite
def edits(draw, value):
    """An edit that can be made in a value."""
    path = draw(st.sampled_from(list(places(value))))
    kind = draw(st.sampled_from(["replace", "wrap", "key", "rename", "remove", "add"]))
    if kind == "rename" and isinstance(path[-1], str):
        return Rename(path, draw(st.sampled_from(["fresh", "also fresh", "no way"])))
    if kind == "remove":
        return Remove(path)
    if kind == "add":
        mappings = [each for each in [(), *places(value)] if isinstance(value_at(value, each), dict)]
        return Add(
            draw(st.sampled_from(mappings)), draw(st.sampled_from(["fresh", "type", "specdl"])), draw(SCALARS)
        )
    if kind == "key":
        return Replace(path, {draw(KEYS): value_at(value, path)})
    return Replace(path, [value_at(value, path)] if kind == "wrap" else draw(VALUES))


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_an_edit_of_the_text_is_the_edit_of_the_value(data):
    text, kind, value = data.draw(texts())
    edit = data.draw(edits(value))
    found = text_fix(document(text, kind), Fix("", (edit,)))
    if found is None:
        # only where a comment would be lost, or nothing be left of the text, or a dash stands alone
        whole = isinstance(edit, Remove) and len(edit.path) == 1
        assert "#" in text or whole or re.search(r"-\r?\n", text), (text, edit)
        return
    after = applied(text, found.edits)
    assert same(parse(after, f"spec.{kind}").value, changed(value, [edit])), (text, edit)
    outside = text[: found.edits[0].start], text[found.edits[-1].end :]
    assert after.startswith(outside[0])
    assert after.endswith(outside[1])
    assert comments(after) == comments(text)


def comments(text):
    return re.findall(r"# a note|# a line", text)


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.name)
def test_scalars_of_real_specs_can_be_replaced_all_at_once(file):
    source = of_text(file.read_bytes(), file.name, file.parent)
    if "&" in source.lines.text:  # an anchor says a value at several places
        return
    leaves = [
        path for path in places(source.value) if not isinstance(value_at(source.value, path), (dict, list))
    ]
    edits = [Replace(path, 12345) for path in leaves]
    fixes = [source.mender.promise(Fix("", (edit,))) for edit in edits]
    assert all(fix() for fix in fixes)
    after = applied(source.lines.text, [edit for fix in fixes for edit in fix().edits])
    assert same(parse(after, file.name).value, changed(source.value, edits))
