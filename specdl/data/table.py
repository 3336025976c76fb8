"""Inputs and targets out of the columns of a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from specdl.core.diagnostics import Finding, Note, visible
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.errors import FindingsError
from specdl.core.suggest import nearest
from specdl.core.wording import quoted
from specdl.data.base import SOURCE, Array, Origin, Part, Raw, Reading, only
from specdl.data.cells import (
    Cells,
    Parser,
    Policy,
    Use,
    plain_number,
    read_cells,
    rows,
    shown,
    sorted_words,
    unpacked,
)
from specdl.data.faults import Faults
from specdl.data.header import aims, begins_as_told, require_names

if TYPE_CHECKING:
    from specdl.data.sources.csv import Csv


@dataclass
class Table:
    """What a CSV source has read so far: the training file comes first and fixes the categories."""

    csv: Csv
    reading: Reading
    known: Mapping[str, Any] = field(default_factory=dict)
    predicting: bool = False
    """Whether the file is one to predict on: it has no targets, and no row may be left out."""
    categories: dict[str, tuple[str, ...]] = field(init=False)
    features: dict[str, tuple[str, ...]] = field(init=False)
    """The columns of each input, in the order of the training file where the spec gives none."""
    parts: dict[str, Part] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The words of each target that is classes, by column."""
    valued: set[str] = field(default_factory=set)
    """The target columns that are numbers."""

    def __post_init__(self) -> None:
        stored = self.known.get("categories", {})
        self.categories = {column: tuple(words) for column, words in stored.items()}
        self.features = {name: tuple(columns) for name, columns in self.known.get("features", {}).items()}


@dataclass(frozen=True)
class Layout:
    """Which columns of a file make which input and target."""

    header: list[str]
    inputs: Mapping[str, tuple[str, ...]]
    targets: Mapping[str, tuple[str, ...]]


def read_table(table: Table, part: str, file: Path, name: str, path: DocumentPath) -> Raw:
    """Read the file of a part, and give what was read of all parts so far."""
    layout, cells = parse(table, file, name, path)
    table.origins[part] = Origin(visible(name), cells.lines)
    table.parts[part] = assemble(table, layout, cells, table.origins[part])
    return gathered(table, layout)


def parse(table: Table, file: Path, name: str, path: DocumentPath) -> tuple[Layout, Cells]:
    """The columns and the cells of a file; raises `FindingsError` with all that is wrong in them.

    Words are not compared with those of the training file yet.
    """
    unpacked(file, name, path)
    lines = rows(file, name, table.csv.delimiter, path)
    first = next(lines, None)
    if first is None:
        raise FindingsError([Finding("E415", f"`{visible(name)}` is empty", path)])
    named = table.csv.header is None
    header = [cell.strip() for cell in first[1]] if named else list(table.csv.header or ())
    if named:
        begins_as_told(table, header, name, path)
        require_names(table, header, name, path)
    layout = lay_out(table, header, name, path)
    table.features = dict(layout.inputs)
    parser = Parser(name, uses(table, layout), len(header), table.csv.missing_as)
    cells = read_cells(lines, parser, None if named else first)
    if found := parser.tally.findings(file, visible(name), table.csv.delimiter):
        raise FindingsError(found)
    if not cells.lines:
        raise FindingsError([Finding("E415", f"`{visible(name)}` has no rows to read", path)])
    return layout, cells


def gathered(table: Table, layout: Layout) -> Raw:
    """What was read of all parts so far."""
    features = {column for columns in layout.inputs.values() for column in columns}
    kept = {column: list(words) for column, words in table.categories.items() if column in features}
    labels = {
        target: table.classes[columns[0]]
        for target, columns in layout.targets.items()
        if columns[0] in table.classes
    }
    gaps = {name: gaps_of(table, columns) for name, columns in layout.inputs.items()}
    return Raw(
        dict(table.parts),
        labels,
        dict(table.origins),
        {name: columns for name, columns in gaps.items() if columns},
        {"features": {name: list(columns) for name, columns in layout.inputs.items()}, "categories": kept},
    )


def lay_out(table: Table, header: list[str], name: str, path: DocumentPath) -> Layout:
    """Find the columns; raises `FindingsError` (E411) for those that are not there."""
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        message = f"`{visible(name)}` has more than one column {quoted(map(visible, twice))}"
        raise FindingsError([Finding("E415", message, path)])
    targets = {} if table.predicting else target_columns(table, header)
    inputs = input_columns(table, header, targets)
    named: dict[str, DocumentPath] = {}
    if not table.predicting:
        named.update((column, (*SOURCE, "columns", column)) for column in table.csv.columns)
    named.update((column, place(table.csv, False)) for columns in inputs.values() for column in columns)
    named.update((column, place(table.csv, True)) for columns in targets.values() for column in columns)
    absent = [no_column(column, header, name, spot) for column, spot in named.items() if column not in header]
    if absent:
        raise FindingsError(absent)
    return Layout(header, inputs, targets)


