"""Diagnostics as SARIF 2.1.0, the format that code scanning and editors read."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from specdl.core.codes import pages, paragraphs
from specdl.core.diagnostics import Diagnostic, Place, Position, TextFix
from specdl.core.formats.files import named

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
ROOT = "%SRCROOT%"
"""The name of the folder that paths are relative to: the working folder."""


def as_sarif(
    diagnostics: Iterable[Diagnostic], *, version: str, exit_code: int, failures: Sequence[str] = ()
) -> dict[str, Any]:
    """A log with one run: every code as a rule, and a result for each diagnostic.

    `version` is that of specdl; `failures` are messages about specs that could not be read at all.
    """
    listed = list(diagnostics)
    rules = declared(listed)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    run = {
        "tool": {"driver": {"name": "specdl", "semanticVersion": version, "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {ROOT: {"description": {"text": "the folder that specdl was started in"}}},
        "invocations": [invocation(exit_code, failures)],
        "results": [result(each, index[each.code]) for each in listed],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def declared(diagnostics: Iterable[Diagnostic]) -> list[dict[str, Any]]:
    """Every code that has a page as a rule, and those of plug-ins that are used."""
    rules = [
        {
            "id": page.code,
            "shortDescription": {"text": page.title},
            "fullDescription": {"text": "\n\n".join(paragraphs(page.text))},
            "help": {"text": f"`specdl explain {page.code}` shows a spec that fails and one that passes."},
            "defaultConfiguration": {"level": "error" if page.code.startswith("E") else "warning"},
        }
        for page in pages()
    ]
    known = {rule["id"] for rule in rules}
    others = dict.fromkeys(each.code for each in diagnostics if each.code not in known)
    return [*rules, *({"id": code} for code in others)]


def invocation(exit_code: int, failures: Sequence[str]) -> dict[str, Any]:
    """How the command went: it succeeds if it could read all specs, whatever it found."""
    told = [{"level": "error", "message": {"text": each}} for each in failures]
    ended = {"executionSuccessful": not failures, "exitCode": exit_code}
    return ended | ({"toolExecutionNotifications": told} if told else {})


def result(diagnostic: Diagnostic, rule: int) -> dict[str, Any]:
    """One diagnostic. Equal findings are one result: each can be mended alone, so the others are related."""
    found: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": rule,
        "level": diagnostic.severity,
        "message": {"text": words(diagnostic)},
        "locations": [location(diagnostic.place)],
    }
    related = [(note.place, note.message) for note in diagnostic.notes if note.place]
    related += [(place, "the same stands here") for place in diagnostic.places[1:]]
    if related:
        found["relatedLocations"] = [
            {"id": number, **location(place), "message": {"text": says}}
            for number, (place, says) in enumerate(related, 1)
        ]
    if diagnostic.count > 1:
        found["occurrenceCount"] = diagnostic.count
    fixes = fix(diagnostic.fix, diagnostic.file)
    return found | ({"fixes": [fixes]} if fixes else {})


def words(diagnostic: Diagnostic) -> str:
    """What is said: the message, the notes that have no place of their own, and the help, a line each."""
    lines = [diagnostic.message, *(f"note: {each}" for each in diagnostic.notes if not each.place)]
    return "\n".join([*lines, f"help: {diagnostic.help}"] if diagnostic.help else lines)


def location(place: Place) -> dict[str, Any]:
    """A place: its region of a file if it is in one, and its path in the document."""
    found: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": place.path}]}
    file = artifact(place.file)
    if file is None:
        return found
    physical: dict[str, Any] = {"artifactLocation": file}
    if place.position:
        physical["region"] = region(place.position)
    return {"physicalLocation": physical, **found}


def artifact(file: str | None) -> dict[str, str] | None:
    """A file by its URI; None for standard input and for a spec given as a dict."""
    path = named(file)
    if path is None:
        return None
    if path.startswith(("/", "..")) or path[1:2] == ":":
        from pathlib import Path

        return {"uri": Path(path).absolute().as_uri()}
    return {"uri": quote(os.fsencode(path)), "uriBaseId": ROOT}


def region(position: Position) -> dict[str, int]:
    """Lines and columns from 1, the end exclusive."""
    return {
        "startLine": position.line,
        "startColumn": position.column,
        "endLine": position.end_line,
        "endColumn": position.end_column,
    }


def fix(fix: TextFix | None, file: str | None) -> dict[str, Any] | None:
    """A fix as changes of the file."""
    where = artifact(file)
    if fix is None or where is None:
        return None
    replacements = []
    for edit in fix.edits:
        if edit.position is None:
            return None
        replacements.append({"deletedRegion": region(edit.position), "insertedContent": {"text": edit.text}})
    change = {"artifactLocation": where, "replacements": replacements}
    return {"description": {"text": fix.message}, "artifactChanges": [change]}
