"""What a reader of text hands on: a plain value, and where every key and value stands."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

from specdl.core.diagnostics import Path, Position, TextEdit, TextFix
from specdl.core.record import record

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 64
MAX_FINDINGS = 1000
"""Who made more mistakes mends these first; telling all would take long."""
MAX_VALUES = 200_000
MAX_DIGITS = 300
"""Digits of a whole number: as many as the largest float64 has, and a few more are of no use."""

PIECE = 2**14
"""Characters of a text whose lines are counted together."""
PIECES_KEPT = 16
"""Of so many pieces it is kept where their lines begin."""
END = re.compile(r"\r\n|\n|\r")

Span = tuple[int, int]
"""Offsets into a text in code points: the first of a token, and one past its last."""


def too_many(told: int) -> str:
    """What is said behind so many mistakes, where there are more."""
    return f"there are more mistakes than {told:,}; mend these first"


@record()
class Fault:
    """What keeps a text from being a spec, at a span of it."""

    code: str
    message: str
    span: Span
    help: str | None = None
    notes: tuple[tuple[str, Span | None], ...] = ()
    fix: TextFix | None = None


class TextError(Exception):
    """Reading stops at a fault; `faults` holds it and those found before, in the order of the text."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


@dataclass(slots=True)
class Mark:
    """Where a value stands, with its key, and what is in it; of a mapping or list the first character."""

    start: int
    end: int
    key: Span | None = None
    below: dict[str, Mark] | list[Mark] | None = None


class Places(Mapping[Path, Span]):
    """Spans by document path: of values, or of keys.

    A tree of marks stands behind it, since most documents are never asked, and what aliases repeat
    is marked once.
    """

    def __init__(self, root: Mark | None = None, of_keys: bool = False) -> None:
        self.root, self.of_keys = root, of_keys

    def find(self, path: Path) -> Mark | None:
        """The mark at a path."""
        mark = self.root
        for step in path:
            below = mark.below if mark else None
            if isinstance(below, dict):
                mark = below.get(step) if isinstance(step, str) else None
            elif below is not None and isinstance(step, int) and 0 <= step < len(below):
                mark = below[step]
            else:
                return None
        return mark

    def span(self, mark: Mark) -> Span | None:
        return mark.key if self.of_keys else (mark.start, mark.end)

    def __getitem__(self, path: Path) -> Span:
        mark = self.find(path)
        found = self.span(mark) if mark else None
        if found is None:
            raise KeyError(path)
        return found

    def __iter__(self) -> Iterator[Path]:
        """Every path, in the order of the document."""
        rest: list[tuple[Path, Mark]] = [((), self.root)] if self.root else []
        while rest:
            path, mark = rest.pop()
            if self.span(mark) is not None:
                yield path
            inner = mark.below.items() if isinstance(mark.below, dict) else enumerate(mark.below or ())
            rest += reversed([((*path, step), each) for step, each in inner])

    def __len__(self) -> int:
        return sum(1 for _ in self)


@record()
class Parsed:
    """A text's value, and the spans of what is in it.

    What stands behind an alias has the span of what the alias names; `aliases` has the spans of the
    aliases themselves.
    """

    value: Any
    values: Mapping[Path, Span]
    keys: Mapping[Path, Span]
    aliases: Mapping[Path, Span] = field(default_factory=dict)


@dataclass
class Reading:
    """A text while it is read: how many values it has, and what is wrong with it."""

    text: str
    count: int = 0
    faults: list[Fault] = field(default_factory=list)
    odd: list[tuple[str, Span, Mapping[str, Any]]] = field(default_factory=list)
    """Keys with characters that may not be what they seem to be, and the mappings that they stand in."""

    def stop(
        self, code: str, message: str, start: int, end: int, help: str | None = None, *edits: TextEdit
    ) -> TextError:
        """The exception to raise at a fault that ends the reading."""
        return self.ended(Fault(code, message, (start, end), help, fix=likely(help, *edits)))

    def ended(self, *faults: Fault) -> TextError:
        """The exception that tells these faults and all that were found before."""
        if self.odd:
            from specdl.spec.odd_keys import judge

            told = [each.span[0] for each in faults if each.code == "E008"]
            odd = [each for each in self.odd if not any(each[1][0] <= at < each[1][1] for at in told)]
            self.faults += judge(self.text, odd)
            self.odd = []
        return TextError(*sorted([*self.faults, *faults], key=lambda each: each.span[0]))

    def settle(self) -> None:
        """Raise what was found, if anything was."""
        if self.faults or self.odd:
            error = self.ended()
            if error.faults:
                raise error

    def fault(self, fault: Fault) -> None:
        """Note a fault after which reading goes on; raises `TextError` where there are too many."""
        self.faults.append(fault)
        if len(self.faults) >= MAX_FINDINGS:
            raise self.ended(Fault("E005", too_many(MAX_FINDINGS), fault.span))

    def more(self, start: int, end: int) -> None:
        """Count a value; raises `TextError` where there are too many."""
        self.count += 1
        if self.count > MAX_VALUES:
            raise self.stop(
                "E005", f"a spec holds at most {MAX_VALUES:,} values; this is one more", start, end
            )

    def strange(self, key: str, span: Span, mapping: Mapping[str, Any]) -> None:
        """Note a key that is not of visible ASCII alone, to be looked at once its mapping is whole."""
        self.odd.append((key, span, mapping))

    def twice(self, key: str, first: Span, span: Span) -> None:
        """Note a key that its mapping has already."""
        message = f"the key `{show_key(key)}` stands twice in one mapping"
        self.fault(Fault("E004", message, span, "keep one of the two", (("the first stands", first),)))

    def number(self, text: str, start: int) -> int | float:
        """The number that JSON's notation, or YAML's for floats, means; too large a one is a fault."""
        digits = text.lstrip("-")
        if digits.isdigit():
            if len(digits) <= MAX_DIGITS:
                return int(text)
            message = f"a whole number of {len(digits):,} digits is too large"
            self.fault(Fault("E006", message, (start, start + len(text))))
            return 0
        value = float(text)
        if abs(value) == float("inf"):
            self.fault(Fault("E006", f"`{cut(text)}` is too large for a number", (start, start + len(text))))
            return 0.0
        return value


