"""Places in a text as editors count them, and as specdl does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from specdl.core.diagnostics import Position
from specdl.spec.text import Lines, Span

Encoding = Literal["utf-8", "utf-16", "utf-32"]
"""What an editor counts on a line: bytes of UTF-8, pairs of bytes of UTF-16, or code points."""
BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"


@dataclass(frozen=True, order=True)
class Spot:
    """A place in an editor: line and column from 0, columns in the units of an encoding."""

    line: int
    column: int


@dataclass(frozen=True)
class Region:
    """Some text in an editor, its end excluded."""

    start: Spot
    end: Spot


class Positions:
    """Turns the offsets of a text into an editor's places and back.

    Offsets count code points of the text without its byte order mark, as documents do.
    """

    def __init__(self, text: str, encoding: Encoding = "utf-16") -> None:
        self.marked = text.startswith(BOM)
        self.text = text.removeprefix(BOM)
        self.lines = Lines(self.text)
        self.encoding = encoding

    def offset(self, spot: Spot) -> int:
        """The offset of a place; one past the end of its line is the line's end."""
        if spot.line >= self.lines.count:
            return len(self.text)
        line = self.lines.line(spot.line + 1)
        column = max(0, spot.column - self.mark(spot.line))
        return self.lines.start(spot.line + 1) + points(line, column, self.encoding)

    def spot(self, offset: int) -> Spot:
        """The place of an offset."""
        line, column = self.lines.at(min(max(offset, 0), len(self.text)))
        before = self.lines.line(line)[: column - 1]
        return Spot(line - 1, units(before, self.encoding) + self.mark(line - 1))

    def region(self, span: Span) -> Region:
        """The place of a span."""
        return Region(self.spot(span[0]), self.spot(max(span)))

    def of(self, position: Position) -> Span:
        """The offsets of a position as findings have it."""
        ends = (position.line, position.column), (position.end_line, position.end_column)
        begin, end = (min(self.start(line) + column - 1, len(self.text)) for line, column in ends)
        return begin, end

    def start(self, line: int) -> int:
        """The offset at which a line begins; lines count from 1."""
        return self.lines.start(min(line, self.lines.count))

    def mark(self, line: int) -> int:
        """What the byte order mark takes of a line, in the editor's units."""
        return units(BOM, self.encoding) if self.marked and line == 0 else 0


def units(text: str, encoding: Encoding) -> int:
    """How long an editor counts a text."""
    if encoding == "utf-32" or text.isascii():
        return len(text)
    if encoding == "utf-8":
        return len(text.encode("utf-8", "surrogatepass"))
    return len(text) + sum(char > "\uffff" for char in text)


def points(line: str, column: int, encoding: Encoding) -> int:
    """How many code points of a line an editor's column spans; half a character counts as none."""
    if encoding == "utf-32" or line.isascii():
        return min(column, len(line))
    for number, char in enumerate(line):
        column -= units(char, encoding)
        if column < 0:
            return number
        if column == 0:
            return number + 1
    return len(line)
