import json
import re
from bisect import bisect_right
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.spec.json_text import parse
from specdl.spec.text import MAX_DEPTH, MAX_FINDINGS, MAX_VALUES, Lines, TextError
from tests.spec.writer import Json

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
# keys of one script, without letters that look like another's
keys = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=6)
keys |= st.text("éñß", max_size=3) | st.text("жцф_1", max_size=4) | st.text("名前", max_size=3)
values = st.recursive(
    scalars | texts, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=20
)


def at(value, path):
    for step in path:
        value = value[step]
    return value


@given(values, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_reads_what_the_standard_library_writes(value, indent, ascii_only):
    assert json.dumps(parse(json.dumps(value, indent=indent, ensure_ascii=ascii_only)).value) == json.dumps(
        value
    )


@given(values, st.randoms(use_true_random=False))
def test_every_key_and_value_is_found_where_it_was_written(value, rng):
    writer = Json(rng)
    writer.write(value)
    parsed = parse(writer.text)
    assert json.dumps(parsed.value) == json.dumps(value)
    assert dict(parsed.values) == writer.values
    assert dict(parsed.keys) == writer.keys


@given(values, st.data())
def test_refuses_what_the_standard_library_refuses(value, data):
    text = json.dumps(value, ensure_ascii=False)
    cut = data.draw(st.integers(0, len(text)))
    changed = (
        text[:cut]
        + data.draw(st.sampled_from(["", ",", "]", "}", '"', "\\", "0", "-", "x"]))
        + text[cut + 1 :]
    )
    try:
        wanted = json.loads(changed)
    except ValueError:
        with pytest.raises(TextError):
            parse(changed)
        return
    try:
        assert json.dumps(parse(changed).value) == json.dumps(wanted)
    except TextError as error:
        codes = {each.code for each in error.faults}
    else:
        codes = set()
    assert codes <= {"E004", "E006", "E008"}


def faults(text):
    with pytest.raises(TextError) as caught:
        parse(text)
    return [(each.code, each.span) for each in caught.value.faults]


def test_goes_on_after_equal_keys_and_large_numbers():
    text = '{"a": 1e999, "b": {"a": 1, "a": {"a": 2, "a": 3}}, "a": 1}'
    assert faults(text) == [("E006", (6, 11)), ("E004", (27, 30)), ("E004", (41, 44)), ("E004", (51, 54))]


def test_equal_keys_are_equal_however_they_are_written():
    assert faults(r'{"a": 1, "\u0061": 2}') == [("E004", (9, 17))]


@pytest.mark.parametrize("text", ["NaN", "[Infinity]", "-Infinity", '{"a": nan}'])
def test_numbers_are_finite(text):
    assert [code for code, _ in faults(text)] == ["E006"]


def test_nesting_is_bounded():
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH).value
    assert faults("[" * 60_000) == [("E005", (MAX_DEPTH, MAX_DEPTH + 1))]


def test_values_are_bounded():
    assert faults("[" + "0," * MAX_VALUES + "0]")[0][0] == "E005"


@pytest.mark.parametrize(
    "text", ["", " ", "\n", "[1]]", "nul", "tru e", "0x1", "1_0", "--1", "1e", "[1 2]", "\x0c1", "\uff11"]
)
def test_other_things_are_no_json(text):
    assert {code for code, _ in faults(text)} == {"E003"}


def test_lines_end_with_lf_crlf_or_cr():
    lines = Lines("ab\ncd\r\nef\rgh")
    assert [lines.line(n) for n in (1, 2, 3, 4)] == ["ab", "cd", "ef", "gh"]
    assert [(lines.at(i)) for i in (0, 2, 3, 7, 10, 12)] == [(1, 1), (1, 3), (2, 1), (3, 1), (4, 1), (4, 3)]


