"""The first line of a CSV file: the names of its columns, if that is what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from specdl.core.diagnostics import Add, Finding, Fix, Replace, visible
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.errors import FindingsError
from specdl.data.base import SOURCE
from specdl.data.cells import plain_number

if TYPE_CHECKING:
    from specdl.data.table import Table

DELIMITERS = (";", "\t", ",", "|")
"""What stands between cells, in the order in which it is looked for."""


def begins_as_told(table: Table, header: list[str], name: str, path: DocumentPath) -> None:
    """Raise `FindingsError` for a first line that has another delimiter (E418), or no names (E419)."""
    if named_columns(table) and named_columns(table) <= {*header}:
        return
    shown_name, delimiter = visible(name), table.csv.delimiter
    other = next((each for each in DELIMITERS if each != delimiter and each in header[0]), None)
    if len(header) == 1 and other is not None:
        written = "\\t" if other == "\t" else other
        message = f"`{shown_name}` has `{written}` between its cells, and `{visible(delimiter)}` was expected"
        given = "delimiter" in table.csv.model_fields_set
        edit = Replace((*SOURCE, "delimiter"), other) if given else Add(SOURCE, "delimiter", other)
        fix = Fix("name the delimiter", (edit,))
        raise FindingsError([Finding("E418", message, path, help=f'"delimiter": "{written}"', fix=fix)])
    if all(plain_number(cell) is not None for cell in header):
        message = f"`{shown_name}` begins with numbers, and the names of its columns were expected"
        names = guessed(table, len(header))
        help = ", ".join(f'"{column}"' for column in names)
        fits = named_columns(table) <= {*names}
        named = Fix("name the columns", (Add(SOURCE, "header", names),)) if fits else None
        raise FindingsError([Finding("E419", message, path, help=f'"header": [{visible(help)}]', fix=named)])


def require_names(table: Table, header: list[str], name: str, path: DocumentPath) -> None:
    """Raise `FindingsError` (E415) for columns without a name where the inputs are whatever is there."""
    if "" not in header or table.csv.features is not None or table.features:
        return
    if not named_columns(table) <= {*header}:
        return
    count = header.count("")
    what = f"column {header.index('') + 1} of `{visible(name)}` has no name"
    message = what if count == 1 else f"{what}; so it is with {count - 1} more"
    rest = ", ".join(f'"{column}"' for column in header if column and column not in aims(table))
    raise FindingsError([Finding("E415", message, path, help=f'"features": [{visible(rest)}]')])


def aims(table: Table) -> set[str]:
    """The columns that the source, or the data, names as targets of all inputs in one."""
    aim, column = table.csv.target, table.reading.column
    named = {aim} if isinstance(aim, str) else {*aim} if isinstance(aim, tuple) else set()
    return named | ({column} if column else set())


def named_columns(table: Table) -> set[str]:
    """The columns that the source names."""
    found: set[str] = {*table.csv.columns}
    for chosen in (table.csv.features, table.csv.target, table.reading.column):
        each = chosen.values() if isinstance(chosen, Mapping) else (chosen,)
        found |= {
            column for names in each for column in ((names,) if isinstance(names, str) else names or ())
        }
    return found - {"input"}


def guessed(table: Table, count: int) -> list[str]:
    """Names for so many columns: those of the source, if they are as many, else `x1` on and the target."""
    features, target = table.csv.features, table.csv.target
    if isinstance(features, tuple) and isinstance(target, str) and len(features) + 1 == count:
        return [*features, target]
    last = target if isinstance(target, str) else table.reading.column or "y"
    return [*(f"x{number}" for number in range(1, count)), last]
