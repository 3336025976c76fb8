"""What people write in JSON that is none: what is said of it, how to mend it, and what it means.

Each function gives the fault of one habit. Fixes that nobody could mean otherwise are sure.
"""

from __future__ import annotations

import json
import re
from typing import Any

from specdl.core.diagnostics import TextEdit, TextFix
from specdl.core.lookalikes import QUOTES as CURLY
from specdl.spec.json_text import NUMBER
from specdl.spec.text import Fault, Span, cut

QUOTES = ("'", "`", *CURLY)
MAX_QUOTED = 60
"""Longer texts are not shown in a help."""
MAX_SOUGHT = 10_000
"""Characters in which the end of a quote is sought."""
UNKNOWN = object()
"""The value of what cannot be read."""
BEGINNINGS = tuple('"{[-0123456789tfn')
"""Characters that a value begins with."""
SAME = {"True": True, "TRUE": True, "False": False, "FALSE": False, "None": None, "NULL": None, "Null": None}
"""Words of other languages that mean the same everywhere."""
MEANT = SAME | {
    "yes": True, "on": True, "Yes": True, "On": True, "no": False, "off": False, "No": False, "Off": False,
    "nil": None, "undefined": None,
}  # fmt: skip
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
LOOSE = re.compile(r"([+-]?)(?:0*([0-9]*)(\.[0-9]*)?([eE][+-]?[0-9]+)?|0[xX]([0-9a-fA-F]+))")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
EXPRESSION = re.compile(r"\$\{[^{}\"\n]*\}")


def sure(message: str, *edits: TextEdit) -> TextFix:
    """A fix that nobody could mean otherwise."""
    return TextFix(message, edits, sure=True)


def yaml(text: str) -> Fault:
    """YAML in a file whose name says JSON."""
    start = len(text) - len(text.lstrip())
    message = "this is YAML, and the file's name says JSON"
    return Fault(
        "E003", message, (start, start + len(text[start:].split(None, 1)[0])), "let its name end in `.yaml`"
    )


def rest(text: str, at: int) -> Fault:
    """What follows the spec's end."""
    end = len(text.rstrip())
    if text[at] == "{":
        return Fault("E007", "a file holds one spec; here a second begins", (at, at + 1))
    if not text[at:end].strip("}] \t\r\n"):
        message = f"this `{text[at]}` closes nothing: what it could close is closed already"
        return Fault("E003", message, (at, at + 1), "take it away, or one before it")
    return Fault("E003", "there is more text after the end of the spec", (at, end))


def comment(text: str, at: int) -> Fault:
    """A comment; taking it away would lose it, so the fix is for who says so."""
    closing = "*/" if text.startswith("/*", at) else "\n"
    end = text.find(closing, at + 2)
    end = len(text) if end < 0 else end + (2 if closing == "*/" else 0)
    end = at + len(text[at:end].rstrip())
    help = "say it in `description`, or write the spec as YAML"
    begin = at
    while begin and text[begin - 1] in " \t":
        begin -= 1
    fix = TextFix("take the comment away", (TextEdit(begin, end, ""),))
    return Fault("E003", "JSON has no comments", (at, end), help, fix=fix)


def last_comma(at: int, closing: str) -> Fault:
    """A comma after the last value."""
    fix = sure("take the comma away", TextEdit(at, at + 1, ""))
    return Fault("E003", f"a comma stands before `{closing}`", (at, at + 1), fix.message, fix=fix)


def two_commas(at: int, first: int) -> Fault:
    """A comma after a comma: a value may be missing, so the fix is none that is sure."""
    fix = TextFix("take one away", (TextEdit(at, at + 1, ""),))
    note = ("the first stands", (first, first + 1))
    return Fault("E003", "two commas stand one after the other", (at, at + 1), fix.message, (note,), fix)


def no_comma(before: int, span: Span, clear: bool) -> Fault:
    """Two values, or a value and a key, with nothing between them."""
    fix = TextFix("write a comma", (TextEdit(before, before, ","),), sure=clear)
    return Fault("E003", "a comma is missing before this", span, fix=fix)


def no_colon(text: str, at: int, key: str) -> Fault:
    """A key and its value with no colon between them."""
    if text[at : at + 1] == "=":
        fix = sure("write `:`", TextEdit(at, at + 1, ":"))
        message = f"between the key `{cut(key)}` and its value stands `=`, but must stand `:`"
        return Fault("E003", message, (at, at + 1), fix.message, fix=fix)
    before = at
    while text[before - 1] in " \t\r\n":
        before -= 1
    edit = sure("write `:`", TextEdit(before, before, ":")) if text[at : at + 1] in BEGINNINGS else None
    return Fault("E003", f"a colon is missing after the key `{cut(key)}`", (at, at + 1), fix=edit)


def bare_key(text: str, start: int, end: int) -> Fault:
    """A key without quotes."""
    key = text[start:end]
    help = f'write "{cut(key)}"'
    fix = (
        sure(help, TextEdit(start, end, json.dumps(key, ensure_ascii=False)))
        if IDENTIFIER.fullmatch(key)
        else None
    )
    return Fault("E003", "a key must stand in double quotes", (start, end), help, fix=fix)


