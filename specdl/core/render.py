"""Diagnostics as text for people, as one line each, and as JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

from specdl.core.diagnostics import Diagnostic, Place, Position, visible

WIDTH = 100
"""Columns of a source line that are shown; a longer line is cut around the mark."""
BEFORE = 40
"""Columns kept before the mark where a line is cut."""
TAB = "    "
PLACES_SHOWN = 3
STYLES = {"error": "1;31", "warning": "1;33", "gutter": "1;34", "bold": "1"}


def human(diagnostics: Iterable[Diagnostic], color: bool = False) -> str:
    """Diagnostics with their source lines, a blank line between two.

    The mark stands under the exact token; the gutter is as wide as the line number.
    """
    return "\n\n".join(block(each, Paint(color)) for each in diagnostics)


def concise(diagnostics: Iterable[Diagnostic]) -> str:
    """One line each: `file:line:column: severity[code]: message; help`."""
    return "\n".join(f"{each}; {each.help}" if each.help else str(each) for each in diagnostics)


def as_json(diagnostics: Iterable[Diagnostic]) -> dict[str, Any]:
    """What `specdl check --format json` prints: `ok`, and the diagnostics as mappings.

    `count` and `places` are there where equal findings are told as one.
    """
    listed = list(diagnostics)
    return {"ok": all(each.severity != "error" for each in listed), "diagnostics": [entry(d) for d in listed]}


def entry(diagnostic: Diagnostic) -> dict[str, Any]:
    """One diagnostic as JSON."""
    found: dict[str, Any] = {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "message": diagnostic.message,
        **place_entry(diagnostic.place),
        "help": diagnostic.help,
        "notes": [str(each) for each in diagnostic.notes],
    }
    if diagnostic.places:
        found |= {"count": diagnostic.count, "places": [place_entry(each) for each in diagnostic.places]}
    return found


def place_entry(place: Place) -> dict[str, Any]:
    """A place as JSON; lines and columns count from 1, columns in code points."""
    position = place.position
    return {
        "file": place.file,
        "line": position.line if position else None,
        "column": position.column if position else None,
        "end_line": position.end_line if position else None,
        "end_column": position.end_column if position else None,
        "path": place.path,
    }


class Paint:
    """Puts ANSI colours around text, or leaves it alone."""

    def __init__(self, on: bool) -> None:
        self.on = on

    def __call__(self, style: str, text: str) -> str:
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m" if self.on and text else text


def block(diagnostic: Diagnostic, paint: Paint) -> str:
    """One diagnostic as several lines."""
    position = diagnostic.position
    gutter = " " * (len(str(position.line)) if position else 1)
    tag = paint(diagnostic.severity, f"{diagnostic.severity}[{diagnostic.code}]")
    lines = [
        f"{tag}: {paint('bold', diagnostic.message)}",
        f"{gutter}{paint('gutter', '-->')} {where(diagnostic)}",
    ]
    if position and diagnostic.excerpt is not None:
        text, mark = excerpt(diagnostic.excerpt, position)
        bar = paint("gutter", "|")
        lines.append(f"{paint('gutter', str(position.line))} {bar} {text}".rstrip())
        lines.append(f"{gutter} {bar} {' ' * len(mark[0])}{paint(diagnostic.severity, mark[1])}")
    lines += [f"{gutter} {paint('gutter', '=')} {fact}" for fact in facts(diagnostic)]
    return "\n".join(lines)


def where(diagnostic: Diagnostic) -> str:
    """File, line, column and document path, as many as there are."""
    if diagnostic.file is None:
        return diagnostic.path
    if diagnostic.position is None:
        return f"{diagnostic.file}  {diagnostic.path}"
    return f"{diagnostic.file}:{diagnostic.line}:{diagnostic.column}  {diagnostic.path}"


def facts(diagnostic: Diagnostic) -> list[str]:
    """Notes, further places, and help."""
    lines = [f"note: {each}" for each in diagnostic.notes]
    others = diagnostic.places[1:]
    if others:
        shown = ", ".join(str(each) for each in others[:PLACES_SHOWN])
        rest = len(others) - PLACES_SHOWN
        lines.append(f"note: also at {shown}{f' and {rest} more places' if rest > 0 else ''}")
    return [*lines, f"help: {diagnostic.help}"] if diagnostic.help else lines


def excerpt(line: str, position: Position) -> tuple[str, tuple[str, str]]:
    """The source line as shown; the blank before the mark, and the mark.

    A token of several lines is marked to the end of its first.
    """
    start = position.column - 1
    end = position.end_column - 1 if position.end_line == position.line else len(line.rstrip())
    shown, begin, length = cut(line, start, max(end, start + 1))
    before, marked = shown[:begin], shown[begin : begin + length]
    return shape(shown), (" " * width(shape(before)), "^" * max(1, width(shape(marked))))


def cut(line: str, start: int, end: int) -> tuple[str, int, int]:
    """The part of a line that is shown, where the mark begins in it, and how long it is."""
    if len(line) <= 2 * WIDTH and width(shape(line)) <= WIDTH:
        return line, start, end - start
    first = max(0, min(start - BEFORE, len(line) - WIDTH + 1))
    head = "…" if first else ""
    room = WIDTH - len(head)
    tail = "…" if first + room < len(line) else ""
    part = line[first : first + room - len(tail)]
    begin = len(head) + start - first
    return head + part + tail, begin, max(1, min(end, first + len(part)) - start)


def shape(text: str) -> str:
    """Source text made safe to print, with tabs as blanks."""
    return visible(text.replace("\t", TAB))


def width(text: str) -> int:
    """The columns a terminal gives to a text: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
    )
