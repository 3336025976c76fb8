"""Bringing the samples of an input to the type that a model takes, and what may be wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from specdl.core.diagnostics import Finding
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.errors import FindingsError
from specdl.core.types import TensorType
from specdl.core.wording import quoted
from specdl.data.base import Array, sample_shape
from specdl.data.fit import NUMERIC, blocks, convert, fits, not_class, not_finite, shape_text
from specdl.data.steps import Steps
from specdl.data.words import Where, value_text


def misnamed(
    kind: str, have: Mapping[str, Array], wanted: Mapping[str, TensorType], part: str, path: DocumentPath
) -> list[Finding]:
    """That the arrays do not have the names of the model's inputs or targets."""
    if set(have) >= set(wanted) and (kind == "target" or len(have) == len(wanted)):
        return []
    there = f"has {quoted(have)}" if have else f"has no {kind}"
    plural = "s" if len(wanted) > 1 else ""
    message = f"{part} {there}, and the {kind}{plural} {quoted(wanted)} {'are' if plural else 'is'} needed"
    return [Finding("E414", message, path)]


def check_kind(name: str, values: Array, path: DocumentPath) -> None:
    """Raise `FindingsError` (E414) unless an array holds numbers."""
    if values.dtype.kind not in NUMERIC:
        what = "text" if values.dtype.kind in "US" else f"an array of {values.dtype}"
        raise FindingsError([Finding("E414", f"`{name}` is {what}, and numbers were expected", path)])


def check_numbers(name: str, part: str, values: Array, where: Where, path: DocumentPath) -> None:
    """Raise `FindingsError` (E413) unless an array's numbers are finite."""
    if bad := not_finite(values):
        message = f"{where.element(part, name, bad.index)} is {bad.value}: a finite number was expected"
        raise FindingsError([Finding("E413", message, path, notes=where.notes(part, bad))])


@dataclass(frozen=True)
class Shaper:
    """Brings the samples of an input to the type that the model takes; `path` is for findings."""

    name: str
    wanted: TensorType
    classes: int | None
    steps: Steps
    path: DocumentPath

    def shape(self, values: Array, rows: Array | None, part: str, where: Where) -> Array:
        """Samples in the model's type; raises `FindingsError` where they cannot be (E412, E413, E414).

        `rows` picks samples by number; `part` is what messages call the samples.
        """
        change = self.steps.change(self.name)
        take = sample_shape(self.wanted)
        try:
            made = change(values[:1]).shape[1:]
            if not fits(made, take):
                raise FindingsError([self.wrong_shape(values.shape[1:], made)])
            if not self.wanted.is_float:
                self.check_indices(values, part, where)
            out = convert(values, self.wanted, rows, change)
        except FindingsError as error:
            raise self.located(error, values, part, where) from None
        if bad := not_finite(out):
            row, *rest = bad.index
            element = where.element(part, self.name, (row if rows is None else int(rows[row]), *rest))
            after = " after the transforms" if self.steps.touches(self.name) else ""
            message = f"{element} is too large for {self.wanted.dtype}{after}"
            raise FindingsError([Finding("E413", message, self.path, notes=where.notes(part, bad))])
        return out

    def located(self, error: FindingsError, values: Array, part: str, where: Where) -> FindingsError:
        """What a transform raised, with the first row that makes it raise; anything else as it is."""
        if error.findings[0].path[:2] != ("data", "transforms"):
            return error
        change = self.steps.change(self.name)
        for block in blocks(len(values), max(1, values[:1].size)):
            try:
                change(values[block])
            except FindingsError:
                for row in range(block.start, block.stop):
                    try:
                        change(values[row : row + 1])
                    except FindingsError as exact:
                        first = exact.findings[0]
                        message = f"{where.row(part, row)} of `{self.name}`: {first.message}"
                        return FindingsError([replace(first, message=message)])
        return error

    def check_indices(self, values: Array, part: str, where: Where) -> None:
        """Raise `FindingsError` (E412) unless all are whole numbers below the number of classes."""
        if bad := not_class(values, self.classes):
            element = where.element(part, self.name, bad.index)
            top = "on" if self.classes is None else f"to {self.classes - 1}"
            message = f"{element} is {value_text(bad.value)}: a whole number from 0 {top} was expected"
            raise FindingsError([Finding("E412", message, self.path, notes=where.notes(part, bad))])

    def wrong_shape(self, raw: tuple[int, ...], made: tuple[int, ...]) -> Finding:
        """That the samples have another shape than the model takes."""
        take = sample_shape(self.wanted)
        after = " after the transforms" if raw != made else ""
        have = f"`{self.name}` is {shape_text(made)} per sample{after}"
        help = None
        if len(made) > 1 and (made[-1], *made[:-1]) == take:
            axes = ", ".join(map(str, (0, len(made), *range(1, len(made)))))
            help = f"channels come first: `x.transpose({axes})`"
        return Finding("E414", f"{have}, and the model takes {shape_text(take)}", self.path, help=help)
