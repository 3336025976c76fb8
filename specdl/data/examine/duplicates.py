"""Samples that a model is judged by and has been trained on."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

import numpy as np

from specdl.core.diagnostics import Finding, Note
from specdl.data.base import Array, Part
from specdl.data.examine.samples import Samples, compared, warning
from specdl.data.fit import blocks

SHOWN = 3
"""How many repeated rows are named."""
FEW = 100
"""One row in so many may repeat by chance, and moves no figure."""


def repeated(samples: Samples) -> Iterator[Finding]:
    """W423: rows of validation or test whose inputs are bit for bit those of a training row.

    Silent where the inputs have so few possible values that rows must repeat.
    """
    train = samples.data.parts["train"]
    keys = hashes(train)
    order = np.argsort(keys, kind="stable")
    for part, words in compared(samples):
        other = samples.data.parts[part]
        pairs = list(matches(other, hashes(other), train, keys, order))
        count = len(pairs)
        if count < 2 or count * FEW <= other.rows or exhausted(train):
            continue
        message = f"{count:,} of the {other.rows:,} samples of {words} are in the training part too"
        notes = [
            Note(f"{samples.row(part, here)} is {samples.row('train', there)}")
            for here, there in pairs[:SHOWN]
        ]
        if count > SHOWN:
            notes.append(Note(f"so are {count - SHOWN:,} more"))
        yield warning("W423", message, samples.input_path, notes=tuple(notes))


def hashes(part: Part) -> Array:
    """A number for each sample that equal samples share: a sum of its bits, weighed at random."""
    found = np.zeros(part.rows, np.uint64)
    draw = np.random.default_rng(0)
    for name in sorted(part.inputs):
        bits = as_bits(part.inputs[name])
        weights = draw.integers(0, 2**64, bits.shape[1], dtype=np.uint64) | np.uint64(1)
        for block in blocks(len(bits), bits.shape[1]):
            found[block] += (bits[block].astype(np.uint64) * weights).sum(axis=1, dtype=np.uint64)
    return found


def as_bits(values: Array) -> Array:
    """Samples as rows of whole numbers without sign, of the same bits."""
    flat = np.ascontiguousarray(values).reshape(len(values), -1)
    bits: Array = flat.view(f"u{flat.dtype.itemsize}")
    return bits


def matches(other: Part, keys: Array, train: Part, known: Array, order: Array) -> Iterator[tuple[int, int]]:
    """Each row of a part that is in the training part, with the first training row that equals it.

    `known` are the keys of the training rows, and `order` sorts them.
    """
    inputs = [(as_bits(other.inputs[name]), as_bits(train.inputs[name])) for name in sorted(other.inputs)]
    sorted_keys = known[order]
    begins = np.searchsorted(sorted_keys, keys, side="left")
    ends = np.searchsorted(sorted_keys, keys, side="right")
    for here in np.flatnonzero(ends > begins):
        for there in order[begins[here] : ends[here]]:
            if all(np.array_equal(mine[here], theirs[there]) for mine, theirs in inputs):
                yield int(here), int(there)
                break


def exhausted(train: Part) -> bool:
    """Whether the training part could have every combination of the values that its columns have."""
    rows, combinations = train.rows, 1
    for values in train.inputs.values():
        if prod(values.shape[1:]) > rows.bit_length() * rows:
            return False
        for column in values.reshape(rows, -1).T:
            combinations *= len(np.unique(column))
            if combinations > rows:
                return False
    return True
