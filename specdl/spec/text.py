"""What a reader of text hands on: a plain value, and where every key and value stands."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from specdl.core.diagnostics import Path, Position, TextFix

MAX_BYTES = 16 * 2**20
MAX_DEPTH = 64
MAX_FINDINGS = 1000
"""Who made more mistakes mends these first; telling all would take long."""
MAX_VALUES = 200_000
MAX_DIGITS = 300
"""Digits of a whole number: as many as the largest float64 has, and a few more are of no use."""

Span = tuple[int, int]
"""Offsets into a text in code points: the first of a token, and one past its last."""


@dataclass(frozen=True)
class Fault:
    """What keeps a text from being a spec, at a span of it."""

    code: str
    message: str
    span: Span
    help: str | None = None
    notes: tuple[tuple[str, Span | None], ...] = ()
    fix: TextFix | None = None


class TextError(Exception):
    """Reading stops at a fault; `faults` holds it and those found before."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__("; ".join(fault.message for fault in faults))
        self.faults = faults


@dataclass
class Reading:
    """A text while it is read: the spans of keys and values by document path.

    A value that is a mapping or a list has the span of its first character.
    """

    text: str
    values: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def stop(self, code: str, message: str, start: int, end: int, help: str | None = None) -> TextError:
        """The exception to raise at a fault that ends the reading."""
        return TextError(*self.faults, Fault(code, message, (start, end), help))

    def place(self, path: Path, start: int, end: int) -> None:
        """Note where a value stands; raises `TextError` where there are too many."""
        if len(self.values) >= MAX_VALUES:
            raise self.stop(
                "E005", f"a spec holds at most {MAX_VALUES:,} values; this is one more", start, end
            )
        self.values[path] = (start, end)

    def key(self, path: Path, start: int, end: int) -> bool:
        """Note where a key stands; False, with a fault, if its mapping has it already."""
        if path not in self.keys:
            self.keys[path] = (start, end)
            return True
        notes = (("it stands first", self.keys[path]),)
        fault = Fault(
            "E004", f"the key `{show_key(str(path[-1]))}` stands twice in one mapping", (start, end)
        )
        self.faults.append(Fault(fault.code, fault.message, fault.span, "keep one of the two", notes))
        return False

    def number(self, text: str, start: int) -> int | float:
        """The number that JSON's notation, or YAML's for floats, means; too large a one is a fault."""
        digits = len(text.lstrip("-"))
        if text.lstrip("-").isdigit():
            if digits <= MAX_DIGITS:
                return int(text)
            self.fault("E006", f"a whole number of {digits:,} digits is too large", start, start + len(text))
            return 0
        value = float(text)
        if abs(value) == float("inf"):
            shown = text if len(text) <= 40 else f"{text[:37]}..."
            self.fault("E006", f"`{shown}` is too large for a number", start, start + len(text))
            return 0.0
        return value

    def fault(self, code: str, message: str, start: int, end: int, help: str | None = None) -> None:
        """Note a fault after which reading goes on."""
        self.faults.append(Fault(code, message, (start, end), help))


def show_key(key: str) -> str:
    """A key as a message shows it, cut if it is long."""
    return key if len(key) <= 60 else f"{key[:57]}..."


class Lines:
    """Line and column of offsets into a text. Lines end with LF, CR LF or CR."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(match.end() for match in re.finditer(r"\r\n|\n|\r", text))]

    def position(self, span: Span) -> Position:
        """A span as lines and columns from 1."""
        (line, column), (end_line, end_column) = self.at(span[0]), self.at(max(span))
        return Position(line, column, end_line, end_column)

    def at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def line(self, number: int) -> str:
        """A line by its number, without its end."""
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end].rstrip("\r\n")


@dataclass(frozen=True)
class Parsed:
    """A text's value and the spans of what is in it."""

    value: Any
    values: Mapping[Path, Span]
    keys: Mapping[Path, Span]
