"""Source lines as a terminal shows them: what each character is shown as, and the columns it takes."""

from __future__ import annotations

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise

from specdl.core.diagnostics import visible

WIDTH = 100
"""Columns of a source line that are shown; a longer line is cut around the mark."""
BEFORE = 40
"""Columns kept before the mark where a line is cut."""
TAB = "    "
ELLIPSIS = "…"

JOINER, PICTURE_STYLE, BLACK_FLAG = "\u200d", "\ufe0f", "\U0001f3f4"
NARROW = frozenset("#*0123456789\u00a9\u00ae\u203c\u2049\u2122\u2139")
"""What is no picture and takes two columns all the same once `PICTURE_STYLE` follows, as in keycaps."""


@dataclass(frozen=True)
class Shown:
    """A source line as it is shown, perhaps cut.

    `edges` has the column at which each code point of the line from `first` on begins, and the one
    where the last ends.
    """

    text: str
    first: int
    edges: tuple[int, ...]

    def columns(self, start: int, end: int) -> tuple[int, int] | None:
        """The column and the width of a piece of the line; None where none of it is shown."""
        last = len(self.edges) - 1
        begin, stop = start - self.first, min(end - self.first, last)
        if not 0 <= begin <= last:
            return None
        return self.edges[begin], max(1, self.edges[max(begin, stop)] - self.edges[begin])


def show(line: str, start: int) -> Shown:
    """A line as it is shown so that the code point at `start` is in sight."""
    begin = max(0, start - 2 * WIDTH)
    cells = list(columns(line[begin : start + 2 * WIDTH]))
    edges = [0, *accumulate(width for _, width in cells)]
    cut_left, cut_right = begin > 0, begin + len(cells) < len(line)
    first, last = 0, len(cells)
    if cut_left or cut_right or edges[-1] > WIDTH:
        wanted = max(0, min(edges[start - begin] - BEFORE, edges[-1] - WIDTH + 1))
        if wanted:  # what is wider than a column, as a tab is, is shown whole or not at all
            first = bisect_right(edges, edges[bisect_left(edges, wanted)]) - 1
        cut_left |= first > 0
        room = edges[first] + WIDTH - cut_left
        cut_right |= edges[-1] > room
        last = bisect_right(edges, room - cut_right) - 1
    head, tail = ELLIPSIS * cut_left, ELLIPSIS * cut_right
    text = "".join(shown for shown, _ in cells[first:last])
    moved = tuple(edge - edges[first] + cut_left for edge in edges[first : last + 1])
    return Shown(head + text + tail, begin + first, moved)


def width(text: str) -> int:
    """The columns a terminal gives to a text.

    Two for a wide character, none for a combining one; an emoji of several parts is one.

    >>> width("abc"), width("名前"), width("e\u0301")
    (3, 4, 1)
    """
    return len(text) if text.isascii() and text.isprintable() else sum(size for _, size in columns(text))


def columns(text: str) -> Iterator[tuple[str, int]]:
    """What stands for each code point, and the columns it takes: what steers a terminal is shown as U+FFFD.

    Parts of one emoji stay: the joiner between two pictures, skin tones, and the tags of a flag.
    """
    base, taken, joined = "", 0, False
    for char, after in pairwise(f"{text}\0"):
        if joined or attached(char, base, after):
            # the picture after a joiner is drawn into the one before it
            joined = char == JOINER
            base = base if joined else char if is_picture(char) else base
            yield char, 0
        elif char == PICTURE_STYLE and taken == 1 and (base in NARROW or is_picture(base)):
            taken = 2
            yield char, 1
        else:
            shown = TAB if char == "\t" else visible(char)
            size = len(TAB) if char == "\t" else of_one(shown)
            base, taken = (char, size) if size else (base, taken)
            yield shown, size


def attached(char: str, base: str, after: str) -> bool:
    """Whether a character belongs to the picture before it, `base`, and takes no column of its own."""
    if char == JOINER:
        return is_picture(base) and is_picture(after)
    if "\U0001f3fb" <= char <= "\U0001f3ff":
        return is_picture(base)
    return base == BLACK_FLAG and "\U000e0020" <= char <= "\U000e007f"


def is_picture(char: str) -> bool:
    """Whether emoji can be made of a character."""
    return "\U0001f000" <= char <= "\U0001faff" or "\u2190" <= char <= "\u2bff"


def of_one(char: str) -> int:
    """The columns of one character that stands alone."""
    if char.isascii():
        return 1
    if unicodedata.category(char) in ("Mn", "Me", "Cf") or "\u1160" <= char <= "\u11ff":
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
