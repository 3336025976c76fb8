import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specdl.spec.json_text import parse
from specdl.spec.text import MAX_DEPTH, MAX_VALUES, Lines, TextError

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
values = st.recursive(
    scalars | texts, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=20
)


def at(value, path):
    for step in path:
        value = value[step]
    return value


@given(values, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_reads_what_the_standard_library_writes(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    parsed = parse(text)
    assert json.dumps(parsed.value) == json.dumps(value)
    for path, (start, end) in parsed.values.items():
        inside = at(value, path)
        if isinstance(inside, (dict, list)):
            assert text[start:end] == ("{" if isinstance(inside, dict) else "[")
        else:
            assert json.dumps(json.loads(text[start:end])) == json.dumps(inside)
    for path, (start, end) in parsed.keys.items():
        assert json.loads(text[start:end]) == path[-1]


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
    assert codes <= {"E004", "E006"}


def faults(text):
    with pytest.raises(TextError) as caught:
        parse(text)
    return [(each.code, each.span) for each in caught.value.faults]


def test_goes_on_after_equal_keys_and_large_numbers():
    text = '{"a": 1e999, "b": {"a": 1, "a": {"a": 2, "a": 3}}, "a": 1}'
    assert faults(text) == [("E006", (6, 11)), ("E004", (27, 30)), ("E004", (51, 54))]


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
    assert [code for code, _ in faults(text)] == ["E003"]


def test_lines_end_with_lf_crlf_or_cr():
    lines = Lines("ab\ncd\r\nef\rgh")
    assert [lines.line(n) for n in (1, 2, 3, 4)] == ["ab", "cd", "ef", "gh"]
    assert [(lines.at(i)) for i in (0, 2, 3, 7, 10, 12)] == [(1, 1), (1, 3), (2, 1), (3, 1), (4, 1), (4, 3)]
