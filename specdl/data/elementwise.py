"""The steps of an input as arithmetic on each of its numbers, for programs that have no Python."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from specdl.data.base import Array, DataSpec
from specdl.data.steps import Steps
from specdl.data.transforms.normalize import Normalize


@dataclass(frozen=True)
class Filled:
    """A number that is NaN becomes `values`' at its place, which is NaN where none is to be filled."""

    values: Array


@dataclass(frozen=True)
class Scaled:
    """A number x becomes (x - mean) / std, in float64."""

    mean: Array
    std: Array


Step = Filled | Scaled


def elementwise(spec: DataSpec, fitted: Mapping[str, Any], name: str, size: int) -> tuple[Step, ...] | None:
    """What becomes of the `size` numbers of a sample of an input, in order; arrays are as long.

    `fitted` is what `load` learnt from the training part. None where a transform is more than
    arithmetic on each number by itself.
    """
    stored = Steps.stored(spec, fitted)
    found: list[Step] = []
    if name in stored.fill:
        values = np.full(size, np.nan)
        for column, value in stored.fill[name].items():
            values[int(column)] = value
        found.append(Filled(values))
    for transform, state in zip(spec.transforms, stored.states, strict=False):
        if name not in state:
            continue
        if not isinstance(transform, Normalize):
            return None
        mean, std = spread(state[name]["mean"], size), spread(state[name]["std"], size)
        if mean is None or std is None:
            return None
        found.append(Scaled(mean, std))
    return tuple(found)


def spread(figures: Any, size: int) -> Array | None:
    """A figure for each number of a sample, from those of all, of axis 0, or of each; None for others."""
    shaped: Array = np.asarray(figures, np.float64)
    flat = shaped.reshape(-1)
    by_axis_0 = flat.size == 1 or len(shaped) == flat.size
    if flat.size == size or (by_axis_0 and size % flat.size == 0):
        return np.repeat(flat, size // flat.size)
    return None
