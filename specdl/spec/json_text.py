"""JSON as RFC 8259 has it, with the place of every key and value.

The standard library's parser knows no places, takes NaN and the last of two equal keys, and
says little about a missing comma; so this is a small scanner of our own. What people write by
habit from other languages is told, taken as it was meant, and read past, so that one reading
finds all of it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from specdl.core.diagnostics import TextEdit
from specdl.core.lazy import LazyModule
from specdl.spec.text import MAX_DEPTH, Mark, Parsed, Places, Reading, TextError

if TYPE_CHECKING:
    from specdl.spec import json_faults
else:
    json_faults = LazyModule("specdl.spec.json_faults")  # most texts have no fault

BLANK = re.compile(r"[ \t\n\r]*")
STRING = re.compile(r'"([^"\\\x00-\x1f]*)"')
PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
WORD = re.compile(r"[^\s,:\[\]{}\"']+")
KEY_AHEAD = re.compile(r'"(?:[^"\\\n]|\\.)*"[ \t\r\n]*:')
HEX = re.compile(r"[0-9a-fA-F]{4}")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
YAML = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*(?:---|%YAML|[\w$]+[ \t]*:(?:[ \t\r\n]|\Z))")
"""How YAML begins that no JSON is."""
CONSTANTS = {"true": True, "false": False, "null": None}
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def parse(text: str) -> Parsed:
    """The value of a JSON text.

    Raises `TextError` with every fault: reading goes on after what it is clear how to read, and
    stops at the first fault of syntax that leaves that open.
    """
    scanner = Scanner(text)
    value = scanner.whole()
    scanner.found.settle()
    return Parsed(value, Places(scanner.mark), Places(scanner.mark, of_keys=True))


class Scanner:
    """Reads from `at` onwards. Nesting is bounded, so the recursion is."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found = Reading(text)
        self.mark = Mark(0, 0)
        """The mark of the value that was read last."""

    def whole(self) -> Any:
        """The only value of the text."""
        if YAML.match(self.text):
            raise self.found.ended(json_faults.yaml(self.text))
        self.blank()
        value = self.value(0)
        mark = self.mark
        self.blank()
        if self.at < len(self.text):
            raise self.found.ended(json_faults.rest(self.text, self.at))
        self.mark = mark
        return value

    def stop(
        self, message: str, start: int, end: int | None = None, help: str | None = None, *edits: TextEdit
    ) -> TextError:
        return self.found.stop("E003", message, start, start + 1 if end is None else end, help, *edits)

    def blank(self) -> None:
        """Skip blanks, and comments, which people write though JSON has none."""
        text = self.text
        while True:
            match = BLANK.match(text, self.at)
            assert match is not None
            self.at = match.end()
            if text[self.at : self.at + 1] not in ("/", "#") or not text.startswith(
                ("//", "/*", "#"), self.at
            ):
                return
            fault = json_faults.comment(text, self.at)
            self.found.fault(fault)
            self.at = fault.span[1]

    def peek(self) -> str:
        """The next character, or nothing at the end."""
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Any:
        char, start = self.peek(), self.at
        if char in ("{", "["):
            self.found.more(start, start + 1)
            if depth >= MAX_DEPTH:
                message = f"values are nested more than {MAX_DEPTH} deep"
                raise self.found.stop("E005", message, start, start + 1)
            return self.mapping(depth) if char == "{" else self.sequence(depth)
        value = self.string() if char == '"' else self.scalar()
        self.found.more(start, self.at)
        self.mark = Mark(start, self.at)
        return value

    def mapping(self, depth: int) -> dict[str, Any]:
        start, result, marks = self.at, dict[str, Any](), dict[str, Mark]()
        self.at += 1
        self.blank()
        while self.peek() != "}":
            begin = self.at
            key = self.key(start)
            span = (begin, self.at)
            if not (key.isascii() and key.isprintable()):
                self.found.strange(key, span, result)
            self.colon(key)
            value = self.value(depth + 1)
            if key in result:
                self.found.twice(key, marks[key].key or span, span)
            else:
                result[key], marks[key] = value, self.mark
                self.mark.key = span
            self.separator(start, "}")
        self.at += 1
        self.mark = Mark(start, start + 1, None, marks)
        return result

    def sequence(self, depth: int) -> list[Any]:
        start, result, marks = self.at, list[Any](), list[Mark]()
        self.at += 1
        self.blank()
        while self.peek() != "]":
            result.append(self.value(depth + 1))
            marks.append(self.mark)
            self.separator(start, "]")
        self.at += 1
        self.mark = Mark(start, start + 1, None, marks)
        return result

    def key(self, opening: int) -> str:
        if self.peek() == '"':
            return self.string()
        if not self.peek():
            raise self.unclosed(opening)
        quoted = self.other_quotes()
        if quoted is not None:
            return quoted
        word = WORD.match(self.text, self.at)
        if word and word[0][0] not in "+-.0123456789(":
            self.found.fault(json_faults.bare_key(self.text, *word.span()))
            self.at = word.end()
            return word[0]
        if self.peek() == ",":
            raise self.stop("a comma stands where a key should", self.at, None, "take the comma away")
        raise self.stop('expected a key in double quotes, or "}"', self.at)

    def colon(self, key: str) -> None:
        self.blank()
        char = self.peek()
        if char != ":":
            fault = json_faults.no_colon(self.text, self.at, key)
            if char != "=" and char not in json_faults.BEGINNINGS:
                raise self.found.ended(fault)
            self.found.fault(fault)
        if char in (":", "="):
            self.at += 1
        self.blank()

    def separator(self, opening: int, closing: str) -> None:
        """A comma and what follows it, or the end of a mapping or list."""
        before = self.at
        self.blank()
        char, comma = self.peek(), self.at
        if char == closing:
            return
        if not char:
            raise self.unclosed(opening)
        if char != ",":
            self.no_comma(opening, closing, before)
            return
        self.at += 1
        self.blank()
        while self.peek() == ",":
            self.found.fault(json_faults.two_commas(self.at, comma))
            self.at += 1
            self.blank()
        if self.peek() == closing:
            self.found.fault(json_faults.last_comma(comma, closing))
        if not self.peek():
            raise self.unclosed(opening)

    def no_comma(self, opening: int, closing: str, before: int) -> None:
        """Go on where only a comma can be missing: before a key, and before a value on a new line."""
        char = self.peek()
        if char in "}]":
            opened = self.text[opening]
            message = f"`{char}` cannot close what `{opened}` opened"
            raise self.stop(message, self.at, None, f"write `{closing}`")
        if char == ":":
            raise self.stop("a colon stands after a value", self.at)
        clear = "\n" in self.text[before : self.at]
        if closing == "}":
            clear = KEY_AHEAD.match(self.text, self.at) is not None or (clear and char == '"')
        fault = json_faults.no_comma(before, (self.at, self.token_end()), clear)
        if not clear:
            raise self.found.ended(fault)
        self.found.fault(fault)

    def token_end(self) -> int:
        """Where the token at hand ends, for the mark under it."""
        if self.peek() == '"':
            close = self.text.find('"', self.at + 1)
            line = self.text.find("\n", self.at)
            ends = [each for each in (close + 1, line) if each > 0]
            return min(ends, default=len(self.text))
        word = WORD.match(self.text, self.at)
        return word.end() if word else self.at + 1

    def unclosed(self, opening: int) -> TextError:
        char = self.text[opening]
        closing = {"{": "}", "[": "]"}[char]
        return self.stop(f"`{char}` is never closed", opening, None, f"write `{closing}` where it should end")

    def other_quotes(self) -> str | None:
        """What stands in quotes that are not JSON's, told and read; None if none stand here."""
        if self.peek() not in json_faults.QUOTES:
            return None
        fault, value = json_faults.quotes(self.text, self.at)
        if value is None:
            raise self.found.ended(fault)
        self.found.fault(fault)
        self.at = fault.span[1]
        return value

    def string(self) -> str:
        match = STRING.match(self.text, self.at)
        if match:
            self.at = match.end()
            return match[1]
        start, parts = self.at, list[str]()
        self.at += 1
        while True:
            match = PLAIN.match(self.text, self.at)
            assert match is not None
            parts.append(match[0])
            self.at = match.end()
            char = self.peek()
            if char == '"':
                self.at += 1
                return "".join(parts)
            if char == "\\":
                parts.append(self.escape())
            elif char in ("", "\n", "\r"):
                raise self.stop("the text that begins here has no closing quote", start, self.at)
            else:
                self.found.fault(json_faults.control(char, self.at))
                parts.append(char)
                self.at += 1

    def escape(self) -> str:
        start = self.at
        char = self.text[start + 1 : start + 2]
        if char in ESCAPES and char:
            self.at += 2
            return ESCAPES[char]
        if char != "u":
            self.found.fault(json_faults.backslash(char, start))
            self.at += 1
            return "\\"
        code = self.unit(start)
        if 0xD800 <= code < 0xDC00 and self.text.startswith("\\u", self.at):
            low = self.unit(self.at)
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00)
        if 0xD800 <= code < 0xE000:
            raise self.stop(f"`\\u{code:04x}` is half of a character", start, start + 6)
        return chr(code)

    def unit(self, start: int) -> int:
        """The four hexadecimal digits of an escape."""
        match = HEX.match(self.text, start + 2)
        if match is None:
            raise self.stop("`\\u` needs four hexadecimal digits after it", start, start + 2)
        self.at = match.end()
        return int(match[0], 16)

    def scalar(self) -> Any:
        """A number, `true`, `false` or `null`, or what was meant to be one."""
        start = self.at
        match = WORD.match(self.text, start)
        word = match[0] if match else ""
        if NUMBER.fullmatch(word):
            self.at += len(word)
            return self.found.number(word, start)
        if word in CONSTANTS:
            self.at += len(word)
            return CONSTANTS[word]
        quoted = self.other_quotes()
        if quoted is not None:
            return quoted
        fault, value = json_faults.no_value(self.text, start, word)
        if value is json_faults.UNKNOWN:
            raise self.found.ended(fault)
        self.found.fault(fault)
        self.at = fault.span[1]
        return value
