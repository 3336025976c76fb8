"""Indices as vectors."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Annotated, Any, Literal

from pydantic import Field

from specdl.core.errors import SpecdlError
from specdl.core.lazy import numpy as np
from specdl.core.types import TensorType
from specdl.data.base import Array, Transform, sample_shape


class OneHot(Transform):
    """Write each index k of an input as a vector of `classes` numbers: 1 at place k, 0 elsewhere.

    Samples of shape [...] become [..., classes], so that the model's input has the shape
    after the transform: `{"shape": [128, 65]}` for 128 indices below 65.
    """

    type: Literal["one_hot"] = "one_hot"
    classes: Annotated[
        int | None, Field(ge=1, description="Default: the last axis of the model's input.", examples=[65])
    ] = None

    def fits(self, values: Array, wanted: TensorType) -> bool:
        length = prod(values.shape[1:]) * self.length(wanted)
        return values.dtype.kind in "biuf" and wanted.is_float and length == prod(sample_shape(wanted))

    def fit(self, values: Array, wanted: TensorType) -> Mapping[str, Any]:
        return {"classes": self.length(wanted)}

    def length(self, wanted: TensorType) -> int:
        """The length of the vectors."""
        return self.classes or (sample_shape(wanted) or (1,))[-1]

    def apply(self, values: Array, fitted: Mapping[str, Any]) -> Array:
        classes = int(fitted["classes"])
        if values.dtype.kind not in "biuf":
            raise SpecdlError(f"`one_hot` takes indices, and these samples are {values.dtype}", code="E414")
        wrong = (values < 0) | (values >= classes) | (values != np.floor(values))
        if wrong.any():
            expected = f"whole numbers from 0 to {classes - 1}"
            message = f"`one_hot` of {classes} classes takes {expected}, and not {values[wrong].flat[0]}"
            raise SpecdlError(message, code="E412")
        return np.asarray(values[..., None] == np.arange(classes), np.float64)
