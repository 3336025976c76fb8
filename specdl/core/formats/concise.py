"""Diagnostics as one line each."""

from __future__ import annotations

from collections.abc import Iterable

from specdl.core.diagnostics import Diagnostic

FIXABLE = "[*]"
"""Stands at the end of a line whose finding `specdl check --fix` mends."""


def concise(diagnostics: Iterable[Diagnostic]) -> str:
    """One line each: `file:line:column: severity[code]: message; help`."""
    return "\n".join(line(each) for each in diagnostics)


def line(diagnostic: Diagnostic) -> str:
    """One diagnostic as a line; equal findings are counted."""
    told = str(diagnostic)
    if diagnostic.count > 1:
        told += f" ({diagnostic.count:,} times)"
    if diagnostic.help:
        told += f"; {diagnostic.help}"
    return f"{told} {FIXABLE}" if diagnostic.fix and diagnostic.fix.sure else told
