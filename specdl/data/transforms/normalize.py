"""Inputs of zero mean and unit variance."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Annotated, Any, Literal

from pydantic import Field

from specdl.core.advice import likely
from specdl.core.diagnostics import Finding, Remove
from specdl.core.errors import SpecdlError
from specdl.core.lazy import numpy as np
from specdl.core.types import TensorType
from specdl.data.base import Array, DataSite, Transform, sample_shape

ROWS = 4096
"""Rows summed at a time in float64."""

Numbers = Annotated[tuple[float, ...], Field(min_length=1)]
Positive = Annotated[float, Field(gt=0)]


class Normalize(Transform):
    """Subtract the mean of the training part and divide by its standard deviation.

    For each feature, with n training samples::

        mean = sum(x) / n
        std  = sqrt(sum((x - mean) ** 2) / n)
        y    = (x - mean) / std

    A feature that is constant in the training part is divided by 1, so that it becomes 0
    there and stays finite elsewhere. Validation, test and prediction use the training part's
    figures, which are stored with the run.

    `per` says what shares a mean and a deviation: each `feature` of a sample by itself, all
    positions of a `channel` (axis 1), or `all` numbers of the input. `mean` and `std` give the
    figures instead: one number for all, or one for each of what `per` says, in order.
    """

    type: Literal["normalize"] = "normalize"
    per: Annotated[
        Literal["feature", "channel", "all"],
        Field(description="What shares a mean and a deviation.", examples=["channel"]),
    ] = "feature"
    mean: Annotated[
        float | Numbers | None,
        Field(description="Subtracted; default: measured.", examples=[0.5, (0.49, 0.48, 0.45)]),
    ] = None
    std: Annotated[
        Positive | Annotated[tuple[Positive, ...], Field(min_length=1)] | None,
        Field(description="Divided by; default: measured.", examples=[0.25, (0.25, 0.24, 0.26)]),
    ] = None

    def fits(self, values: Array, wanted: TensorType) -> bool:
        return wanted.is_float and prod(values.shape[1:]) == prod(sample_shape(wanted))

    def fit(self, values: Array, wanted: TensorType) -> Mapping[str, Any]:
        if values.dtype.kind not in "biuf":
            raise SpecdlError(f"`normalize` takes numbers, and these samples are {values.dtype}", code="E414")
        axes = self.axes(values)
        shape = tuple(1 if axis in axes else size for axis, size in enumerate(values.shape))[1:]
        mean = self.given("mean", self.mean, shape)
        std = self.given("std", self.std, shape)
        if mean is None:
            mean = average(values, axes, lambda chunk: chunk).reshape(shape)
        if std is None:
            centre = average(values, axes, lambda chunk: chunk).reshape(shape)
            std = np.sqrt(average(values, axes, lambda chunk: np.square(chunk - centre))).reshape(shape)
            low, high = values.min(axis=axes), values.max(axis=axes)
            constant = (low == high).reshape(shape) | ~(np.isfinite(std) & (std > 0))
            std = np.where(constant, 1.0, std)
        return {"mean": mean.tolist(), "std": std.tolist()}

    def apply(self, values: Array, fitted: Mapping[str, Any]) -> Array:
        mean, std = np.asarray(fitted["mean"], np.float64), np.asarray(fitted["std"], np.float64)
        if values.ndim != mean.ndim + 1 or any(
            size not in (1, have) for size, have in zip(mean.shape, values.shape[1:], strict=True)
        ):
            message = f"`normalize` was fitted on samples of another shape than {list(values.shape[1:])}"
            raise SpecdlError(message, code="E414")
        return (values.astype(np.float64) - mean) / std

    def centres(self) -> bool:
        return self.mean is None and self.std is None

    def advise(self, site: DataSite) -> Iterable[Finding]:
        last = site.before[-1] if site.before else None
        if isinstance(last, Normalize) and self.centres() and last.centres() and last.per == self.per:
            message = "`normalize` is there twice: after the first the mean is 0 and the deviation 1 already"
            yield site.finding("W341", message, fix=likely("take the second away", Remove(site.path)))

    def axes(self, values: Array) -> tuple[int, ...]:
        """The axes that are averaged over."""
        if self.per == "feature":
            return (0,)
        if self.per == "all":
            return tuple(range(values.ndim))
        if values.ndim < 3:
            message = "`normalize` per channel needs samples of channels and positions"
            raise SpecdlError(f"{message}, and these are {list(values.shape[1:])}", code="E414")
        return (0, *range(2, values.ndim))

    def given(self, name: str, figures: float | Numbers | None, shape: tuple[int, ...]) -> Array | None:
        """Figures that a spec gives, in the shape of what they stand for."""
        if figures is None:
            return None
        flat = np.asarray(figures, np.float64)
        size = prod(shape)
        if flat.size not in (1, size):
            message = f"`{name}` has {flat.size} numbers, and there are {size} of what `per` says"
            channels = len(shape) > 1 and flat.size == shape[0]
            raise SpecdlError(message, code="E414", help='"per": "channel"' if channels else None)
        return np.broadcast_to(flat, size).reshape(shape)


def average(values: Array, axes: tuple[int, ...], of: Callable[[Array], Array]) -> Array:
    """The mean over `axes`, of which axis 0 is one, of a function of the values, in float64."""
    total: Array = np.zeros((), np.float64)
    for begin in range(0, len(values), ROWS):
        chunk = values[begin : begin + ROWS].astype(np.float64)
        total = total + of(chunk).sum(axis=axes, keepdims=True)
    count = prod(values.shape[axis] for axis in axes)
    mean: Array = (total / count)[0]
    return mean
