"""Samples, from what a spec says to arrays that the model takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from specdl.core.diagnostics import Finding
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.errors import FindingsError
from specdl.data import split, target
from specdl.data.arrays import by_name, from_arrays
from specdl.data.base import (
    DATA,
    SOURCE,
    Array,
    Data,
    DataSpec,
    Need,
    Part,
    Raw,
    Reading,
    sample_shape,
    target_place,
)
from specdl.data.check import batches, check
from specdl.data.faults import Faults
from specdl.data.fit import convert, fits, shape_text
from specdl.data.shaper import Shaper, check_kind, check_numbers, misnamed
from specdl.data.steps import Steps
from specdl.data.words import Where

Codes = tuple[dict[str, Array], tuple[str, ...]]


def load(spec: DataSpec, reading: Reading, arrays: Mapping[str, Any] | None = None) -> Data:
    """The samples of a run: read, checked, split, transformed and encoded.

    `arrays`, by part, stand in the place of the source: see `from_arrays`. A function of the
    spec, the files and `reading.seed`.

    Raises `FindingsError` with every finding of a stage: files and options (E313, E410, E416,
    E610), then reading (E411, E415, E611), then values (E412, E413, E414). Raises `UsageError`
    for `arrays` that are not given by part.
    """
    return begin(spec, reading, arrays).run()


def begin(spec: DataSpec, reading: Reading, arrays: Mapping[str, Any] | None = None) -> Loading:
    """The samples of a run as they were read, to be brought into form by `run`; raises as `load` does."""
    need = reading.need
    predicted = own_input(spec, need)
    reading = replace(reading, column="input" if predicted else spec.target.source)
    raw = opened(spec, reading, arrays)
    return Loading(spec, need, raw, arrays is not None, predicted)


def own_input(spec: DataSpec, need: Need) -> str | None:
    """The input that the model is to predict, where `from` names one."""
    chosen = spec.target.source
    if chosen == "input" and len(need.inputs) == 1:
        return next(iter(need.inputs))
    return chosen if chosen in need.inputs else None


def opened(spec: DataSpec, reading: Reading, arrays: Mapping[str, Any] | None) -> Raw:
    """What the source or the caller gives, read."""
    if arrays is not None:
        return from_arrays(arrays, reading.need)
    if spec.source is None:
        message = "`data` has no `source`, and no arrays were passed"
        help = '"source": {"type": "csv", "path": "data.csv", "target": "y"}'
        raise FindingsError([Finding("E112", message, DATA, help=help)])
    found = [
        replace(each, code="E410", severity="error") if each.code == "W410" else each
        for each in check(spec, reading)
    ]
    if found:
        raise FindingsError(found)
    return spec.source.read(reading)


@dataclass
class Loading:
    """One run of `load`, after reading.

    Once it has run, `chosen` has the rows of each part, as numbers of what was read (None: all of them),
    and `codes` each target's values by what was read, not yet encoded, with the names of its classes.
    """

    spec: DataSpec
    need: Need
    raw: Raw
    passed: bool
    """Whether the arrays came from the caller and not from the spec's source."""
    predicted: str | None
    chosen: Mapping[str, Array | None] = field(default_factory=dict)
    codes: dict[str, Codes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        parts = {name: part for name, part in self.raw.parts.items() if part.inputs}
        self.raw = replace(self.raw, parts=parts)
        self.where = Where(self.raw.origins, split=self.spec.split is not None)

    def run(self) -> Data:
        """Check, split, transform, encode."""
        self.check_names()
        self.raw = replace(self.raw, parts={n: p for n, p in self.raw.parts.items() if p.rows})
        faults = Faults()
        for name in self.need.inputs:
            for part in self.raw.parts:
                faults.attempt(self.check_input, name, part)
        for name in () if self.predicted else self.need.targets:
            values = {part: each.targets[name] for part, each in self.raw.parts.items()}
            labels = self.raw.labels.get(name, ())
            path = self.target_path()
            got = faults.attempt(target.checked, name, values, labels, self.need, self.where, path)
            if got is not None:
                self.codes[name] = got
        faults.settle()
        self.chosen = self.rows()
        steps = self.steps(self.chosen)
        parts = {part: self.part(part, chosen, steps) for part, chosen in self.chosen.items()}
        named = {name: names for name, (_, names) in self.codes.items() if names}
        return Data(parts, {**self.raw.fitted, **steps.as_json()}, named)

    def input_path(self) -> DocumentPath:
        """Where a document says what the inputs are."""
        source = None if self.passed else self.spec.source
        return DATA if source is None else (*SOURCE, *source.place("inputs"))

    def target_path(self) -> DocumentPath:
        """Where a document says what the targets are."""
        if self.passed or self.spec.source is None:
            return DATA
        place = self.spec.source.place("targets")
        return (*SOURCE, *place) if place else target_place(self.spec)

    def check_names(self) -> None:
        """Raise `FindingsError` (E411, E414, E416) unless every part has the arrays that are needed."""
        faults = Faults(self.no_column())
        for part, each in self.raw.parts.items():
            wanted = {} if self.predicted else self.need.targets
            have = {} if self.predicted else each.targets
            faults.extend(
                misnamed("input", each.inputs, self.need.inputs, self.where.part(part), self.input_path())
            )
            faults.extend(misnamed("target", have, wanted, self.where.part(part), self.target_path()))
            counts = {name: len(array) for name, array in (*each.inputs.items(), *have.items())}
            if len(set(counts.values())) > 1:
                told = " and ".join(f"{count} of `{name}`" for name, count in counts.items())
                message = f"{self.where.part(part)} has {told}: each sample needs one of each"
                faults.append(Finding("E414", message, self.input_path()))
        faults.settle()
        if "train" not in self.raw.parts or not self.raw.parts["train"].rows:
            raise FindingsError([Finding("E416", "the training part has no samples", self.input_path())])

    def no_column(self) -> list[Finding]:
        """That arrays have no columns for `from` to name."""
        chosen = self.spec.target.source
        if self.predicted or chosen is None or self.spec.source is not None:
            return []
        message = f"arrays have no column `{chosen}`"
        return [Finding("E411", message, ("data", "target", "from"), help='"from": "input"')]

    def check_input(self, name: str, part: str) -> bool:
        """True; raises `FindingsError` for an input of a part that holds what it must not."""
        values = self.raw.parts[part].inputs[name]
        path = self.input_path()
        check_kind(name, values, path)
        if part in self.raw.origins:
            return True
        check_numbers(name, part, values, self.where, path)
        return True

    def rows(self) -> dict[str, Array | None]:
        """The samples of each part, as numbers of what was read; None is all of them."""
        if self.spec.split is None:
            chosen: dict[str, Array | None] = dict.fromkeys(self.raw.parts)
        else:
            count = self.raw.parts["train"].rows
            found = split.faults(self.spec.split, tuple(self.raw.parts), count)
            if found:
                raise FindingsError(found)
            chosen = dict(split.cut(self.spec.split, count))
        train = chosen["train"]
        found = batches(self.spec, self.raw.parts["train"].rows if train is None else len(train))
        if found:
            raise FindingsError(found)
        return chosen

    def source_of(self, part: str) -> str:
        """The part of what was read that a part of the run is cut from."""
        return part if self.spec.split is None else "train"

    def steps(self, rows: Mapping[str, Array | None]) -> Steps:
        """The inputs' transforms, fitted on the training part."""
        steps = Steps(self.spec)
        train = {
            name: taker(self.raw.parts["train"].inputs[name], rows["train"]) for name in self.need.inputs
        }
        steps.fit(train, self.need.inputs, self.raw.gaps)
        return steps

    def part(self, part: str, rows: Array | None, steps: Steps) -> Part:
        """The arrays of a part of the run."""
        source = self.source_of(part)
        faults = Faults()
        inputs: dict[str, Array] = {}
        for name, wanted in self.need.inputs.items():
            values = self.raw.parts[source].inputs[name]
            shaper = Shaper(name, wanted, self.need.index_classes.get(name), steps, self.input_path())
            array = faults.attempt(shaper.shape, values, rows, source, self.where)
            if array is not None:
                inputs[name] = array
        faults.settle()
        if self.predicted:
            return Part(inputs, self.reflected(inputs[self.predicted]))
        targets = {
            name: target.written(values[source], self.need.encode[name], self.need.targets[name], rows)
            for name, (values, _) in self.codes.items()
        }
        return Part(inputs, targets)

    def reflected(self, values: Array) -> dict[str, Array]:
        """The input as every target; one array for both where they have one type."""
        found = {}
        for name, wanted in self.need.targets.items():
            take = sample_shape(wanted)
            if not fits(values.shape[1:], take):
                have = shape_text(values.shape[1:])
                message = f"the input to predict is {have} per sample, and the output is {shape_text(take)}"
                raise FindingsError([Finding("E414", message, ("data", "target", "from"))])
            same = values.shape[1:] == take and values.dtype == convert(values[:0], wanted).dtype
            found[name] = values if same else convert(values, wanted)
        return found


def taker(values: Array, rows: Array | None) -> Callable[[], Array]:
    """Makes the array of some rows."""
    return lambda: values if rows is None else np.asarray(values[rows])


def prepare_inputs(spec: DataSpec, fitted: Mapping[str, Any], x: Any, need: Need) -> dict[str, Array]:
    """Raw inputs as the model takes them: an array, or arrays by name, of any number of rows.

    `fitted` is what `load` learnt from the training part. Raises `FindingsError` (E412, E413,
    E414), with paths that are empty, since the samples stand in no document.
    """
    faults = Faults()
    given = by_name(x, need.inputs, "x")
    faults.extend(misnamed("input", given, need.inputs, "what is given", ()))
    faults.settle()
    steps, where = Steps.stored(spec, fitted), Where({})
    found = {}
    for name, wanted in need.inputs.items():
        shaper = Shaper(name, wanted, need.index_classes.get(name), steps, ())
        array = faults.attempt(prepared, shaper, given[name], where, steps.fill.get(name, {}))
        if array is not None:
            found[name] = array
    faults.settle()
    return found


def prepared(shaper: Shaper, values: Array, where: Where, gaps: Mapping[str, float]) -> Array:
    """One input as the model takes it."""
    check_kind(shaper.name, values, ())
    if not gaps:
        check_numbers(shaper.name, "", values, where, ())
    return shaper.shape(values, None, "", where)
