"""What commands print: data on standard output, messages on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from specdl.core.diagnostics import Diagnostic, visible
from specdl.core.errors import ResourceError, SpecdlError

JSON_VERSION = 1
FORMATS = ("human", "concise", "json", "github", "sarif")
"""The forms that findings are printed in; the first is the default."""
FORCED = ("FORCE_COLOR", "CLICOLOR_FORCE")
MEMORY = "E510"


def wants_color(stream: TextIO) -> bool:
    """Colours only on a terminal or where the environment forces them, and never with `NO_COLOR`."""
    if os.environ.get("NO_COLOR"):
        return False
    if any(os.environ.get(name, "0") not in ("", "0") for name in FORCED):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def message(text: str) -> None:
    """A message for the person at the keyboard."""
    print(text, file=sys.stderr, flush=True)


def data(text: str) -> None:
    """What was asked for."""
    print(text)


def exactly(text: bytes) -> None:
    """What was asked for, to the byte."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text)
    sys.stdout.buffer.flush()


def as_json(value: Any) -> str:
    """A value as JSON, in characters that standard output is sure to bring to others as they are."""
    text = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    try:
        narrow = (sys.stdout.encoding or "").lower().replace("-", "") not in ("", "utf8")
        text.encode("ascii" if narrow else "utf-8")
    except UnicodeEncodeError:  # a name of a file that is no UTF-8, or a terminal from long ago
        return json.dumps(value, indent=2, allow_nan=False)
    return text


def data_json(value: Mapping[str, Any]) -> None:
    """What was asked for, as JSON for machines; `version` changes when a key's meaning does."""
    data(as_json({"version": JSON_VERSION, **value}))


def told(error: SpecdlError) -> str:
    """An error that is at no place of a spec, in the form of those that are."""
    code = "" if error.code == "E000" else f"[{error.code}]"
    lines = [f"error{code}: {error.message}"]
    if isinstance(error, ResourceError):
        lines += [f"  = note: {note}" for note in error.notes]
    lines += [f"  = help: {error.help}"] if error.help else []
    return "\n".join(visible(line) for each in lines for line in each.split("\n"))


def diagnostics_to_stderr(diagnostics: Iterable[Diagnostic]) -> None:
    """Findings of a command whose data is something else."""
    from specdl.core.formats.human import human

    text = human(diagnostics, wants_color(sys.stderr))
    if text:
        message(text)


def print_findings(
    form: str,
    diagnostics: Sequence[Diagnostic],
    *,
    strict: bool = False,
    failures: Sequence[str] = (),
    more: Mapping[str, Any] | None = None,
) -> None:
    """Findings in one of `FORMATS`, on standard output: they are what was asked for.

    `failures` are messages about specs that could not be read at all; `more` is what JSON has besides.
    """
    if form == "json":
        value = findings_json(diagnostics, strict)
        data_json(value | {"ok": value["ok"] and not failures} | dict(more or {}))
    elif form == "sarif":
        from specdl import __version__
        from specdl.core.formats.sarif import as_sarif

        code = 2 if failures else exit_code(diagnostics, strict)
        log = as_sarif(diagnostics, version=__version__, exit_code=code, failures=failures)
        data(as_json(log))
    elif diagnostics:
        data(as_text(form, diagnostics))


def as_text(form: str, diagnostics: Iterable[Diagnostic]) -> str:
    """Findings in one of the forms that are lines of text."""
    if form == "concise":
        from specdl.core.formats.concise import concise

        return concise(diagnostics)
    if form == "github":
        from specdl.core.formats.github import github

        return github(diagnostics)
    from specdl.core.formats.human import human

    return human(diagnostics, wants_color(sys.stdout))


def findings_json(diagnostics: Iterable[Diagnostic], strict: bool = False) -> dict[str, Any]:
    """`ok` and `diagnostics`; `ok` says what the exit code says."""
    from specdl.core.formats import json as form

    listed = list(diagnostics)
    return form.as_json(listed) | {"ok": exit_code(listed, strict) == 0}


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
