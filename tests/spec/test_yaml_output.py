import pytest

from specdl.spec.yaml_output import text
from specdl.spec.yaml_text import parse

TEXTS = [
    "",
    " ",
    "a",
    "1e3",
    "1E-3",
    ".5",
    "012",
    "0x1f",
    "1_000",
    "12:30",
    "no",
    "Yes",
    "null",
    "~",
    "true",
    "<<",
]
TEXTS += [
    "2020-01-01",
    "a: b",
    "- a",
    "# no",
    "a #b",
    "${x}",
    "'",
    '"',
    "tab\t",
    "two\nlines\n",
    "é",
    "\x07",
    "=",
    ".",
]
TEXTS += [
    "\N{GRINNING FACE}",
    "word " * 60,
    "[a]",
    "{a}",
    "&a",
    "*a",
    "!a",
    "%a",
    "@a",
    "`a`",
    ".inf",
    "-",
    "?",
]
NUMBERS = [0, -1, 10**30, 0.1, 1e-05, 1e300, 2.5e-300, -0.5, 1.0, True, False, None]


@pytest.mark.parametrize("value", [*TEXTS, *NUMBERS], ids=repr)
@pytest.mark.parametrize("shape", [lambda each: {"a": each}, lambda each: {"a": [{"b": [each, each]}]}])
def test_what_is_written_reads_back(value, shape):
    made = shape(value)
    read = parse(text(made)).value
    assert read == made
    assert repr(read) == repr(made)


def test_keys_read_back_and_keep_their_order():
    made = {each: number for number, each in enumerate(["z", "a", "no", "1", "on"])}
    assert list(parse(text(made)).value) == list(made)


def test_what_is_innermost_stands_on_one_line_and_nothing_is_an_alias():
    shared = {"x": [1, 2]}
    assert (
        text({"a": shared, "b": [shared, shared]})
        == """a:
  x: [1, 2]
b:
- x: [1, 2]
- x: [1, 2]
"""
    )
