"""Diagnostics as JSON for machines: `schemas/findings.schema.json` says what there is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from specdl.core.diagnostics import Diagnostic, Place, Remark, TextFix


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
        "labels": [label for each in diagnostic.notes if (label := label_entry(each))],
        "fix": fix_entry(diagnostic.fix),
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


def label_entry(note: Remark) -> dict[str, Any] | None:
    """A note that has a place, apart from its words; None for one that has none."""
    return {"message": note.message, **place_entry(note.place)} if note.place else None


def fix_entry(fix: TextFix | None) -> dict[str, Any] | None:
    """A fix as JSON: edits that do not overlap, in the order of the text."""
    if fix is None:
        return None
    edits = []
    for edit in fix.edits:
        if edit.position is None:
            return None
        start = {"line": edit.position.line, "column": edit.position.column}
        end = {"line": edit.position.end_line, "column": edit.position.end_column}
        edits.append({"start": start, "end": end, "text": edit.text})
    return {"message": fix.message, "sure": fix.sure, "edits": edits}