def place(csv: Csv, target: bool) -> DocumentPath:
    """Where a document names the columns of inputs or targets."""
    return (*SOURCE, *csv.place("targets" if target else "inputs"))


def no_column(column: str, header: list[str], name: str, path: DocumentPath) -> Finding:
    """That a file lacks a column."""
    like = nearest(column, header)
    few = header if len(header) <= 12 else [*header[:12], "..."]
    return Finding(
        "E411",
        f"`{visible(name)}` has no column `{visible(column)}`",
        path,
        at_key="columns" in path,
        help=f"did you mean `{visible(like)}`?" if like else None,
        notes=(Note(f"its columns are {quoted(map(shown, few))}"),),
    )


def target_columns(table: Table, header: list[str]) -> dict[str, tuple[str, ...]]:
    """The columns of each target, as the source or `data.target.from` names them."""
    reading, chosen = table.reading, table.csv.target
    needed, column = reading.need.targets, reading.column
    if column == "input":
        return {}
    if isinstance(chosen, Mapping):
        return {name: (each,) if isinstance(each, str) else each for name, each in chosen.items()}
    if column is not None and chosen not in (None, column, (column,)):
        message = f"the target is `{visible(column)}` here and {quoted([chosen])} in the source"
        raise FindingsError([Finding("E411", message, ("data", "target", "from"))])
    chosen = chosen or column
    if chosen is None or len(needed) > 1:
        which = "which column is the target" if len(needed) == 1 else "which columns the targets are"
        names = ", ".join(f'"{name}": "{header[-1]}"' for name in needed)
        help = f'"target": "{visible(header[-1])}"' if len(needed) == 1 else f'"target": {{{visible(names)}}}'
        raise FindingsError([Finding("E411", f"the source does not say {which}", SOURCE, help=help)])
    return {only(needed, "target"): (chosen,) if isinstance(chosen, str) else chosen}


