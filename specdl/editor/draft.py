"""What is known of a text that is being typed: values, places, and where the cursor is."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from specdl.core.diagnostics import Path
from specdl.spec.json_text import CONSTANTS as JSON_CONSTANTS
from specdl.spec.json_text import NUMBER
from specdl.spec.text import Span
from specdl.spec.yaml_text import CONSTANTS, FLOAT, INTEGER

MARK = "\ue000"
"""Stands in the text where the cursor is, so that the place becomes part of a token. Private use: no
spec has it."""
MAX_NUMBER = 40
"""Longer numbers stay text here: nothing in an editor computes with them."""
UNLIKELY = re.compile("[,:]")
"""Between the cursor and the quote that ends its text: then that quote begins another one."""
REST_OF_WORD = re.compile(r"[\w.\-]*")
INSIDE = {'"': re.compile(r'[^"\\\n]*(?:\\[^\n][^"\\\n]*)*'), "'": re.compile(r"[^'\n]*(?:''[^'\n]*)*")}
"""What stands between quotes, on one line."""

Style = Literal["json", "flow", "block"]


@dataclass(frozen=True)
class Token:
    """A word or a quoted text; `text` is what it says, without the mark."""

    start: int
    end: int
    text: str
    quote: str = ""
    before: str | None = None
    """What stands before the cursor, if the cursor is in it."""


@dataclass(frozen=True)
class Cursor:
    """The token that the cursor is in or at, which may be empty, and where in the spec it stands.

    For a key `path` is that of its mapping, for a value its own. `column` is that of the token;
    `fresh` says that nothing stands before it on its line but blanks and the dashes of lists, and
    `dash` that a dash is missing there. `colon` says that a colon follows.
    """

    path: Path
    at_key: bool
    token: Token
    style: Style
    column: int = 0
    fresh: bool = False
    dash: bool = False
    colon: bool = False

    @property
    def prefix(self) -> str:
        """What has been typed of the token."""
        return self.token.before or ""

    @property
    def span(self) -> Span:
        """The token in the text, quotes included."""
        return self.token.start, self.token.end


@dataclass(frozen=True)
class Sketch:
    """A text read with tolerance."""

    value: Any
    values: Mapping[Path, Span]
    keys: Mapping[Path, Span]
    cursor: Cursor | None = None


@dataclass
class Draft:
    """A text while it is read with tolerance, from `at` onwards."""

    text: str
    yaml: bool
    at: int = 0
    values: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)
    cursor: Cursor | None = None

    def peek(self) -> str:
        """The next character, or nothing at the end."""
        return self.text[self.at : self.at + 1]

    def line_end(self, at: int) -> int:
        """Where the line of an offset ends."""
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def column(self, at: int) -> int:
        """The column of an offset, from 0."""
        return at - (self.text.rfind("\n", 0, at) + 1)

    def indent(self, at: int) -> str:
        """What stands before an offset on its line."""
        return self.text[at - self.column(at) : at]

    def word(self, start: int, end: int) -> Token:
        """The token of a piece of text without quotes."""
        self.at = end
        written = self.text[start:end]
        before, marked, after = written.partition(MARK)
        return Token(start, end, before + after, "", before if marked else None)

    def quoted(self) -> Token:
        """The quoted text that begins here, to its closing quote or to where it should have ended."""
        quote, start = self.peek(), self.at
        close, closed = self.closing(quote, start + 1)
        mark = self.text.find(MARK, start, close)
        if mark >= 0 and (not closed or self.unlikely(start, mark, close)):
            rest = REST_OF_WORD.match(self.text, mark + 1)
            close, closed = (rest.end() if rest else mark + 1), False
        self.at = close + closed
        inside = self.text[start + 1 : close]
        before, marked, after = inside.partition(MARK)
        said = unquoted(before + after, quote)
        return Token(start, self.at, said, quote, before if marked else None)

    def unlikely(self, start: int, mark: int, close: int) -> bool:
        """Whether the quote behind the cursor begins another text, and does not close this one."""
        return "${" not in self.text[start:mark] and bool(UNLIKELY.search(self.text, mark, close))

    def closing(self, quote: str, start: int) -> tuple[int, bool]:
        """Where the closing quote is on this line, and whether it is there."""
        inside = INSIDE[quote].match(self.text, start)
        end = inside.end() if inside else start
        return end, self.text.startswith(quote, end)

    def scalar(self, path: Path, token: Token, style: Style, dash: bool = False) -> Any:
        """Note a value and give what it means; an empty one is nothing."""
        if token.before is not None:
            self.cursor = self.cursor_at(path, False, token, style, dash=dash)
        if not token.text and not token.quote:
            return None
        self.values[path] = (token.start, token.end)
        return meaning(token, self.yaml)

    def key(self, path: Path, token: Token, style: Style, colon: bool) -> None:
        """Note a key of the mapping at `path`; one without a colon is not there yet."""
        if token.before is not None:
            self.cursor = self.cursor_at(path, True, token, style, colon=colon)
        if colon:
            self.keys.setdefault((*path, token.text), (token.start, token.end))

    def cursor_at(
        self, path: Path, at_key: bool, token: Token, style: Style, dash: bool = False, colon: bool = False
    ) -> Cursor:
        """The cursor in a token."""
        before = self.indent(token.start)
        fresh = not before.replace("- ", "  ").strip()
        return Cursor(path, at_key, token, style, len(before), fresh, dash, colon)


def unquoted(inside: str, quote: str) -> str:
    """What stands between quotes, with its escapes read; as it is where they cannot be."""
    if quote == "'":
        return inside.replace("''", "'")
    if "\\" not in inside:
        return inside
    try:
        return str(json.loads(f'"{inside}"'))
    except ValueError:
        return inside


def meaning(token: Token, yaml: bool) -> Any:
    """The value that a token says."""
    text = token.text
    if token.quote:
        return text
    constants = CONSTANTS if yaml else JSON_CONSTANTS
    if text in constants:
        return constants[text]
    if len(text) > MAX_NUMBER:
        return text
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if (FLOAT if yaml else NUMBER).fullmatch(text) else text
