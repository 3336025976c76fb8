"""Where in a text file the cells stand that something is wrong with: read again, since it is rare."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from specdl.core.diagnostics import Position

QUOTE = '"'


def spots(
    file: Path, delimiter: str, cells: Mapping[int, set[int]]
) -> dict[tuple[int, int], tuple[int, int]]:
    """Line and column, from 1, of cells, which are named by the line where their row begins and their number.

    Columns count code points. What is no longer there has no place.
    """
    found: dict[tuple[int, int], tuple[int, int]] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="", errors="replace") as handle:
            at = 1
            for line in sorted(cells):
                if line < at:  # inside of a row that was read already
                    continue
                text = "".join(islice(handle, line - at, line - at + 1))
                at = line + 1
                begins, whole = scanned(text, delimiter)
                while not whole and (more := next(handle, "")):
                    text, at = text + more, at + 1
                    begins, whole = scanned(text, delimiter)
                for number in cells[line]:
                    if number < len(begins):
                        found[line, number] = place(text, begins[number], line)
    except OSError:
        pass
    return found


def scanned(text: str, delimiter: str) -> tuple[list[int], bool]:
    """Where each cell of a row begins, blanks before it left out; and whether no quoted cell is left open.

    A quote opens a cell only where it begins, and a second one right after its end is one that it holds.
    """
    begins, quoted, closed = [0], False, -1
    for offset, char in enumerate(text):
        if quoted:
            if char == QUOTE:
                quoted, closed = False, offset
        elif char == QUOTE and (offset == begins[-1] or closed == offset - 1 >= 0):
            quoted = True
        elif char == delimiter:
            begins.append(offset + 1)
    return [begin + blanks(text[begin:]) for begin in begins], not quoted


def blanks(text: str) -> int:
    """How many blanks a text begins with."""
    return len(text) - len(text.lstrip(" "))


def texts(file: Path, numbers: Iterable[int]) -> dict[int, str]:
    """Lines of a file by their numbers, from 1, without their ends."""
    found: dict[int, str] = {}
    try:
        with file.open(encoding="utf-8-sig", newline="", errors="replace") as handle:
            at = 1
            for number in sorted(set(numbers)):
                for line in islice(handle, number - at, number - at + 1):
                    found[number] = line.rstrip("\r\n")
                at = number + 1
    except OSError:
        pass
    return found


def cell_at(text: str, line: int, column: int, delimiter: str) -> Position:
    """The place of a cell that begins at a column of a line: it goes to the next delimiter."""
    begin = column - 1
    end = text.find(delimiter, begin)
    if text.startswith(QUOTE, begin):
        end = text.find(QUOTE, begin + 1) + 1
    return Position(line, column, line, (end if end >= begin else len(text)) + 1)


def place(text: str, offset: int, line: int) -> tuple[int, int]:
    """Line and column of an offset into a row that begins on a line."""
    before = text[:offset]
    return line + before.count("\n"), offset - (before.rfind("\n") + 1) + 1