def input_columns(
    table: Table, header: list[str], targets: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """The columns of each input: those the source names, or all that are no target's."""
    chosen, needed = table.csv.features, table.reading.need.inputs
    if isinstance(chosen, Mapping):
        return dict(chosen)
    if len(needed) > 1:
        names = ", ".join(f'"{name}": ["{header[0]}"]' for name in needed)
        message = f"the source does not say which columns each of {quoted(needed)} takes"
        raise FindingsError([Finding("E411", message, SOURCE, help=f'"features": {{{visible(names)}}}')])
    spoken = aims(table) | {column for columns in targets.values() for column in columns}
    if table.features:
        return table.features
    return {only(needed, "input"): chosen or tuple(column for column in header if column not in spoken)}


def uses(table: Table, layout: Layout) -> list[Use]:
    """How each column that matters is read; raises `FindingsError` (E115) for options that contradict."""
    faults = Faults()
    found: dict[str, Use] = {}
    for kind, groups in (("inputs", layout.inputs), ("targets", layout.targets)):
        for columns in groups.values():
            for column in columns:
                use = faults.attempt(use_of, table, layout.header, column, kind == "targets", len(columns))
                if use is not None and column not in found:
                    found[column] = use
    faults.settle()
    return list(found.values())


def use_of(table: Table, header: list[str], column: str, target: bool, beside: int) -> Use:
    """How a column is read: a target that stands alone as words, until all of it is known."""
    kind, own = options(table, column)
    numeric = kind == "numeric" or (kind is None and (not target or beside > 1))
    allowed = {"error", "drop"}
    if not numeric:
        allowed.add("category")
    elif not target:
        allowed.add("mean")
    policy: Policy = table.csv.missing if own is None else own
    sound = policy in allowed or (numeric and not isinstance(policy, str))
    if own is None and (not sound or (target and policy != "drop")):
        policy = "error"
    elif not sound:
        what = "target" if target else "numeric column" if numeric else "categorical column"
        message = f"`{policy}` cannot stand for what is missing in `{visible(column)}`, a {what}"
        spot = (*SOURCE, "columns", column, "missing")
        raise FindingsError([Finding("E115", message, spot, help='"missing": "drop"')])
    if table.predicting and policy == "drop":
        policy = "error"
    return Use(
        column, header.index(column), "number" if numeric else "word", policy, place(table.csv, target)
    )


def options(table: Table, column: str) -> tuple[str | None, Policy | None]:
    """The kind and the `missing` that the spec gives for a column."""
    given = table.csv.columns.get(column)
    if given is None or isinstance(given, str):
        return given, None
    return given.kind, given.missing


def gaps_of(table: Table, columns: tuple[str, ...]) -> tuple[int, ...]:
    """The places, in an input's vector, of the columns whose missing values become means."""
    found, place = [], 0
    for column in columns:
        width = len(table.categories.get(column, ("",)))
        kind, own = options(table, column)
        if kind != "categorical" and (own or table.csv.missing) == "mean":
            found.append(place)
        place += width
    return tuple(found)


def assemble(table: Table, layout: Layout, cells: Cells, origin: Origin) -> Part:
    """The arrays of a part; raises `FindingsError` (E412) for words that training did not have."""
    faults = Faults()
    matrix = np.frombuffer(cells.numbers, np.float64) if cells.numbers else np.empty(0)
    matrix = matrix.reshape(len(cells.lines), len(cells.numbered))
    inputs = {}
    for name, columns in layout.inputs.items():
        wanted = table.reading.need.inputs.get(name)
        vectors = wanted is None or wanted.is_float
        inputs[name] = features(table, columns, matrix, cells, origin, vectors, faults)
    targets: dict[str, Array | None] = {}
    for name, columns in layout.targets.items():
        if all(column in cells.numbered for column in columns):
            targets[name] = picked(matrix, cells, columns)
        else:
            targets[name] = faults.attempt(target_of, table, columns[0], cells, origin)
    faults.settle()
    return Part(inputs, {name: array for name, array in targets.items() if array is not None})


def picked(matrix: Array, cells: Cells, columns: tuple[str, ...]) -> Array:
    """Columns of numbers, without a copy where they stand side by side."""
    at = [cells.numbered.index(column) for column in columns]
    if at == list(range(at[0], at[0] + len(at))):
        return matrix[:, at[0] : at[-1] + 1]
    chosen: Array = matrix[:, at]
    return chosen


def features(
    table: Table,
    columns: tuple[str, ...],
    matrix: Array,
    cells: Cells,
    origin: Origin,
    vectors: bool,
    faults: Faults,
) -> Array:
    """An input's columns: numbers as they are, categories as `vectors` or else as their numbers."""
    if columns and all(column in cells.numbered for column in columns):
        return picked(matrix, cells, columns)
    blocks: list[Array] = [np.empty((len(matrix), 0))]
    for column in columns:
        if column in cells.numbered:
            blocks.append(picked(matrix, cells, (column,)))
        elif (codes := faults.attempt(coded, table, column, cells, origin, False)) is not None:
            words = np.arange(len(table.categories[column]))
            blocks.append((codes[:, None] == words).astype(np.float64) if vectors else codes[:, None])
    return np.concatenate(blocks, axis=1)


def coded(table: Table, column: str, cells: Cells, origin: Origin, target: bool) -> Array:
    """The number of the category in each row; the first file that has the column fixes the categories."""
    words = cells.words[column]
    known = table.categories.setdefault(column, sorted_words(words.book))
    numbers = {word: number for number, word in enumerate(known)}
    codes = np.frombuffer(words.codes, np.int64)
    strange = [code for word, code in words.book.items() if word not in numbers]
    if strange:
        rows = np.flatnonzero(np.isin(codes, strange))
        word = list(words.book)[codes[rows[0]]]
        kind = "classes" if target else "categories"
        few = quoted(map(shown, known[:10])) + (" and others" if len(known) > 10 else "")
        message = (
            f"line {origin.lines[rows[0]]} of `{origin.file}` has `{shown(word)}` in `{visible(column)}`, "
            f"which is none of the {len(known)} {kind} of the training file"
        )
        spot = place(table.csv, target)
        raise FindingsError([Finding("E412", message, spot, notes=(Note(f"they are {few}"),))])
    in_order: Array = np.array([numbers[word] for word in words.book], np.int64)[codes]
    return in_order


def target_of(table: Table, column: str, cells: Cells, origin: Origin) -> Array:
    """A target's column: numbers if all of the training file's are, else the numbers of classes."""
    words = cells.words[column]
    values = [plain_number(word) for word in words.book]
    first = column not in table.valued and column not in table.classes
    if first and options(table, column)[0] is None and None not in values:
        table.valued.add(column)
    if column not in table.valued:
        codes = coded(table, column, cells, origin, True)
        table.classes[column] = table.categories[column]
        return codes
    codes = np.frombuffer(words.codes, np.int64)
    if None in values:
        row = int(np.argmax(codes == values.index(None)))
        word = shown(list(words.book)[codes[row]])
        message = f"line {origin.lines[row]} of `{origin.file}` has `{word}` in `{visible(column)}`"
        spot = place(table.csv, True)
        raise FindingsError([Finding("E415", f"{message}, where a number was expected", spot)])
    numbers: Array = np.array(values, np.float64)[codes]
    return numbers
