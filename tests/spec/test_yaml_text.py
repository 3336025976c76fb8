import json
import tracemalloc

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from specdl.spec.text import MAX_DEPTH, TextError
from specdl.spec.yaml_text import parse
from tests.spec.test_json_text import at, keys
from tests.spec.test_json_text import values as rich_values
from tests.spec.writer import Block, Flow

scalars = st.none() | st.booleans() | st.integers(-(10**30), 10**30)
texts = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF, exclude_characters="\x7f"), max_size=6)
texts = texts.filter(lambda text: not any("\x80" <= char <= "\x9f" for char in text))
values = st.recursive(
    scalars | texts, lambda inner: st.lists(inner) | st.dictionaries(keys, inner), max_leaves=15
)


@given(values, st.booleans())
def test_reads_json(value, fast):
    text = json.dumps(value)
    assert parse(text, fast).value == value


@given(values)
def test_both_parsers_agree_on_values_and_places(value):
    text = yaml.safe_dump(value, allow_unicode=True)
    assert parse(text) == parse(text, fast=False)


@given(rich_values, st.sampled_from([Flow, Block]), st.randoms(use_true_random=False))
def test_every_key_and_value_is_found_where_it_was_written(value, style, rng):
    writer = style(rng)
    writer.write(value)
    parsed = parse(writer.text)
    assert json.dumps(parsed.value) == json.dumps(value)
    assert dict(parsed.values) == writer.values
    assert dict(parsed.keys) == writer.keys


