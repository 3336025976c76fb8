"""Marks under a source line, and the words beside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from specdl.core.diagnostics import Position
from specdl.core.display import Shown

STYLES = {"error": "1;31", "warning": "1;33", "note": "1;34", "gutter": "1;34", "bold": "1", "plain": ""}


class Paint:
    """Puts ANSI colours around text, or leaves it alone."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.on and STYLES[style] and text else text


@dataclass(frozen=True)
class Mark:
    """A token to be marked in a source line, `text`; a token of several lines to the end of its first.

    `style` is the severity at the place of a finding, and `note` at that of a note; `says` stands beside.
    """

    file: str | None
    text: str
    position: Position
    style: str
    says: str = ""

    @property
    def line(self) -> int:
        return self.position.line

    @property
    def start(self) -> int:
        return min(self.position.column - 1, len(self.text))

    @property
    def end(self) -> int:
        one_line = self.position.end_line == self.line
        return self.position.end_column - 1 if one_line else len(self.text.rstrip())


class Row:
    """A line of text that is written at columns, each character in its colour."""

    def __init__(self) -> None:
        self.cells: dict[int, tuple[str, str]] = {}

    def write(self, column: int, text: str, style: str) -> None:
        """Put text at a column, over what stands there."""
        self.cells |= {column + i: (char, style) for i, char in enumerate(text)}

    def painted(self, paint: Paint) -> str:
        """The line."""
        end = max(self.cells, default=-1) + 1
        cells = [self.cells.get(column, (" ", "plain")) for column in range(end)]
        runs = groupby(cells, key=lambda cell: cell[1])
        return "".join(paint(style, "".join(char for char, _ in run)) for style, run in runs)


def underlines(shown: Shown, marks: Iterable[Mark], paint: Paint) -> list[str]:
    """The lines below a source line.

    The words of the last mark stand beside it; those of the others below, each at the end of a bar.
    """
    placed = sorted(
        ((*at, mark) for mark in marks if (at := shown.columns(mark.start, mark.end))),
        key=lambda each: (each[0], each[2].style != "note"),
    )
    first = Row()
    # a finding's own mark lies over those of notes
    for column, size, mark in sorted(placed, key=lambda each: each[2].style != "note"):
        first.write(column, ("-" if mark.style == "note" else "^") * size, mark.style)
    rows = [first]
    column, size, last = placed[-1]
    end = max(first.cells) + 1
    if last.says and column + size == end:
        first.write(end, f" {last.says}", last.style)
        placed = placed[:-1]
    hanging = [(column, mark) for column, _, mark in placed if mark.says]
    if hanging:
        rows.append(bars(hanging))
    while hanging:
        column, mark = hanging.pop()
        row = bars(hanging)
        row.write(column, mark.says, mark.style)
        rows.append(row)
    return [row.painted(paint) for row in rows]


def bars(hanging: Iterable[tuple[int, Mark]]) -> Row:
    """A line of bars below marks whose words are still to come."""
    row = Row()
    for column, mark in hanging:
        row.write(column, "|", mark.style)
    return row
