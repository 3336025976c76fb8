"""Findings as an editor shows them: one for each place, at places of its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

from specdl.core.diagnostics import Diagnostic, Place, Position, Remark
from specdl.editor.positions import Positions
from specdl.spec.document import Document
from specdl.spec.text import Span

EXTENDS = ("extends",)
USELESS = ("W110", "W111", "W112", "W113", "W114", "W201", "W202", "W212", "W341", "W345")
"""Codes of what does nothing: editors show it faded."""
MOST = 500
"""An editor with more marks than this helps nobody."""


@dataclass(frozen=True)
class Related:
    """A further place that belongs to a finding; `file` is as the finding names it."""

    message: str
    file: str
    position: Position


@dataclass(frozen=True)
class Report:
    """A finding at one place of the text."""

    span: Span
    message: str
    finding: Diagnostic
    related: tuple[Related, ...] = ()
    useless: bool = False


def reports(document: Document, findings: tuple[Diagnostic, ...], positions: Positions) -> list[Report]:
    """The findings of a document as its editor shows them."""
    found = [report for each in findings for report in places(document, each, positions)]
    return found[:MOST]


def places(document: Document, finding: Diagnostic, positions: Positions) -> Iterator[Report]:
    """A finding at each of its places in the text; what is in another file is told at `extends`."""
    for place in finding.places or (finding.place,):
        span = span_of(document, place, positions)
        related = [found for note in finding.notes if (found := related_to(note))]
        elsewhere = place.file != document.file and place.file is not None and place.position is not None
        if elsewhere:
            assert place.file is not None
            assert place.position is not None
            related.insert(0, Related("it stands here", place.file, place.position))
        yield Report(span, message(finding), finding, tuple(related), finding.code in USELESS)


def span_of(document: Document, place: Place, positions: Positions) -> Span:
    """Where a place is in the document's own text, at least one character wide where there is one."""
    if place.file == document.file and place.position is not None:
        start, end = positions.of(place.position)
    elif place.file != document.file and EXTENDS in document.values:
        start, end = document.values[EXTENDS]
    else:
        start, end = 0, 0
    return (start, end) if end > start else (start, min(start + 1, len(positions.text)))


def message(finding: Diagnostic) -> str:
    """A finding's message with its notes that are nowhere, and its help."""
    lines = [finding.message]
    lines += [f"note: {note}" for note in finding.notes if related_to(note) is None]
    if finding.help:
        lines.append(f"help: {finding.help}")
    return "\n".join(lines)


def related_to(note: Remark) -> Related | None:
    """A note at its place, if it has one."""
    place = note.place
    if place is None or place.position is None or place.file is None:
        return None
    return Related(note.message, place.file, place.position)


def page(code: str) -> FilePath | None:
    """The file of a code's page, if it is there."""
    import specdl

    file = FilePath(str(specdl.__file__)).parent / "codes" / f"{code}.md"
    return file if file.is_file() else None
