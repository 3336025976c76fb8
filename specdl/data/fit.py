"""Making arrays fit a type: shapes, dtypes, finite numbers, whole numbers in range."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

import numpy as np

from specdl.core.types import DType, TensorType
from specdl.data.base import Array, sample_shape

NUMPY: dict[DType, str] = {
    "float32": "float32",
    "float64": "float64",
    "bfloat16": "float32",
    "int64": "int64",
    "bool": "bool",
}
"""The dtypes that samples are held in; numpy has no bfloat16."""
BLOCK = 1 << 18
"""Elements converted at a time, so that no second copy of the data is ever needed."""

NUMERIC = "biuf"
"""The kinds of numpy dtypes that count as numbers: bool, integers, floats."""


@dataclass(frozen=True)
class Bad:
    """The first element that breaks a rule, and how many do."""

    index: tuple[int, ...]
    value: object
    count: int


def shape_text(shape: tuple[int, ...]) -> str:
    """A shape for a message: `[28,28]`."""
    return f"[{','.join(map(str, shape))}]"


def fits(shape: tuple[int, ...], wanted: tuple[int, ...]) -> bool:
    """Whether samples of one shape can be written as another without a doubt about the order.

    So they are if the shapes are equal but for axes of length 1, or if either is flat and both
    hold as many numbers: a row of a table can be an image, and an image a row.
    """
    if prod(shape) != prod(wanted):
        return False
    return len(shape) <= 1 or len(wanted) <= 1 or squeezed(shape) == squeezed(wanted)


def squeezed(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape without its axes of length 1."""
    return tuple(dim for dim in shape if dim != 1)


def blocks(rows: int, sample: int) -> Iterator[slice]:
    """Ranges that cover `rows` samples of `sample` numbers each, a `BLOCK` at a time."""
    step = max(1, BLOCK // max(1, sample))
    return (slice(begin, min(begin + step, rows)) for begin in range(0, rows, step))


def first(values: Array, rule: Callable[[Array], Array]) -> Bad | None:
    """The first element for which `rule`, which maps a block to booleans, is true."""
    found: tuple[tuple[int, ...], object] | None = None
    count = 0
    for block in blocks(len(values), prod(values.shape[1:])):
        chunk = values[block]
        bad = rule(chunk)
        here = int(np.count_nonzero(bad))
        if here and found is None:
            place = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), bad.shape))
            found = (block.start + place[0], *place[1:]), chunk[place].item()
        count += here
    return Bad(*found, count) if found else None


def not_finite(values: Array) -> Bad | None:
    """The first NaN or infinity of an array of floats."""
    if values.dtype.kind != "f":
        return None
    return first(values, lambda chunk: ~np.isfinite(chunk))


def not_class(values: Array, classes: int | None) -> Bad | None:
    """The first number that is no class number: not whole, below 0, or `classes` or more."""

    def wrong(chunk: Array) -> Array:
        outside = chunk < 0 if chunk.dtype.kind in "if" else np.zeros(chunk.shape, bool)
        if classes is not None and chunk.dtype.kind != "b":
            outside |= chunk >= classes
        elif chunk.dtype.kind == "b" and classes == 1:
            outside |= chunk
        if chunk.dtype.kind == "f":
            outside |= chunk != np.floor(chunk)
        return outside

    return first(values, wrong)


def convert(
    values: Array,
    wanted: TensorType,
    rows: Array | None = None,
    change: Callable[[Array], Array] = lambda chunk: chunk,
) -> Array:
    """Samples in a type's shape and dtype, C-contiguous, `change` applied to blocks of them.

    `rows` picks samples by number; default all. The shapes must fit. Numbers too large for
    the dtype become infinite, for the caller to find. Raises `SpecdlError` where `change` does.
    """
    count = len(values) if rows is None else len(rows)
    shape = sample_shape(wanted)
    out = np.empty((count, *shape), NUMPY[wanted.dtype])
    for block in blocks(count, max(prod(shape), prod(values.shape[1:]))):
        chunk = change(values[block] if rows is None else values[rows[block]])
        with np.errstate(over="ignore"):
            out[block] = chunk.reshape(len(chunk), *shape)
    return out