def mended(text, sure=True):
    """A text with the fixes of all its faults, and whether all are sure."""
    with pytest.raises(TextError) as caught:
        parse(text)
    fixes = [each.fix for each in caught.value.faults]
    assert all(fix.sure == sure for fix in fixes)
    edits = [edit for fix in fixes for edit in fix.edits]
    for edit in sorted(edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ('{"a": 1,}', '{"a": 1}'),
        ("[1, 2 , ]", "[1, 2  ]"),
        ('{"a": True, "b": [False, None, TRUE]}', '{"a": true, "b": [false, null, true]}'),
        ("{'a': 'it'}", '{"a": "it"}'),
        ("""['say "no"']""", r'["say \"no\""]'),
        (r"['it\'s']", """["it's"]"""),
        ("{\u201ca\u201d: \u2018b\u2019}", '{"a": "b"}'),
        ("[`a`]", '["a"]'),
        ("{a: 1, b_2: 2}", '{"a": 1, "b_2": 2}'),
        ('{"a": 1 "b": 2}', '{"a": 1, "b": 2}'),
        ('{"a": {}\n "b": 2}', '{"a": {},\n "b": 2}'),
        ("[1\n2]", "[1,\n2]"),
        ('{"a" 1}', '{"a": 1}'),
        ('{"a" = 1}', '{"a" : 1}'),
        ("[.5, +1, 5., 1_000, -.5, +.5]", "[0.5, 1, 5.0, 1000, -0.5, 0.5]"),
        ('["a\tb\x01"]', r'["a\tb\u0001"]'),
        ("{a: True,}", '{"a": true}'),
    ],
)
def test_what_can_only_mean_one_thing_is_mended(text, right):
    assert mended(text) == right
    parse(right)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ('{"a": 1} // no', '{"a": 1}'),
        ('{"a": 1 /* no */, "b": 2}', '{"a": 1, "b": 2}'),
        ('{\n  # no\n  "a": 1}', '{\n\n  "a": 1}'),
        ("[1,, 2]", "[1, 2]"),
        ("[yes, off]", "[true, false]"),
        ("[tanh]", '["tanh"]'),
        ("[${width * 2}]", '["${width * 2}"]'),
        ("[0x1F, 012]", "[31, 12]"),
        (r'["c:\data"]', r'["c:\\data"]'),
    ],
)
def test_what_is_only_likely_says_so(text, right):
    assert mended(text, sure=False) == right
    parse(right)


def test_everything_is_told_that_one_reading_can_find():
    assert [code for code, _ in faults("{a: 1e999, 'b': .5, # c\n\"b\": NaN,}")] == [
        *("E003", "E006", "E003", "E003", "E003", "E004", "E006", "E003"),
    ]


@pytest.mark.parametrize(
    ("text", "code", "word"),
    [
        ("specdl: 1\n", "E003", "specdl:"),
        ("# so\n---\na: 1", "E003", "#"),
        ('{"a": 1}\n{"b": 2}', "E007", "{"),
        ('{"a": 1}}', "E003", "}"),
        ('{"a": (1, 2)}', "E003", "("),
        ('{"a": "b": 1}', "E003", ":"),
    ],
)
def test_stops_where_nobody_can_know(text, code, word):
    assert [(found, text[slice(*span)]) for found, span in faults(text)] == [(code, word)]


def test_faults_are_bounded():
    found = faults("{" + '"a": 1, ' * 5000 + '"b": 1}')
    assert len(found) == MAX_FINDINGS + 1
    assert found[-1][0] == "E005"


@given(st.text(st.sampled_from("ab\n\r"), max_size=30), st.integers(1, 5))
def test_lines_are_counted_alike_in_pieces(text, piece):
    starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("specdl.spec.text.PIECE", piece)
        lines = Lines(text)
        for offset in range(len(text) + 1):
            line = bisect_right(starts, offset)
            assert lines.at(offset) == (line, offset - starts[line - 1] + 1)
        assert lines.count == len(starts)
        for number, (start, end) in enumerate(pairwise([*starts, len(text)]), 1):
            assert lines.start(number) == start
            assert lines.line(number) == text[start:end].rstrip("\r\n")
