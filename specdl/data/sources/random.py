"""Random samples of whatever types the model takes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any, Literal

from specdl.core.lazy import numpy as np
from specdl.core.random import Stream
from specdl.core.types import TensorType
from specdl.data.base import Array, Need, Outline, Part, sample_shape
from specdl.data.sources._counted import Counted, Streams

BLOCK = 1 << 18
"""Numbers drawn at a time, so that the draw's float64 never stands beside the whole data."""


class Random(Counted):
    """Samples without meaning, to time a model or to try one out.

    Inputs of floats are normal with mean 0 and variance 1; inputs of indices are uniform below
    their `classes`. Targets are what the loss takes: uniform class numbers, or normal values.
    Shapes come from the model.
    """

    type: Literal["random"] = "random"

    def outline(self) -> Outline:
        return Outline(self.counts())

    def draw(self, count: int, streams: Streams, need: Need) -> Part:
        inputs = {
            name: numbers(count, type, streams("input", name), need.index_classes.get(name))
            for name, type in need.inputs.items()
        }
        targets = {}
        for name, type in need.targets.items():
            drawn = streams("target", name)
            if need.encode[name] == "value":
                targets[name] = numbers(count, type, drawn, None)
            else:
                shape = sample_shape(type)[: -1 if need.encode[name] == "one_hot" else None]
                label = TensorType((count, *shape), "int64")
                targets[name] = numbers(count, label, drawn, need.classes.get(name))
        return Part(inputs, targets)


def numbers(count: int, type: TensorType, stream: Stream, classes: int | None) -> Array:
    """`count` samples of a type; integers are below `classes`, by default 2."""
    shape = (count, *sample_shape(type))
    draw: Callable[..., Any] = stream.normal
    dtype = "float64" if type.dtype == "float64" else "float32"
    if not type.is_float:
        dtype, high = "int64", classes or 2

        def draw(length: int, offset: int) -> Any:
            return stream.integers(high, length, offset)

    out = np.empty(prod(shape), dtype)
    for begin in range(0, out.size, BLOCK):
        length = min(BLOCK, out.size - begin)
        out[begin : begin + length] = draw(length, offset=begin)
    return out.reshape(shape)