def test_places():
    text = "a: é\r\nb:\n  - x: 'q'\n    y: {z: [1, 2]}\n"
    parsed = parse(text)
    assert parsed.value == {"a": "é", "b": [{"x": "q", "y": {"z": [1, 2]}}]}
    cut = {path: text[start:end] for path, (start, end) in parsed.values.items()}
    assert cut[("a",)] == "é"
    assert cut[("b", 0, "x")] == "'q'"
    assert cut[("b", 0, "y", "z", 1)] == "2"
    assert cut[("b", 0)] == "x"  # a mapping is marked by its first character
    assert {path: text[start:end] for path, (start, end) in parsed.keys.items()}[("b", 0, "y")] == "y"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1E5", 1e5),
        (".5", 0.5),
        ("1.", 1.0),
        ("-1.5", -1.5),
        ("+1.5", 1.5),
        ("12", 12),
        ("-0", 0),
        ("no", "no"),
        ("off", "off"),
        ("Yes", "Yes"),
        ("012", "012"),
        ("+12", "+12"),
        ("0x1F", "0x1F"),
        ("0o7", "0o7"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"),
        ("~", None),
        ("Null", None),
        ("", None),
        ("True", True),
        ("FALSE", False),
        ("'1'", "1"),
        ('"true"', "true"),
        ("e3", "e3"),
        (".", "."),
        ("1e", "1e"),
        ("=", "="),
        ("1.2.3", "1.2.3"),
        ("nan", "nan"),
        ("inf", "inf"),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_scalars_by_the_core_rules_with_the_integers_of_json(text, value, fast):
    found = parse(f"a: {text}", fast).value["a"]
    assert (found, type(found)) == (value, type(value))


def codes(text, fast=True):
    with pytest.raises(TextError) as caught:
        parse(text, fast)
    return [each.code for each in caught.value.faults]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: .inf", "E006"),
        ("a: .NaN", "E006"),
        ("a: 1e400", "E006"),
        ("a: " + "9" * 301, "E006"),
        ("a: 1\na: 2", "E004"),
        ("a: {b: 1, b: 2}", "E004"),
        ("<<: {a: 1}", "E007"),
        ("a: !!str 1", "E007"),
        ("a: ! x", "E007"),
        ("--- 1\n--- 2", "E007"),
        ("a: &x [*x]", "E007"),
        ("a: *x", "E003"),
        ("a: [", "E003"),
        ("[1]: 2", "E003"),
        ("~: 2", "E003"),
        ("a: \x07", "E003"),
        ('a: "\\ud800"', "E003"),
        ("\ufeffa: 1", "E003"),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_refuses(text, code, fast):
    assert codes(text, fast) == [code]


def test_a_key_may_be_any_plain_text():
    assert parse("1: a\non: b\n'<<': c").value == {"1": "a", "on": "b", "<<": "c"}


def test_aliases_are_copies_with_the_places_of_what_they_copy():
    parsed = parse("a: &x {k: [1]}\nb: *x\nc: [*x]")
    assert parsed.value == {"a": {"k": [1]}, "b": {"k": [1]}, "c": [{"k": [1]}]}
    assert parsed.value["a"] is not parsed.value["b"]
    assert parsed.values["b", "k", 0] == parsed.values["c", 0, "k", 0] == parsed.values["a", "k", 0]
    assert parsed.keys["b", "k"] == parsed.keys["a", "k"]


def test_an_anchor_means_the_last_of_its_name():
    assert parse("a: &x 1\nb: &x 2\nc: *x").value["c"] == 2


def test_an_alias_cannot_nest_deeper_than_a_text():
    half = MAX_DEPTH // 2
    deep = "&a " + "[" * half + "]" * half
    assert parse(f"a: {deep}").value
    assert codes(f"a: {deep}\nb: " + "[" * (half + 2) + "*a" + "]" * (half + 2)) == ["E005"]


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_nesting_is_bounded(opening):
    assert codes(opening * 20_000) == ["E005"]


def test_every_value_under_equal_keys_has_one_finding():
    assert codes("a: {x: 1}\na: {x: 2}\na: {x: 3}") == ["E004", "E004"]


def test_paths_lead_to_values():
    parsed = parse("a: [1, {b: c}]\nd: |\n  text\n")
    for path in parsed.values:
        at(parsed.value, path)
    assert len(parsed.values) == 6


@pytest.mark.parametrize(
    ("text", "word", "message"),
    [
        ("a: !x%zz b", "!x%zz", "a spec has no tags"),
        ("%YAML 3.0\n---\na: 1", "%YAML", "a spec has no directives"),
        ("a: - b", "-", "a list cannot begin here"),
        ("a: 'x' y", "y", "the text goes on after its closing quote"),
        ('a: "\\xZZ"', "\\x", "the backslash begins nothing that YAML knows"),
        ("a:1\nb: 2", ":", "a blank is missing after the colon of `a`"),
        ("// a\nb: 2", "// a", "YAML's comments begin with `#`"),
        ("a: 1\n\tb: 2", "\t", "a line is indented with a tab"),
        ("a:\u00a01\nb: 2", "\u00a0", "a no-break space (U+00A0) stands here"),
        ("a: [${b}]", "${b}", "inside `[...]` or `{...}` an expression must stand in quotes"),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_faults_of_syntax_are_told_at_the_token(text, word, message, fast):
    with pytest.raises(TextError) as caught:
        parse(text, fast)
    (fault,) = caught.value.faults
    assert (text[slice(*fault.span)], fault.message[: len(message)]) == (word, message)


def mended(text):
    with pytest.raises(TextError) as caught:
        parse(text)
    (fault,) = caught.value.faults
    for edit in sorted(fault.fix.edits, key=lambda each: each.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text, fault.fix.sure


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("a: &b {x: 1, y: [2, no]}\nc: {<<: *b, x: 3}", "a: &b {x: 1, y: [2, no]}\nc: {y: [2, no], x: 3}"),
        (
            "a: &b {x: 1, y: 2}\nc:\n  <<: *b # so\n  z: 3",
            "a: &b {x: 1, y: 2}\nc:\n  x: 1\n  y: 2 # so\n  z: 3",
        ),
        ("a: &b {x: 1, y: 2}\nc:\n  - <<: *b\n", "a: &b {x: 1, y: 2}\nc:\n  - x: 1\n    y: 2\n"),
        ("a:\n\tb: 1\n\tc:\n\t\td: 2", "a:\n  b: 1\n  c:\n    d: 2"),
        ("a:1\nb: 2", "a: 1\nb: 2"),
        ("a: 1\n// so\nb: 2", "a: 1\n# so\nb: 2"),
        ("a:\n\u00a0\u00a0b: 1\n  c: 2", "a:\n  b: 1\n  c: 2"),
        ("a: [${b}, 1]", 'a: ["${b}", 1]'),
    ],
)
def test_what_can_only_mean_one_thing_is_mended(text, right):
    assert mended(text) == (right, True)
    parse(right)


def test_merge_keys_mean_what_yaml_1_1_says():
    text = "a: &a {x: 1, y: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: [*b, {z: 3, y: 4}]}"
    with pytest.raises(TextError) as caught:
        parse(text)
    assert [each.help for each in caught.value.faults] == ["write `x: 1`", "write `y: 2, x: 1, z: 3`"]


def test_aliases_are_counted_before_they_are_made():
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12)
    )
    tracemalloc.start()
    with pytest.raises(TextError) as caught:
        parse(laughs)
    assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
    tracemalloc.stop()
    (fault,) = caught.value.faults
    assert (fault.code, laughs[slice(*fault.span)]) == ("E005", "*a4")


def test_where_aliases_stand_is_known():
    text = "a: &x [1]\nb: [*x, {c: *x}]"
    parsed = parse(text)
    assert {path: text[slice(*span)] for path, span in parsed.aliases.items()} == {
        ("b", 0): "*x",
        ("b", 1, "c"): "*x",
    }


def test_an_anchor_is_no_part_of_what_it_names():
    text = "a: &x 10\nb: &y\n  c: 1\n&z d: &e # so\n  text\nf: &g"
    parsed = parse(text)
    cut = {path: text[start:end] for path, (start, end) in parsed.values.items()}
    assert (cut["a",], cut["b",], cut["d",], cut["f",]) == ("10", "c", "text", "")
    assert text[slice(*parsed.keys["d",])] == "d"
