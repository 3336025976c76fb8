"""Findings: what is wrong, where, why and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "warning"]
Path = tuple[str | int, ...]
"""Where in a document: keys and indices from the top, `("model", "layers", 0, "type")`."""


WORD = re.compile(r"[^\W\d]\w*")
FOLD_FROM = 4
"""Equal findings are told one by one up to three times; from the fourth they are one finding."""


def path_text(path: Path) -> str:
    """A path as people write it.

    >>> path_text(("model", "layers", 0, "type"))
    '$.model.layers[0].type'
    >>> path_text(("init", "a b"))
    '$.init["a b"]'
    """
    parts = ["$"]
    for key in path:
        if isinstance(key, int):
            parts.append(f"[{key}]")
        else:
            parts.append(f".{key}" if WORD.fullmatch(key) else f'["{visible(key)}"]')
    return "".join(parts)


def visible(text: str) -> str:
    """Text that is safe to print: control characters and marks of direction become `U+FFFD`.

    What a file holds must not steer the terminal it is printed to.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


@dataclass(frozen=True)
class Position:
    """A place in a text; lines and columns count from 1, columns in code points."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True)
class Note:
    """A further place or fact that belongs to a finding."""

    message: str
    path: Path | None = None


@dataclass(frozen=True)
class Finding:
    """A diagnostic before it has a text: it names a path in the document.

    `at_key` marks the key rather than the value. The first line of `message` is a whole
    thought in the user's words; `help` can be pasted.
    """

    code: str
    message: str
    path: Path = ()
    at_key: bool = False
    help: str | None = None
    notes: tuple[Note, ...] = ()
    severity: Severity = "error"


@dataclass(frozen=True)
class Place:
    """Where a diagnostic is: `position` is None where there is no text, as for a spec given as a dict."""

    path: str
    file: str | None = None
    position: Position | None = None

    def __str__(self) -> str:
        if self.file and self.position:
            return f"{self.file}:{self.position.line}:{self.position.column}"
        return f"{self.file}: {self.path}" if self.file else self.path


@dataclass(frozen=True)
class Diagnostic:
    """A finding at its place in a file.

    `file` is None for a spec given as a dict; then `line` and `column` are None too.
    """

    code: str
    severity: Severity
    message: str
    path: str
    file: str | None = None
    position: Position | None = None
    help: str | None = None
    notes: tuple[tuple[str, str | None], ...] = ()
    """Message and `file:line:column` (or None) of each note."""
    excerpt: str | None = None
    """The source line that `position` begins on."""
    places: tuple[Place, ...] = ()
    """Where equal findings are told as one: all their places, this one first."""

    @property
    def line(self) -> int | None:
        return self.position.line if self.position else None

    @property
    def column(self) -> int | None:
        return self.position.column if self.position else None

    @property
    def place(self) -> Place:
        return Place(self.path, self.file, self.position)

    @property
    def count(self) -> int:
        """How many equal findings this one stands for."""
        return max(1, len(self.places))

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}[{self.code}]: {self.message}"


def fold(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics in their order, with many that say the same made one that counts them.

    A mistake that was copied through a thousand layers would bury every other.
    """
    listed = list(diagnostics)
    groups: dict[tuple[str, str, str | None], list[int]] = {}
    for number, each in enumerate(listed):
        groups.setdefault((each.code, each.message, each.help), []).append(number)
    told: dict[int, Diagnostic] = {}
    for numbers in groups.values():
        if len(numbers) < FOLD_FROM:
            told.update({number: listed[number] for number in numbers})
        else:
            places = tuple(listed[number].place for number in numbers)
            told[numbers[0]] = replace(listed[numbers[0]], places=places)
    return [told[number] for number in sorted(told)]
