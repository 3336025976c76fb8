"""JSON as RFC 8259 has it, with the place of every key and value.

The standard library's parser knows no places, takes NaN and the last of two equal keys, and
says little about a missing comma; so this is a small scanner of our own.
"""

from __future__ import annotations

import re
from typing import Any

from specdl.core.diagnostics import Path
from specdl.spec.text import MAX_DEPTH, Parsed, Reading, TextError

BLANK = re.compile(r"[ \t\n\r]*")
NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
PLAIN = re.compile(r'[^"\\\x00-\x1f]*')
WORD = re.compile(r"[^\s,:\[\]{}\"']+")
HEX = re.compile(r"[0-9a-fA-F]{4}")
CONSTANTS = {"true": True, "false": False, "null": None}
ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
MEANT = {
    "True": "true", "TRUE": "true", "yes": "true", "on": "true",
    "False": "false", "FALSE": "false", "no": "false", "off": "false",
    "None": "null", "nil": "null", "undefined": "null", "NULL": "null", "Null": "null",
}  # fmt: skip
NOT_FINITE = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)


def parse(text: str) -> Parsed:
    """The value of a JSON text.

    Raises `TextError` with every fault: reading goes on after a key that stands twice and a
    number that is too large, and stops at the first fault of syntax.
    """
    scanner = Scanner(text)
    value = scanner.whole()
    if scanner.found.faults:
        raise TextError(*scanner.found.faults)
    return Parsed(value, scanner.found.values, scanner.found.keys)


