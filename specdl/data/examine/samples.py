"""Samples as the rules look at them: the arrays, and where each row and column came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from math import prod

from specdl.core.advice import Limits
from specdl.core.diagnostics import Finding, Fix, Note, visible
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.wording import quoted
from specdl.data.base import PART_NAMES, Array, Data, DataSpec, Need
from specdl.data.load import Loading

NAMED = 5
"""How many names a message lists; the others are counted."""


@dataclass(frozen=True)
class Samples:
    """Samples that are loaded: `data` is what training gets, `loading` what it was made from.

    `limits` has, for each target, between what the output lies that it is compared with.
    """

    loading: Loading
    data: Data
    limits: Mapping[str, Limits]

    @property
    def spec(self) -> DataSpec:
        return self.loading.spec

    @property
    def need(self) -> Need:
        return self.loading.need

    @property
    def input_path(self) -> DocumentPath:
        """Where a document says what the inputs are."""
        return self.loading.input_path()

    @property
    def target_path(self) -> DocumentPath:
        """Where a document says what the targets are."""
        return self.loading.target_path()

    def rows(self, part: str) -> int:
        """How many samples a part has; 0 where there is no such part."""
        return self.data.parts[part].rows if part in self.data.parts else 0

    def row(self, part: str, row: int) -> str:
        """A row of a part in words: "line 5 of `a.csv`", "row 3 of the data"."""
        chosen = self.loading.chosen[part]
        number = row if chosen is None else int(chosen[row])
        return self.loading.where.row(self.loading.source_of(part), number)

    def codes(self, target: str) -> dict[str, Array]:
        """The class numbers or values of a target by part, not yet encoded, one row per sample."""
        values, _ = self.loading.codes[target]
        found = {}
        for part, chosen in self.loading.chosen.items():
            array = values[self.loading.source_of(part)]
            found[part] = array if chosen is None else array[chosen]
        return found

    def columns(self, name: str) -> tuple[str, ...]:
        """What the numbers of an input's sample were called where they were read; empty if nothing was."""
        fitted = self.loading.raw.fitted
        if name not in fitted.get("features", {}):
            return ()
        wide = self.need.inputs[name].is_float
        found: list[str] = []
        for column in fitted["features"][name]:
            words = fitted.get("categories", {}).get(column)
            found += [f"{column}={word}" for word in words] if words and wide else [column]
        return tuple(map(visible, found))

    def width(self, name: str) -> int:
        """How many numbers a sample of an input had as it was read."""
        return prod(self.loading.raw.parts[self.loading.source_of("train")].inputs[name].shape[1:])

    def column(self, name: str, number: int) -> Array:
        """One number of every training sample of an input, as it was read."""
        values = self.loading.raw.parts[self.loading.source_of("train")].inputs[name]
        column: Array = values.reshape(len(values), -1)[:, number]
        chosen = self.loading.chosen["train"]
        return column if chosen is None else column[chosen]


def warning(
    code: str,
    message: str,
    path: DocumentPath,
    *,
    at_key: bool = False,
    help: str | None = None,
    notes: tuple[Note, ...] = (),
    fix: Fix | None = None,
) -> Finding:
    """A finding that stops nobody."""
    return Finding(code, message, path, at_key, help, notes, "warning", fix)


def listed(names: Iterable[str]) -> str:
    """Names for a message, the first few of many: "`a`, `b` and 7 more"."""
    all_of = list(names)
    if len(all_of) <= NAMED:
        return quoted(all_of)
    return f"{', '.join(f'`{name}`' for name in all_of[:NAMED])} and {len(all_of) - NAMED:,} more"


def share(count: int, of: int) -> str:
    """A part of a whole in per cent: "95.2 %"."""
    tenths = (count * 1000 + of // 2) // of
    return f"{tenths // 10}.{tenths % 10} %"


def compared(samples: Samples) -> Iterator[tuple[str, str]]:
    """The parts that figures are computed on after training, with their names."""
    for part in ("validation", "test"):
        if samples.rows(part):
            yield part, PART_NAMES[part]
