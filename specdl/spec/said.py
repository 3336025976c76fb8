"""Fixes that a help says in so many words, so that the two are always the same."""

from __future__ import annotations

import json
import re
from typing import Any

from specdl.core.diagnostics import Finding, Fix, Path, Rename, Replace, below

MEANT = re.compile(r"did you mean `([^`]+)`\?")
PAIR = re.compile(r'"(\w+)": (.+)')
HERE = ("encode", "dtype", "from", "batch_size", "name")
"""Keys that a help may give with their value, where the finding is about that key."""
BELOW = ("output", "name")
"""Keys that it may give for the mapping that the finding is about."""


def said(finding: Finding, document: Any) -> Fix | None:
    """The fix that a finding's help says, in a document with some value; a likely one.

    It is `did you mean ...?` for a name, or a key with the value that it should have.
    """
    help = finding.help or ""
    meant, pair = MEANT.fullmatch(help), PAIR.fullmatch(help)
    value = below(document, finding.path)
    if meant and finding.path:
        return named(finding, meant[1], value)
    if pair:
        return given(finding, pair[1], pair[2], value)
    return None


def named(finding: Finding, meant: str, value: Any) -> Fix | None:
    """Write another name: of a key, of a value, or within a text."""
    if finding.at_key:
        return Fix(f"write `{meant}`", (Rename(finding.path, meant),))
    if not isinstance(value, str):
        return None
    if finding.within:
        start, end = finding.within
        return Fix(f"write `{meant}`", (Replace(finding.path, value[:start] + meant + value[end:]),))
    return Fix(f"write `{meant}`", (Replace(finding.path, meant),)) if "${" not in value else None


def given(finding: Finding, key: str, text: str, value: Any) -> Fix | None:
    """Write a key with a value."""
    try:
        meant = json.loads(text)
    except ValueError:
        return None
    path: Path
    if key == "target" and finding.path[:1] == ("data",) and isinstance(meant, dict) and len(meant) == 1:
        path, meant = ("data", "target", next(iter(meant))), next(iter(meant.values()))
    elif key in HERE and finding.path[-1:] == (key,):
        path = finding.path
    elif key in BELOW and isinstance(value, dict):
        path = (*finding.path, key)
    else:
        return None
    return Fix(f"write {finding.help}", (Replace(path, meant),))