class Scanner:
    """Reads from `at` onwards. Nesting is bounded, so the recursion is."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self.found = Reading(text)

    def whole(self) -> Any:
        """The only value of the text."""
        self.blank()
        value = self.value(())
        self.blank()
        if self.at < len(self.text):
            raise self.stop("there is more text after the end of the spec", self.at, len(self.text.rstrip()))
        return value

    def stop(self, message: str, start: int, end: int | None = None, help: str | None = None) -> TextError:
        return self.found.stop("E003", message, start, start + 1 if end is None else end, help)

    def blank(self) -> None:
        """Skip blanks; refuse a comment, which people try to write."""
        match = BLANK.match(self.text, self.at)
        self.at = match.end() if match else self.at
        if self.text.startswith(("//", "/*", "#"), self.at):
            end = self.text.find("\n", self.at)
            help = "say it in `description`, or write the spec as YAML"
            raise self.stop("JSON has no comments", self.at, end if end > 0 else len(self.text), help)

    def peek(self) -> str:
        """The next character, or nothing at the end."""
        return self.text[self.at : self.at + 1]

    def value(self, path: Path) -> Any:
        char, start = self.peek(), self.at
        if char in ("{", "["):
            self.found.place(path, start, start + 1)
            if len(path) >= MAX_DEPTH:
                message = f"values are nested more than {MAX_DEPTH} deep"
                raise self.found.stop("E005", message, start, start + 1)
            return self.mapping(path) if char == "{" else self.sequence(path)
        value = self.string() if char == '"' else self.scalar()
        self.found.place(path, start, self.at)
        return value

    def mapping(self, path: Path) -> dict[str, Any]:
        start, result = self.at, dict[str, Any]()
        self.at += 1
        self.blank()
        while self.peek() != "}":
            begin = self.at
            key = self.key(start)
            first = self.found.key((*path, key), begin, self.at)
            self.colon(key)
            # What stands under the second of two equal keys is read for its syntax only.
            value = self.value((*path, key)) if first else self.aside((*path, key))
            result.setdefault(key, value)
            self.separator(start, "}")
        self.at += 1
        return result

    def aside(self, path: Path) -> Any:
        """A value whose places are forgotten."""
        kept, self.found = self.found, Reading(self.text)
        try:
            return self.value(path)
        except TextError as error:
            raise TextError(*kept.faults, *error.faults) from None
        finally:
            self.found = kept

    def sequence(self, path: Path) -> list[Any]:
        start, result = self.at, list[Any]()
        self.at += 1
        self.blank()
        while self.peek() != "]":
            result.append(self.value((*path, len(result))))
            self.separator(start, "]")
        self.at += 1
        return result

    def key(self, opening: int) -> str:
        if self.peek() == '"':
            return self.string()
        if not self.peek():
            raise self.unclosed(opening)
        start = self.at
        word = WORD.match(self.text, start)
        if self.peek() == "'":
            raise self.single_quotes()
        if word and self.text[start] not in "+-.0123456789":
            raise self.stop("a key must stand in double quotes", start, word.end(), f'write "{word[0]}"')
        raise self.stop('expected a key in double quotes, or "}"', start)

    def colon(self, key: str) -> None:
        self.blank()
        if self.peek() != ":":
            raise self.stop(f"a colon is missing after the key `{key[:60]}`", self.at)
        self.at += 1
        self.blank()

    def separator(self, opening: int, closing: str) -> None:
        """A comma and what follows it, or the end of a mapping or list."""
        self.blank()
        char, comma = self.peek(), self.at
        if char == closing:
            return
        if not char:
            raise self.unclosed(opening)
        if char != ",":
            if char in "}]":
                opened = self.text[opening]
                raise self.stop(
                    f"`{char}` cannot close what `{opened}` opened", self.at, None, f"write `{closing}`"
                )
            raise self.stop("a comma is missing before this", self.at, self.token_end())
        self.at += 1
        self.blank()
        if self.peek() == closing:
            raise self.stop(f"a comma stands before `{closing}`", comma, None, "take the comma away")
        if self.peek() == ",":
            raise self.stop("two commas stand one after the other", self.at, None, "take one away")
        if not self.peek():
            raise self.unclosed(opening)

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

    def single_quotes(self) -> TextError:
        end = self.text.find("'", self.at + 1)
        line = self.text.find("\n", self.at)
        if end < 0 or 0 <= line < end:
            return self.stop("JSON's quotes are double", self.at)
        inside = self.text[self.at + 1 : end]
        help = f'write "{inside}"' if len(inside) <= 60 else None
        return self.stop("JSON's quotes are double", self.at, end + 1, help)

    def string(self) -> str:
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
                wanted = "\\t" if char == "\t" else f"\\u{ord(char):04x}"
                message = "a control character stands in a text"
                raise self.stop(message, self.at, None, f"write `{wanted}`")

    def escape(self) -> str:
        start = self.at
        char = self.text[start + 1 : start + 2]
        if char in ESCAPES and char:
            self.at += 2
            return ESCAPES[char]
        if char != "u":
            shown = char if char.isprintable() else ""
            raise self.stop(
                f"`\\{shown}` means nothing in JSON", start, start + 2, "write `\\\\` for a backslash"
            )
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
        """A number, `true`, `false` or `null`."""
        start = self.at
        match = WORD.match(self.text, start)
        word = match[0] if match else ""
        if word in CONSTANTS:
            self.at += len(word)
            return CONSTANTS[word]
        if NUMBER.fullmatch(word):
            self.at += len(word)
            return self.found.number(word, start)
        raise self.no_value(word)

    def no_value(self, word: str) -> TextError:
        """Why no value begins here."""
        start, end = self.at, self.at + max(1, len(word))
        shown = word if len(word) <= 40 else f"{word[:37]}..."
        if not self.peek():
            message = "the text ends where a value should be"
            return self.stop(message, max(0, len(self.text.rstrip()) - 1), len(self.text.rstrip()))
        if self.peek() == "'":
            return self.single_quotes()
        if NOT_FINITE.fullmatch(word):
            return self.found.stop("E006", f"`{shown}` is not a finite number", start, end)
        if word in MEANT:
            return self.stop(f"`{shown}` is not JSON", start, end, f"write {MEANT[word]}")
        if word[:1] in "+-.0123456789" and word:
            return self.stop(f"`{shown}` is not a number as JSON writes them", start, end, number_help(word))
        if word.startswith("$"):
            return self.stop("an expression must stand in double quotes", start, end)
        if not word:
            return self.stop(f"expected a value, found `{self.peek()}`", start, end)
        return self.stop(f"`{shown}` must stand in double quotes", start, end, f'write "{shown}"')


def number_help(word: str) -> str | None:
    """The number that was probably meant, in JSON's notation."""
    if not any(char.isdigit() for char in word):
        return None
    sign = "-" if word.startswith("-") else ""
    digits = word.lstrip("+-").replace("_", "").lstrip("0") or "0"
    digits = f"0{digits}" if digits.startswith(".") else digits
    digits = digits.removesuffix(".")
    return f"write {sign}{digits}" if NUMBER.fullmatch(digits) and len(digits) <= 40 else None