def likely(help: str | None, *edits: TextEdit) -> TextFix | None:
    """A fix that is probably meant, and whose outcome nobody can know before the text is read on."""
    return TextFix(help, edits) if help and edits else None


def cut(text: str) -> str:
    """A piece of the text as a message shows it, cut if it is long."""
    return text if len(text) <= 40 else f"{text[:37]}..."


def show_key(key: str) -> str:
    """A key as a message shows it, cut if it is long."""
    return key if len(key) <= 60 else f"{key[:57]}..."


class Lines:
    """Line and column of offsets into a text. Lines end with LF, CR LF or CR.

    A text may be millions of lines, and few are ever asked for: how many end before each piece of
    it is counted once, and the rest within a piece.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.shown: dict[int, str] = {}
        self.begins = lru_cache(maxsize=PIECES_KEPT)(self.lines_of)

    @cached_property
    def pieces(self) -> tuple[list[int], list[int]]:
        """Where each piece begins, and how many lines end before it; no CR LF is cut in two."""
        starts, ended, at, lines = [0], [0], 0, 0
        while at < len(self.text):
            end = min(at + PIECE, len(self.text))
            end += self.text[end - 1 : end + 1] == "\r\n"
            lines += self.ends(at, end)
            starts.append(end)
            ended.append(lines)
            at = end
        return starts, ended

    def lines_of(self, piece: int) -> list[int]:
        """Where a piece begins, and each line that begins behind the end of one in it."""
        starts, _ = self.pieces
        end = starts[piece + 1] if piece + 1 < len(starts) else len(self.text)
        return [starts[piece], *(found.end() for found in END.finditer(self.text, starts[piece], end))]

    def ends(self, start: int, end: int) -> int:
        """How many lines end in a part of the text."""
        both = self.text.count("\r\n", start, end)
        return self.text.count("\n", start, end) + self.text.count("\r", start, end) - both

    def position(self, span: Span) -> Position:
        """A span as lines and columns from 1."""
        (line, column), (end_line, end_column) = self.at(span[0]), self.at(max(span))
        return Position(line, column, end_line, end_column)

    def at(self, offset: int) -> tuple[int, int]:
        inside = self.text[offset - 1 : offset + 1] == "\r\n" if offset else False
        offset -= inside
        starts, ended = self.pieces
        piece = bisect_right(starts, offset) - 1
        line = ended[piece] + self.ends(starts[piece], offset)
        start = self.text.rfind("\n", 0, offset) + 1
        start = max(start, self.text.rfind("\r", start, offset) + 1)
        return line + 1, offset - start + 1 + inside

    def placed(self, fix: TextFix | None) -> TextFix | None:
        """A fix whose edits know their lines and columns."""
        if fix is None:
            return None
        edits = (replace(each, position=self.position((each.start, each.end))) for each in fix.edits)
        return replace(fix, edits=tuple(edits))

    @property
    def count(self) -> int:
        """How many lines there are; what follows the last line end is one, even if it is nothing."""
        return self.pieces[1][-1] + 1

    def start(self, number: int) -> int:
        """Where a line begins, by its number."""
        _, ended = self.pieces
        piece = max(0, bisect_left(ended, number - 1) - 1)
        begins = self.begins(piece)
        place = number - 1 - ended[piece]
        return begins[place] if place < len(begins) else len(self.text)

    def line(self, number: int) -> str:
        """A line by its number, without its end."""
        if number not in self.shown:
            start = self.start(number)
            found = END.search(self.text, start)
            self.shown[number] = self.text[start : found.start() if found else len(self.text)]
        return self.shown[number]
