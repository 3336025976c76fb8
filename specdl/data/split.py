"""Cutting a source into parts by fraction."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from specdl.core.diagnostics import Finding
from specdl.core.lazy import numpy as np
from specdl.core.random import Stream
from specdl.data.base import Array, SplitSpec

SPLIT = ("data", "split")


def counts(split: SplitSpec, rows: int) -> dict[str, int]:
    """How many of `rows` samples each part gets; parts of none are left out.

    A fraction f gives floor(f * rows), with f the decimal number as written and not its
    nearest binary neighbour; training keeps the rest.

    >>> counts(SplitSpec(validation=0.1, test=0.29), 100)
    {'train': 61, 'validation': 10, 'test': 29}
    """
    cut = {part: int(Fraction(repr(fraction)) * rows) for part, fraction in fractions(split).items()}
    found = {"train": rows - sum(cut.values()), **cut}
    return {part: count for part, count in found.items() if count}


def fractions(split: SplitSpec) -> dict[str, float]:
    """The parts that are asked for, with their fractions."""
    asked = {"validation": split.validation, "test": split.test}
    return {part: fraction for part, fraction in asked.items() if fraction}


def faults(split: SplitSpec, own: tuple[str, ...], rows: int | None) -> list[Finding]:
    """What is wrong with splitting a source that has these parts, of `rows` samples where known."""
    asked = fractions(split)
    if len(own) > 1:
        extra = " and ".join(own[1:])
        message = f"`split` cannot cut a source that has its own {extra} samples"
        return [Finding("E416", message, SPLIT, at_key=True, help="leave `split` out")]
    if sum(Fraction(repr(fraction)) for fraction in asked.values()) >= 1:
        message = (
            f"no samples are left to train on: `validation` takes {split.validation} and `test` {split.test}"
        )
        return [Finding("E416", message, SPLIT)]
    if rows is None:
        return []
    got = counts(split, rows)
    return [
        Finding(
            "E416",
            f"{fraction} of {rows} samples is less than one, so that there is no {part} part",
            (*SPLIT, part),
        )
        for part, fraction in asked.items()
        if part not in got
    ]


def cut(split: SplitSpec, rows: int) -> Mapping[str, Array]:
    """The samples of each part, as numbers in ascending order: disjoint, and together all `rows`.

    A function of `split` and `rows`. The test part is dealt first, so that it stays as it is
    when the fraction for validation changes.
    """
    order = Stream(split.seed, "split").permutation(rows)
    parts, begin, got = {}, 0, counts(split, rows)
    for part in ("test", "validation", "train"):
        end = begin + got.get(part, 0)
        if end > begin:
            parts[part] = np.sort(order[begin:end])
        begin = end
    return dict(reversed(parts.items()))
