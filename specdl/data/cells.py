"""The cells of a CSV file: numbers and words by column, and what is wrong with them."""

from __future__ import annotations

import csv
import math
import re
from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from specdl.core.diagnostics import Finding, Note, Spot, visible
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.errors import FindingsError
from specdl.data.spots import cell_at, spots, texts

DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")
HALF = re.compile(r"[-+]?\d+")
"""A number without decimals, or the decimals of one."""
LOOKED_AT = 4096
"""Bytes in which one that no text has is looked for."""
PACKED = (
    (b"\x1f\x8b", "packed by gzip", "unpack it: gzip -dk"),
    (b"PK\x03\x04", "a zip file, perhaps of a spreadsheet", "unpack it, or save the sheet as CSV"),
)
"""How files begin that are often taken for CSV, what they are, and what helps."""
Policy = Literal["error", "drop", "mean", "category"] | float


@dataclass(frozen=True)
class Use:
    """What a column is read as, and what stands for a cell without a value.

    `kind` is `number` or `word`; `place` is where the document names the column.
    """

    name: str
    index: int
    kind: Literal["number", "word"]
    policy: Policy
    place: DocumentPath


@dataclass
class Words:
    """A column of text: a code for each row, and the words by code in order of first use."""

    codes: array[int] = field(default_factory=lambda: array("q"))
    book: dict[str, int] = field(default_factory=dict)

    def add(self, word: str) -> None:
        self.codes.append(self.book.setdefault(word, len(self.book)))


@dataclass
class Cells:
    """What was read: rows of numbers, in the order of `numbered`, words by column, and each row's line."""

    numbered: tuple[str, ...]
    numbers: array[float] = field(default_factory=lambda: array("d"))
    words: dict[str, Words] = field(default_factory=dict)
    lines: array[int] = field(default_factory=lambda: array("q"))


class Tally:
    """Findings of which each stands for all cells of a column with the same fault."""

    def __init__(self) -> None:
        self.found: dict[tuple[str, str], tuple[Finding, int]] = {}
        self.cells: dict[tuple[str, str], tuple[int, int]] = {}
        """The line of each finding's row, and the number of its cell."""

    def add(self, column: str, finding: Finding, line: int = 0, cell: int = 0) -> None:
        first, count = self.found.get((finding.code, column), (finding, 0))
        self.found[finding.code, column] = first, count + 1
        if line:
            self.cells.setdefault((finding.code, column), (line, cell))

    def findings(self, file: Path, name: str, delimiter: str) -> list[Finding]:
        """The first finding of each column and code, its place in the file, and how many more there are."""
        wanted: dict[int, set[int]] = {}
        for line, cell in self.cells.values():
            wanted.setdefault(line, set()).add(cell)
        there = spots(file, delimiter, wanted) if wanted else {}
        lines = texts(file, (line for line, _ in there.values())) if there else {}
        told = []
        for key, (first, count) in self.found.items():
            notes = [*first.notes]
            if spot := there.get(self.cells.get(key, (0, 0))):
                text = lines.get(spot[0], "")
                notes.append(Note("it stands", spot=Spot(name, cell_at(text, *spot, delimiter), text)))
            if count > 1:
                notes.append(Note(more(count - 1)))
            told.append(replace(first, notes=tuple(notes)))
        return told


def more(count: int) -> str:
    """That a fault is met again.

    >>> more(1)
    'so is 1 more cell'
    """
    return f"so {'is' if count == 1 else 'are'} {count} more cell{'' if count == 1 else 's'}"


