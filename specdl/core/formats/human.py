"""Diagnostics for people: the source lines, marks under the exact tokens, notes, and help."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from specdl.core.diagnostics import Diagnostic, Remark, visible
from specdl.core.display import show
from specdl.core.formats.marks import Mark, Paint, underlines
from specdl.core.wording import counted

PLACES_SHOWN = 3
PATH_SHOWN = 160
LABELS_SHOWN = 6
"""Places of notes that are shown with their lines; those of further notes are only named."""


def human(diagnostics: Iterable[Diagnostic], color: bool = False) -> str:
    """Diagnostics with their source lines, a blank line between two.

    The mark stands under the exact token; the gutter is as wide as the line numbers.
    """
    return "\n\n".join(block(each, Paint(color)) for each in diagnostics)


def block(diagnostic: Diagnostic, paint: Paint) -> str:
    """One diagnostic as several lines."""
    marks, told = labels(diagnostic)
    line = diagnostic.line or 1
    gutter = " " * len(str(max((mark.line for mark in marks), default=line)))
    tag = paint(diagnostic.severity, f"{diagnostic.severity}[{diagnostic.code}]")
    lines = [
        f"{tag}: {paint('bold', diagnostic.message)}",
        f"{gutter}{paint('gutter', '-->')} {where(diagnostic)}",
    ]
    # the finding's own file first, then each other one that a note leads to
    files = dict.fromkeys(mark.file for mark in marks)
    for file in files:
        here = sorted((mark for mark in marks if mark.file == file), key=lambda mark: mark.line)
        if file != diagnostic.file:
            at = f"{visible(file or '')}:{here[0].line}:{here[0].start + 1}"
            lines.append(f"{gutter}{paint('gutter', ':::')} {at}")
        lines += source(here, gutter, paint)
    lines += [f"{gutter} {paint('gutter', '=')} {fact}" for fact in facts(diagnostic, told, paint)]
    return "\n".join(lines)


def own_mark(diagnostic: Diagnostic) -> list[Mark]:
    """The mark at the finding's place, if its source line is known."""
    position, line = diagnostic.position, diagnostic.excerpt
    if position is None or line is None:
        return []
    last = position.end_line - (position.end_column == 1)
    says = f"it ends on line {last}" if last > position.line else ""
    return [Mark(diagnostic.file, line, position, diagnostic.severity, says)]


def labels(diagnostic: Diagnostic) -> tuple[list[Mark], list[Remark]]:
    """The marks of a finding and of the notes that are shown at their source lines; the other notes."""
    marks = own_mark(diagnostic)
    if not marks:
        return [], list(diagnostic.notes)
    told: list[Remark] = []
    for note in diagnostic.notes:
        mark = label(note)
        if mark is None or len(marks) > LABELS_SHOWN or crowded(mark, marks):
            told.append(note)
        else:
            marks.append(mark)
    return marks, told


def label(note: Remark) -> Mark | None:
    """The mark of a note that is shown at its source line."""
    place = note.place
    if note.excerpt is None or place is None or place.position is None:
        return None
    says = note.message if ": " in note.message else f"{note.message} here"
    return Mark(place.file, note.excerpt, place.position, "note", says)


def crowded(mark: Mark, others: list[Mark]) -> bool:
    """Whether a mark has no place beside others: one begins where it does, or it is cut off their line."""
    same = [each for each in others if (each.file, each.line) == (mark.file, mark.line)]
    if any(each.start == mark.start for each in same):
        return True
    return bool(same) and show(mark.text, same[0].start).columns(mark.start, mark.end) is None


def source(marks: list[Mark], gutter: str, paint: Paint) -> list[str]:
    """The source lines of marks in one file, each with its marks below; `...` for lines between."""
    lines: list[str] = []
    before = 0
    bar = paint("gutter", "|")
    for number, group in groupby(marks, key=lambda mark: mark.line):
        if before and number > before + 1:
            lines.append(paint("gutter", "..."))
        before = number
        here = list(group)
        shown = show(here[0].text, here[0].start)
        lines.append(f"{paint('gutter', str(number).rjust(len(gutter)))} {bar} {shown.text}".rstrip())
        lines += [f"{gutter} {bar} {row}" for row in underlines(shown, here, paint)]
    return lines


def where(diagnostic: Diagnostic) -> str:
    """File, line, column and document path, as many as there are."""
    path = diagnostic.path
    path = path if len(path) <= PATH_SHOWN else f"{path[: PATH_SHOWN - 3]}..."
    if diagnostic.file is None:
        return path
    file = visible(diagnostic.file)
    if diagnostic.position is None:
        return f"{file}  {path}"
    return f"{file}:{diagnostic.line}:{diagnostic.column}  {path}"


def facts(diagnostic: Diagnostic, told: list[Remark], paint: Paint) -> list[str]:
    """Notes that no source line shows, further places, and help."""
    lines = [f"{paint('bold', 'note')}: {each}" for each in told]
    others = diagnostic.places[1:]
    if others:
        shown = ", ".join(str(each) for each in others[:PLACES_SHOWN])
        rest = len(others) - PLACES_SHOWN
        more = f" and {counted(rest, 'more place')}" if rest > 0 else ""
        lines.append(f"{paint('bold', 'note')}: also at {shown}{more}")
    if diagnostic.help:
        lines.append(f"{paint('bold', 'help')}: {diagnostic.help}")
    elif diagnostic.fix:
        lines.append(f"{paint('bold', 'help')}: {diagnostic.fix.message}")
    return lines
