"""Diagnostics as workflow commands: GitHub shows them beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterable

from specdl.core.diagnostics import Diagnostic
from specdl.core.formats.files import named
from specdl.core.wording import counted

SHOWN = 10
"""GitHub shows ten errors and ten warnings of a step, and drops the rest without a word."""
DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
PROPERTY = {**DATA, ":": "%3A", ",": "%2C"}


def github(diagnostics: Iterable[Diagnostic]) -> str:
    """A line for each of the first ten errors, then of the first ten warnings; one that counts the rest."""
    listed = list(diagnostics)
    errors = [each for each in listed if each.severity == "error"]
    warnings = [each for each in listed if each.severity == "warning"]
    lines = [command(each) for each in (*errors[:SHOWN], *warnings[:SHOWN])]
    rest = {"error": len(errors) - SHOWN, "warning": len(warnings) - SHOWN}
    more = " and ".join(counted(number, noun) for noun, number in rest.items() if number > 0)
    if more:
        lines.append(f"::notice title=specdl::{more} more: GitHub shows ten, `specdl check` all")
    return "\n".join(lines)


def command(diagnostic: Diagnostic) -> str:
    """One diagnostic as a workflow command."""
    properties = {**place(diagnostic), "title": diagnostic.code}
    told = ",".join(f"{name}={escaped(str(value), PROPERTY)}" for name, value in properties.items())
    return f"::{diagnostic.severity} {told}::{escaped(words(diagnostic), DATA)}"


def place(diagnostic: Diagnostic) -> dict[str, str | int]:
    """Where it is; columns only of a token of one line, as GitHub has it."""
    file, position = named(diagnostic.file), diagnostic.position
    if file is None:
        return {}
    if position is None:
        return {"file": file}
    where: dict[str, str | int] = {"file": file, "line": position.line, "endLine": position.end_line}
    if position.line == position.end_line:
        where |= {"col": position.column, "endColumn": position.end_column}
    return where


def words(diagnostic: Diagnostic) -> str:
    """What is said: the message, how often, the notes and the help, a line each."""
    count = f" ({diagnostic.count:,} times)" if diagnostic.count > 1 else ""
    lines = [f"{diagnostic.message}{count}", *(f"note: {each}" for each in diagnostic.notes)]
    return "\n".join([*lines, f"help: {diagnostic.help}"] if diagnostic.help else lines)


def escaped(text: str, escapes: dict[str, str]) -> str:
    """Text in which what GitHub would take for its own is escaped."""
    return "".join(escapes.get(char, char) for char in text)