def quotes(text: str, at: int) -> tuple[Fault, str | None]:
    """A text in quotes that are not JSON's, and what it says; None where it has no end on its line."""
    char = text[at]
    closing = char if char in "'`" else [each for each in CURLY if CURLY[each] == CURLY[char]]
    line = text.find("\n", at, at + MAX_SOUGHT)
    line = min(len(text), at + MAX_SOUGHT) if line < 0 else line
    end = next((i for i in range(at + 1, line) if text[i] in closing and text[i - 1] != "\\"), -1)
    message = (
        "JSON's quotes are double" if char in "'`" else f"JSON's quotes are straight: `{char}` is another"
    )
    if end < 0:
        return Fault("E003", message, (at, at + 1)), None
    inside = text[at + 1 : end].replace("\\'", "'")
    written = '"' + re.sub(r'(?<!\\)"', r"\\" + '"', inside) + '"'
    help = f"write {written}" if len(inside) <= MAX_QUOTED else None
    try:
        value = json.loads(written)
    except ValueError:
        return Fault("E003", message, (at, end + 1)), None
    fix = sure(help or "write straight double quotes", TextEdit(at, end + 1, written))
    return Fault("E003", message, (at, end + 1), help, fix=fix), str(value)


def control(char: str, at: int) -> Fault:
    """A control character in a text."""
    wanted = "\\t" if char == "\t" else f"\\u{ord(char):04x}"
    name = "tab" if char == "\t" else f"control character (U+{ord(char):04X})"
    fix = sure(f"write `{wanted}`", TextEdit(at, at + 1, wanted))
    return Fault("E003", f"a {name} stands in a text", (at, at + 1), fix.message, fix=fix)


def backslash(char: str, start: int) -> Fault:
    """A backslash that begins no escape: of a Windows path other escapes may mean nothing either."""
    shown = char if char.isprintable() else ""
    fix = TextFix("write `\\\\` for a backslash", (TextEdit(start, start + 1, "\\\\"),))
    return Fault("E003", f"`\\{shown}` means nothing in JSON", (start, start + 2), fix.message, fix=fix)


def no_value(text: str, start: int, word: str) -> tuple[Fault, Any]:
    """Why no value begins here, and the value that was meant, or `UNKNOWN`."""
    span = (start, start + max(1, len(word)))
    if start >= len(text):
        end = len(text.rstrip())
        return Fault("E003", "the text ends where a value should be", (max(0, end - 1), end)), UNKNOWN
    expression = EXPRESSION.match(text, start)
    if word.startswith("$") and expression:
        return in_quotes("an expression must stand in double quotes", expression[0], start), expression[0]
    if NOT_FINITE.fullmatch(word):
        return Fault("E006", f"`{cut(word)}` is not a finite number", span), 0.0
    if word in MEANT:
        help = f"write {json.dumps(MEANT[word])}"
        fix = TextFix(help, (TextEdit(*span, json.dumps(MEANT[word])),), sure=word in SAME)
        return Fault("E003", f"`{word}` is not JSON", span, help, fix=fix), MEANT[word]
    if word and word[0] in "+-.0123456789":
        return no_number(word, span)
    if text[start] == "(":
        return Fault("E003", "JSON's lists stand in `[` and `]`", (start, start + 1)), UNKNOWN
    if not word:
        return Fault("E003", f"expected a value, found `{text[start]}`", span), UNKNOWN
    if IDENTIFIER.fullmatch(word):
        return in_quotes(f"`{cut(word)}` must stand in double quotes", word, start), word
    return Fault("E003", f"`{cut(word)}` must stand in double quotes", span, f'write "{cut(word)}"'), UNKNOWN


def in_quotes(message: str, word: str, start: int) -> Fault:
    """A text without quotes. That it is a text, and no name of something, is only likely."""
    fix = TextFix(f'write "{cut(word)}"', (TextEdit(start, start + len(word), f'"{word}"'),))
    return Fault("E003", message, (start, start + len(word)), fix.message, fix=fix)


def no_number(word: str, span: Span) -> tuple[Fault, Any]:
    """A number in another notation; hexadecimal and a leading zero may mean what they do in C."""
    meant = number_meant(word)
    message = f"`{cut(word)}` is not a number as JSON writes them"
    if meant is None:
        return Fault("E003", message, span), UNKNOWN
    octal = re.match(r"[+-]?0[0-9xX]", word)
    fix = TextFix(f"write {meant}", (TextEdit(*span, meant),), sure=not octal)
    return Fault("E003", message, span, fix.message, fix=fix), json.loads(meant)


def number_meant(word: str) -> str | None:
    """The number that was probably meant, in JSON's notation.

    >>> [number_meant(word) for word in (".5", "+1", "5.", "1_000", "0x1F", "012", "1e", "1.2.3")]
    ['0.5', '1', '5.0', '1000', '31', '12', None, None]
    """
    match = LOOSE.fullmatch(re.sub(r"(?<=[0-9a-fA-F])_(?=[0-9a-fA-F])", "", word))
    if not match or not any(char.isdigit() for char in word) or len(word) > 40:
        return None
    sign, whole, fraction, exponent, hexadecimal = match.groups()
    minus = "-" if sign == "-" else ""
    if hexadecimal:
        return f"{minus}{int(hexadecimal, 16)}"
    fraction = f"{fraction}0" if fraction == "." else fraction or ""
    meant = f"{minus}{whole or '0'}{fraction}{exponent or ''}"
    return meant if NUMBER.fullmatch(meant) and abs(float(meant)) != float("inf") else None
