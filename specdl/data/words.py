"""What findings about samples have in common: where a row is, what its numbers are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from specdl.core.diagnostics import Note, visible
from specdl.data.base import PART_NAMES, Origin
from specdl.data.fit import Bad

FROM_ZERO = Note("rows and columns count from 0")


@dataclass(frozen=True)
class Where:
    """How to speak of rows: of parts, or of all samples where they are yet to be split, or of lines."""

    origins: Mapping[str, Origin]
    split: bool = False

    def part(self, part: str) -> str:
        """The samples of a part: "the training part"."""
        return "the data" if self.split else PART_NAMES.get(part, "the rows given")

    def row(self, part: str, row: int) -> str:
        """A row: "row 3 of the training part", "line 5 of `a.csv`"."""
        if part in self.origins:
            return f"line {self.origins[part].lines[row]} of `{self.origins[part].file}`"
        return f"row {row} of {self.part(part)}"

    def element(self, part: str, name: str, index: tuple[int, ...]) -> str:
        """An element of an array: "row 3, column 1 of `input` in the training part"."""
        row, *rest = index
        if part in self.origins:
            return f"`{name}` in {self.row(part, row)}"
        column = f", column {rest[0]}" if len(rest) == 1 else f", element {rest}" if rest else ""
        return f"row {row}{column} of `{name}` in {self.part(part)}"

    def notes(self, part: str, bad: Bad) -> tuple[Note, ...]:
        """How rows count, and how many more elements break the same rule."""
        others = bad.count - 1
        again = Note(f"so {'is' if others == 1 else 'are'} {others} more") if others else None
        count = None if part in self.origins else FROM_ZERO
        return tuple(note for note in (count, again) if note is not None)


def value_text(value: object) -> str:
    """A number or a word for a message, without the zeros of a whole float."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return visible(str(value))
