"""What is done to an input between its source and the model: gaps filled, transforms applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from specdl.core.diagnostics import Finding
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.errors import FindingsError, SpecdlError, UsageError
from specdl.core.types import TensorType
from specdl.core.wording import quoted
from specdl.data.base import SOURCE, Array, DataSpec
from specdl.data.faults import Faults

TRANSFORMS: DocumentPath = ("data", "transforms")


@dataclass
class Steps:
    """The steps of every input, with what they learnt from the training part.

    `fill` has the means of columns by input and column; `states` has, for each transform of
    the spec, what it learnt by input. An input that a transform does not change has no state.
    """

    spec: DataSpec
    fill: dict[str, dict[str, float]] = field(default_factory=dict)
    states: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def stored(cls, spec: DataSpec, fitted: Mapping[str, Any]) -> Steps:
        """The steps of a run, from what it stored; raises `UsageError` where the spec has other ones."""
        states = list(fitted.get("transforms", []))
        if len(states) != len(spec.transforms):
            raise UsageError(
                f"the run was trained with {len(states)} transforms, and the spec has {len(spec.transforms)}",
                help="leave `data.transforms` as the run has it",
            )
        return cls(spec, dict(fitted.get("fill", {})), states)

    def as_json(self) -> dict[str, Any]:
        """What a run stores; nothing where there are no steps."""
        found: dict[str, Any] = {}
        if self.fill:
            found["fill"] = self.fill
        if self.spec.transforms:
            found["transforms"] = self.states
        return found

    def fit(
        self,
        train: Mapping[str, Callable[[], Array]],
        wanted: Mapping[str, TensorType],
        gaps: Mapping[str, tuple[int, ...]],
    ) -> None:
        """Learn from the training part, whose arrays are made only for inputs that need it.

        Raises `FindingsError` for inputs that are not there or that a transform cannot take.
        """
        faults = Faults()
        self.states = [{} for _ in self.spec.transforms]
        known = faults.attempt(check_names, self.spec, wanted)
        if known is not None and (self.spec.transforms or gaps):
            for name, make in train.items():
                faults.attempt(self.fit_input, name, make(), wanted[name], gaps.get(name, ()))
            for number, transform in enumerate(self.spec.transforms):
                if not faults and not self.states[number]:
                    message = f"`{transform.type}` fits none of the inputs"
                    faults.append(Finding("E414", message, (*TRANSFORMS, number)))
        faults.settle()

    def fit_input(self, name: str, values: Array, wanted: TensorType, gaps: tuple[int, ...]) -> None:
        """Learn what one input's training samples say."""
        if gaps:
            self.fill[name] = {str(column): mean_of(values, column, name) for column in gaps}
            values = filled(values, self.fill[name])
        for number, transform in enumerate(self.spec.transforms):
            chosen = transform.inputs
            if name in chosen if chosen is not None else transform.fits(values, wanted):
                try:
                    self.states[number][name] = dict(transform.fit(values, wanted))
                    if number + 1 < len(self.spec.transforms):
                        values = transform.apply(values, self.states[number][name])
                except SpecdlError as error:
                    raise FindingsError([about(number, error)]) from None

    def touches(self, name: str) -> bool:
        """Whether any step changes an input."""
        return name in self.fill or any(name in state for state in self.states)

    def change(self, name: str) -> Callable[[Array], Array]:
        """The function that takes rows of an input, however many, to what the model is to have."""
        fill = self.fill.get(name)

        def run(values: Array) -> Array:
            changed = values if fill is None else filled(values, fill)
            for number, state in enumerate(self.states):
                if name in state:
                    changed = apply(self.spec, number, state[name], changed)
            return changed

        return run


def apply(spec: DataSpec, number: int, state: Mapping[str, Any], values: Array) -> Array:
    """One transform; raises `FindingsError`, which names the first row at fault."""
    transform = spec.transforms[number]
    try:
        return transform.apply(values, state)
    except SpecdlError as error:
        raise FindingsError([about(number, error)]) from None


def about(number: int, error: SpecdlError) -> Finding:
    """What a transform raised, at its place in the document."""
    return Finding(error.code, error.message, (*TRANSFORMS, number), help=error.help)


def check_names(spec: DataSpec, wanted: Mapping[str, TensorType]) -> bool:
    """True; raises `FindingsError` (E414) for a transform of an input that is not there."""
    faults = Faults()
    for number, transform in enumerate(spec.transforms):
        for place, name in enumerate(transform.inputs or ()):
            if name not in wanted:
                message = f"the model has no input `{name}`: it has {quoted(wanted)}"
                faults.append(Finding("E414", message, (*TRANSFORMS, number, "inputs", place)))
    faults.settle()
    return True


def mean_of(values: Array, column: int, name: str) -> float:
    """The mean of the values that a column has; raises `FindingsError` (E413) if it has none."""
    numbers = values[:, column]
    there = numbers[~np.isnan(numbers)]
    if not len(there):
        message = f"column {column} of `{name}` has no value in the training part, and so no mean"
        raise FindingsError([Finding("E413", message, SOURCE)])
    return float(there.mean(dtype=np.float64))


def filled(values: Array, means: Mapping[str, float]) -> Array:
    """Rows with the means of their columns in the place of NaN."""
    full = values.copy()
    for column, mean in means.items():
        numbers = full[:, int(column)]
        numbers[np.isnan(numbers)] = mean
    return full