class Parser:
    """Reads the rows of one file.

    A row costs one conversion per cell where all is well; only a row in which something is
    missing or wrong is looked at cell by cell.
    """

    def __init__(self, name: str, uses: list[Use], width: int, missing_as: tuple[str, ...]) -> None:
        self.name, self.width, self.missing_as = visible(name), width, frozenset(missing_as)
        self.number_uses = [use for use in uses if use.kind == "number"]
        self.word_uses = [use for use in uses if use.kind == "word"]
        self.columns = [use.index for use in self.number_uses]
        self.tally = Tally()
        self.cells = Cells(tuple(use.name for use in self.number_uses))
        self.cells.words = {use.name: Words() for use in self.word_uses}

    def row(self, line: int, cells: list[str]) -> None:
        """Take one row in, or leave it out, or note what is wrong with it."""
        if len(cells) != self.width:
            self.tally.add("", self.wrong_width(line, cells))
            return
        numbers = self.fast(cells)
        if numbers is None:
            numbers = self.slow(line, cells)
        words = [self.word(line, use, cells[use.index].strip()) for use in self.word_uses]
        if numbers is None or None in words:
            return
        self.cells.numbers.extend(numbers)
        for use, word in zip(self.word_uses, words, strict=True):
            self.cells.words[use.name].add(word or "")
        self.cells.lines.append(line)

    def fast(self, cells: list[str]) -> list[float] | None:
        """The numbers of a row; None unless every one is there, finite and written plainly."""
        texts = [cells[index] for index in self.columns]
        try:
            numbers = list(map(float, texts))
        except ValueError:
            return None
        return numbers if math.isfinite(sum(numbers)) and "_" not in "".join(texts) else None

    def slow(self, line: int, cells: list[str]) -> list[float] | None:
        """The numbers of a row, cell by cell; None if the row is left out or at fault."""
        numbers = [self.number(line, use, cells[use.index].strip()) for use in self.number_uses]
        kept = [number for number in numbers if number is not None]
        return kept if len(kept) == len(numbers) else None

    def wrong_width(self, line: int, cells: list[str]) -> Finding:
        """That a row has more or fewer cells than there are columns."""
        count = f"{len(cells)} cell{'s' * (len(cells) != 1)}"
        message = f"line {line} of `{self.name}` has {count} for {self.width} columns"
        halves = len(cells) == 2 * self.width and all(HALF.fullmatch(cell.strip()) for cell in cells)
        if not halves:
            return Finding("E415", message, ("data", "source"))
        first = f"{cells[0].strip()}.{cells[1].strip()}"
        message += ", as if its numbers had decimal commas"
        return Finding("E417", message, ("data", "source"), help=f"write `{first}`")

    def number(self, line: int, use: Use, text: str) -> float | None:
        """One number, or what stands for it; None if the row is left out or at fault."""
        if text in self.missing_as:
            if use.policy == "mean":
                return math.nan
            if not isinstance(use.policy, str):
                return use.policy
            self.absent(line, use)
            return None
        number = plain_number(text)
        where = f"line {line} of `{self.name}` has `{shown(text)}` in `{visible(use.name)}`"
        if number is None and DECIMAL_COMMA.fullmatch(text):
            message = f"{where}: a number has a point before its decimals, and no comma"
            finding = Finding("E417", message, use.place, help=f"write `{text.replace(',', '.')}`")
        elif number is None:
            help = f'"columns": {{"{visible(use.name)}": "categorical"}}'
            finding = Finding("E415", f"{where}, where a number was expected", use.place, help=help)
        elif not math.isfinite(number):
            finding = Finding("E413", f"{where}, where a finite number was expected", use.place)
        else:
            return number
        self.tally.add(use.name, finding, line, use.index)
        return None

    def word(self, line: int, use: Use, text: str) -> str | None:
        """One word; None if the row is left out or at fault."""
        if text in self.missing_as and use.policy != "category":
            self.absent(line, use)
            return None
        return text

    def absent(self, line: int, use: Use) -> None:
        """Note a cell without a value, unless such rows are to be left out."""
        if use.policy == "drop":
            return
        message = f"line {line} of `{self.name}` has no value in `{visible(use.name)}`"
        finding = Finding("E413", message, use.place, help='"missing": "drop"')
        self.tally.add(use.name, finding, line, use.index)


def plain_number(text: str) -> float | None:
    """The number that a text is, or None; `1_000` is none."""
    try:
        return None if "_" in text else float(text)
    except ValueError:
        return None


def shown(text: str) -> str:
    """A cell for a message: safe to print, and not endless."""
    return visible(text if len(text) <= 40 else f"{text[:37]}...")


def rows(file: Path, name: str, delimiter: str, path: DocumentPath) -> Iterator[tuple[int, list[str]]]:
    """The rows of a file that are not empty, each with the line it begins on.

    Raises `FindingsError` (E415) where the file is packed, no UTF-8 or no CSV.
    """
    line = 1
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, delimiter=delimiter, strict=True)
            for cells in reader:
                if cells:
                    yield line, cells
                line = reader.line_num + 1
    except UnicodeDecodeError as error:
        byte, line = error.object[error.start], undecodable(file)
        message = f"`{visible(name)}` is not UTF-8: byte {byte:#04x} in line {line}"
        known = encoding(file)
        help = f"iconv -f {known} -t UTF-8 {visible(name)} > utf8.csv" if known else None
        raise FindingsError([Finding("E415", message, path, help=help)]) from None
    except csv.Error as error:
        message = f"line {line} of `{visible(name)}` cannot be read as CSV: {error}"
        raise FindingsError([Finding("E415", message, path)]) from None
    except OSError as error:
        message = f"`{visible(name)}` cannot be read: {error.strerror}"
        raise FindingsError([Finding("E415", message, path)]) from None


def unpacked(file: Path, name: str, path: DocumentPath) -> None:
    """Raise `FindingsError` (E415) for a file that holds others, whatever its name says."""
    try:
        with file.open("rb") as handle:
            begin = handle.read(4)
    except OSError:
        return
    for magic, what, help in PACKED:
        if begin.startswith(magic):
            message = f"`{visible(name)}` is {what}, and no CSV"
            raise FindingsError([Finding("E415", message, path, help=help)])


def undecodable(file: Path) -> int:
    """The first line that is no UTF-8."""
    with file.open("rb") as handle:
        for number, line in enumerate(handle, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


def encoding(file: Path) -> str | None:
    """What a file that is no UTF-8 is most likely written in; None for one that is no text."""
    with file.open("rb") as handle:
        begin = handle.read(LOOKED_AT)
    if begin.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16"
    return None if b"\0" in begin else "WINDOWS-1252"


def read_cells(
    lines: Iterator[tuple[int, list[str]]], parser: Parser, first: tuple[int, list[str]] | None
) -> Cells:
    """All rows, the `first` before those of `lines`; what is wrong in them is in the parser's tally."""
    if first is not None:
        parser.row(*first)
    for line, cells in lines:
        parser.row(line, cells)
    return parser.cells


def sorted_words(book: Mapping[str, int]) -> tuple[str, ...]:
    """Words in order: by value if all are numbers, else by code points."""
    if all(plain_number(word) is not None for word in book):
        return tuple(sorted(book, key=lambda word: (float(word), word)))
    return tuple(sorted(book))
