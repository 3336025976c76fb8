"""What commands print: data on standard output, messages on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from specdl.core.diagnostics import Diagnostic
from specdl.core.errors import SpecdlError
from specdl.core.render import as_json, human

JSON_VERSION = 1
MEMORY = "E510"


def wants_color(stream: TextIO) -> bool:
    """Colours only on a terminal, and never with `NO_COLOR`."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def message(text: str) -> None:
    """A message for the person at the keyboard."""
    print(text, file=sys.stderr, flush=True)


def data(text: str) -> None:
    """What was asked for."""
    print(text)


def data_json(value: Mapping[str, Any]) -> None:
    """What was asked for, as JSON for machines; `version` changes when a key's meaning does."""
    print(json.dumps({"version": JSON_VERSION, **value}, indent=2, ensure_ascii=False, allow_nan=False))


def told(error: SpecdlError) -> str:
    """An error that is at no place of a spec, in the form of those that are."""
    code = "" if error.code == "E000" else f"[{error.code}]"
    text = f"error{code}: {error.message}"
    return f"{text}\n  = help: {error.help}" if error.help else text


def diagnostics_to_stderr(diagnostics: Iterable[Diagnostic]) -> None:
    """Findings of a command whose data is something else."""
    text = human(diagnostics, wants_color(sys.stderr))
    if text:
        message(text)


def findings_json(diagnostics: Iterable[Diagnostic], strict: bool = False) -> dict[str, Any]:
    """`ok` and `diagnostics`; `ok` says what the exit code says."""
    listed = list(diagnostics)
    return as_json(listed) | {"ok": exit_code(listed, strict) == 0}


def exit_code(diagnostics: Iterable[Diagnostic], strict: bool = False) -> int:
    """1 if a spec has errors, 4 if memory is all that is lacking, 0 else; warnings count where `strict`."""
    codes = {each.code for each in diagnostics if strict or each.severity == "error"}
    if not codes:
        return 0
    return 4 if codes == {MEMORY} else 1


def table(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> str:
    """Rows in columns two blanks apart; the columns in `right` are numbers and stand right."""
    numbers = set(right)
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if column in numbers else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
