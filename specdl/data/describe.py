"""Figures about samples: how many, of which classes, how many bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from specdl.data.base import Data, Need


@dataclass(frozen=True)
class Description:
    """What `check --data` tells of samples.

    `rows` counts the samples of each part, `bytes` what all arrays hold. `classes` counts, for
    each target of classes, the samples of each class in the training part: by the class's
    name, or its number where it has none.
    """

    rows: Mapping[str, int]
    bytes: int
    classes: Mapping[str, Mapping[str, int]]

    def __str__(self) -> str:
        lines = [", ".join(f"{part} {count:,} rows" for part, count in self.rows.items())]
        for target, counts in self.classes.items():
            lines.append(f"{target}: " + ", ".join(f"{name} {count:,}" for name, count in counts.items()))
        return "\n".join(lines)


def describe(data: Data, need: Need) -> Description:
    """The figures of loaded samples."""
    arrays = {id(a): a for p in data.parts.values() for a in (*p.inputs.values(), *p.targets.values())}
    classes = {}
    for name, values in data.parts["train"].targets.items():
        how = need.encode[name]
        if how == "value":
            continue
        numbers = values.argmax(axis=-1) if how == "one_hot" else values
        counts = np.bincount(numbers.reshape(-1), minlength=need.classes.get(name, 0))
        labels = data.labels.get(name, ())
        classes[name] = {
            labels[number] if number < len(labels) else str(number): int(count)
            for number, count in enumerate(counts)
        }
    rows = {part: each.rows for part, each in data.parts.items()}
    return Description(rows, sum(array.nbytes for array in arrays.values()), classes)
