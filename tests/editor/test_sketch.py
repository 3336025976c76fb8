"""The tolerant reader: equal to the strict ones on sound texts, and of use on broken ones."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.editor.sketch import sketch
from specdl.spec import json_text, yaml_text
from specdl.spec.text import TextError

from .tools import DISC, cut

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^````?(yaml|json)\n(.*?)^````?$\n?", re.DOTALL | re.MULTILINE)


def sound():
    """Every text of the models and of the cases that can be read."""
    for file in sorted((ROOT / "models").rglob("*.*")):
        if file.suffix in (".json", ".yaml"):
            yield pytest.param(file.suffix, file.read_text("utf-8"), id=file.name)
    for file in sorted((ROOT / "tests" / "spec" / "cases").glob("*.md")):
        for number, (kind, text) in enumerate(FENCE.findall(file.read_text("utf-8"))):
            yield pytest.param(f".{kind}", text, id=f"{file.stem}-{number}")


@pytest.mark.parametrize(("suffix", "text"), list(sound()))
def test_sound_texts_are_read_as_the_strict_readers_do(suffix, text):
    text = text.removeprefix("\ufeff")
    try:
        strict = (json_text if suffix == ".json" else yaml_text).parse(text)
    except TextError:
        sketch(text, suffix != ".json")  # whatever it says, it says something
        return
    if re.search(r"\*\w|&\w", text):  # an alias says nothing here
        return
    found = sketch(text, suffix != ".json")
    assert json.dumps(found.value) == json.dumps(strict.value)
    assert found.keys == strict.keys
    scalars = {
        path: span
        for path, span in strict.values.items()
        if span[0] < span[1] and "\n" not in text[slice(*span)]
    }
    assert {path: found.values[path] for path in scalars} == scalars


@pytest.mark.parametrize("yaml", [False, True])
@given(text=st.text(alphabet="{}[]\",:'-# \n\tab1&*|>$\\\ue000é", max_size=60), at=st.integers(0, 60))
def test_nothing_stops_it(yaml, text, at):
    found = sketch(text, yaml, min(at, len(text)))
    assert all(
        0 <= start <= end <= len(text) for start, end in [*found.values.values(), *found.keys.values()]
    )


@pytest.mark.parametrize("yaml", [False, True])
@given(at=st.integers(0, len(DISC)), cut_to=st.integers(0, len(DISC)))
def test_any_beginning_of_a_spec_is_read(yaml, at, cut_to):
    text = DISC[: max(at, cut_to)]
    assert sketch(text, yaml, at).values is not None


@pytest.mark.parametrize("deep", ["[" * 20_000, '{"a":' * 20_000, "- " * 20_000, "a:\n" + " b:\n" * 3])
def test_depth_is_bounded(deep):
    sketch(deep, yaml=True, at=len(deep))
    sketch(deep, yaml=False, at=len(deep))


CURSORS = [
    # JSON
    ("json", '{"a": 1, |}', (), True, "", ["a"]),
    ("json", '{"a": 1, "b|"}', (), True, "b", ["a"]),
    ("json", '{"a": {"b|": 3}}', ("a",), True, "b", ["a"]),
    ("json", '{"a": "li|near", "b": 2}', ("a",), False, "li", ["a", "b"]),
    ("json", '{"a": |}', ("a",), False, "", ["a"]),
    ("json", '{"a": |\n "b": 2}', ("a",), False, "", ["a", "b"]),
    ("json", '{"a": \n "b": 2, |}', (), True, "", ["a", "b"]),
    ("json", '{"a": "|\n "b": 2}', ("a",), False, "", ["a", "b"]),
    ("json", '{"a": "li|, "b": 2}', ("a",), False, "li", ["a", "b"]),
    ("json", '{"a": [1, |], "b": 2}', ("a", 1), False, "", ["a", "b"]),
    ("json", '{"a": [{"t": 1}, {|], "b": 2}', ("a", 1), True, "", ["a", "b"]),
    ("json", '{"a": [{"t": 1, "u": |}, {"t": 2}], "b": 2}', ("a", 0, "u"), False, "", ["a", "b"]),
    ("json", '{"a": [{"t": 1, | {"t": 2}], "b": 2}', ("a", 0), True, "", ["a", "b"]),
    ("json", '{"a": [{"t": "|"}, {"t": 2}\n "b": 2}', ("a", 0, "t"), False, "", ["a", "b"]),
    ("json", '{"a": "${w|}", "b": 2}', ("a",), False, "${w", ["a", "b"]),
    ("json", '{"a": "${min(w|, 2)}", "b": 2}', ("a",), False, "${min(w", ["a", "b"]),
    # YAML in blocks
    ("yaml", "a: 1\n|\nb: 2\n", (), True, "", ["a", "b"]),
    ("yaml", "a: 1\nb|\nc: 2\n", (), True, "b", ["a", "c"]),
    ("yaml", "a:\n  b: 1\n  |\nc: 2\n", ("a",), True, "", ["a", "c"]),
    ("yaml", "a:\n  |\nc: 2\n", ("a",), False, "", ["a", "c"]),
    ("yaml", "a: |\nc: 2\n", ("a",), False, "", ["a", "c"]),
    ("yaml", "a: li|n\nc: 2\n", ("a",), False, "li", ["a", "c"]),
    ("yaml", 'a: "li|\nc: 2\n', ("a",), False, "li", ["a", "c"]),
    ("yaml", "a:\n  - t: 1\n    |\n  - t: 2\nc: 2\n", ("a", 0), True, "", ["a", "c"]),
    ("yaml", "a:\n  - t: 1\n  - |\n  - t: 2\nc: 2\n", ("a", 1), False, "", ["a", "c"]),
    ("yaml", "a:\n  - t: 1\n  - u|\n    t: 2\nc: 2\n", ("a", 1), True, "u", ["a", "c"]),
    ("yaml", "a:\n  - t: 1\n  |\n  - t: 2\nc: 2\n", ("a", 1), False, "", ["a", "c"]),
    ("yaml", "a:\n- t: 1\n- t: |\nc: 2\n", ("a", 1, "t"), False, "", ["a", "c"]),
    # YAML between brackets
    ("yaml", "a: {b: 1, |}\nc: 2\n", ("a",), True, "", ["a", "c"]),
    ("yaml", "a: {b: |\nc: 2\n", ("a", "b"), False, "", ["a", "c"]),
    ("yaml", "a: {b: 1, d|\nc: 2\n", ("a",), True, "d", ["a", "c"]),
    ("yaml", "a:\n  - {t: li|\n  - {t: 2}\nc: 2\n", ("a", 0, "t"), False, "li", ["a", "c"]),
    ("yaml", "a: [x, |\nc: 2\n", ("a", 1), False, "", ["a", "c"]),
]


@pytest.mark.parametrize(("kind", "marked", "path", "at_key", "prefix", "top"), CURSORS)
def test_where_the_cursor_is(kind, marked, path, at_key, prefix, top):
    text, at = cut(marked)
    found = sketch(text, kind == "yaml", at)
    assert found.cursor is not None
    assert (found.cursor.path, found.cursor.at_key, found.cursor.prefix) == (path, at_key, prefix)
    assert list(found.value) == top


@pytest.mark.parametrize("marked", ["a: 1 # no|te\n", "# |\na: 1\n", "a: ¦\n  te|xt\n".replace("¦", ">")])
def test_no_cursor_in_comments_and_texts_of_lines(marked):
    text, at = cut(marked)
    assert sketch(text, True, at).cursor is None


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('{"a": [{"t": 1,  {"t": 2}], "b": 2}', {"a": [{"t": 1}, {"t": 2}], "b": 2}),
        ('{"a": [{"t": 1}, {"t": 2}, "b": 2}', {"a": [{"t": 1}, {"t": 2}], "b": 2}),
        ('{"a": {"t": 1 "u": [2, 3}, "b": 2', {"a": {"t": 1, "u": [2, 3]}, "b": 2}),
        ('{"a": "x\n "b": 2}', {"a": "x", "b": 2}),
        ('{"a": 1}] "b": 2', {"a": 1}),
        ('{"a": ]1, "b": 2}', {"a": None, "b": 2}),
    ],
)
def test_what_is_missing_in_json_is_taken_as_meant(text, wanted):
    assert sketch(text, yaml=False).value == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: {t: 1, u: [2\nb: 2\n", {"a": {"t": 1, "u": [2]}, "b": 2}),
        ("a:\n  - t: 1\n    u\n  - t: 2\nb: 2\n", {"a": [{"t": 1}, {"t": 2}], "b": 2}),
        ("a:\n   t: 1\n  u: 2\nb: 2\n", {"a": {"t": 1}, "u": 2, "b": 2}),
        ('a: "x\nb: 2\n', {"a": "x", "b": 2}),
        ("a\nb: 2\n", {"b": 2}),
        ("a: [\n  {t: 1},\n]\nb: 2\n", {"a": [{"t": 1}], "b": 2}),
        ("a: &x {t: 1}\nb: *x\nc: &y 3\n", {"a": {"t": 1}, "b": None, "c": 3}),
        ("a: |\n  t: 1\n  # u\nb: one\n  two\n", {"a": "t: 1\n# u", "b": "one two"}),
    ],
)
def test_what_is_missing_in_yaml_is_taken_as_meant(text, wanted):
    assert sketch(text, yaml=True).value == wanted
