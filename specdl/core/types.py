"""The types of values: shapes whose first axis may be the symbolic batch, and dtypes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

DType = Literal["float32", "float64", "bfloat16", "int64", "bool"]

BYTES: dict[DType, int] = {"float32": 4, "float64": 8, "bfloat16": 2, "int64": 8, "bool": 1}
SHORT: dict[DType, str] = {
    "float32": "f32",
    "float64": "f64",
    "bfloat16": "bf16",
    "int64": "i64",
    "bool": "bool",
}

ALIGN = 64
"""Every stored value begins at a multiple of so many bytes: a cache line, a vector register."""


def aligned(nbytes: int) -> int:
    """The next multiple of `ALIGN`."""
    return -(-nbytes // ALIGN) * ALIGN


@dataclass(frozen=True)
class Batch:
    """An axis whose length is `times` the number of samples, which only a run knows."""

    times: int = 1

    def __mul__(self, factor: int) -> Batch:
        return Batch(self.times * factor)

    __rmul__ = __mul__

    def __str__(self) -> str:
        return "batch" if self.times == 1 else f"{self.times}*batch"


BATCH = Batch()
Dim = int | Batch


def bind(dim: Dim, rows: int) -> int:
    """The length of an axis for a batch of `rows` samples."""
    return dim.times * rows if isinstance(dim, Batch) else dim


def product(shape: tuple[Dim, ...]) -> Dim:
    """The number of elements of a shape, a multiple of the batch if an axis is one.

    Raises `ValueError` for two such axes: their product is no multiple of the batch.
    """
    total, growing = 1, 0
    for dim in shape:
        if isinstance(dim, Batch):
            total *= dim.times
            growing += 1
        else:
            total *= dim
    if growing > 1:
        raise ValueError(f"two axes of ({', '.join(map(str, shape))}) grow with the batch")
    return Batch(total) if growing else total


@dataclass(frozen=True)
class TensorType:
    """Shape and dtype of a value, printed as `f32[batch,256]`.

    The batch is axis 0 where there is one: symbolic in graphs and programs, a number
    once a type is bound and in tests of single ops.
    """

    shape: tuple[Dim, ...]
    dtype: DType = "float32"

    @property
    def batched(self) -> bool:
        """Whether the size depends on the number of samples."""
        return any(isinstance(dim, Batch) for dim in self.shape)

    @property
    def is_float(self) -> bool:
        return self.dtype in ("float32", "float64", "bfloat16")

    def with_shape(self, *shape: Dim) -> TensorType:
        """The same dtype in another shape."""
        return TensorType(shape, self.dtype)

    def bind(self, rows: int) -> TensorType:
        """This type for a batch of `rows` samples."""
        return TensorType(tuple(bind(dim, rows) for dim in self.shape), self.dtype)

    def numel(self, rows: int = 1) -> int:
        """The number of elements for a batch of `rows` samples."""
        return math.prod(bind(dim, rows) for dim in self.shape)

    def nbytes(self, rows: int = 1) -> int:
        """The bytes of all elements for a batch of `rows` samples."""
        return self.numel(rows) * BYTES[self.dtype]

    def __str__(self) -> str:
        return f"{SHORT[self.dtype]}[{','.join(map(str, self.shape))}]"
