"""A value times a number."""

from typing import Annotated, Literal

from pydantic import Field

from specdl.core.advice import Limits
from specdl.core.errors import ShapeError
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Signature


class Scale(Formula):
    """Each element times a fixed number: y = factor * x, dx = factor * dy.

    Shapes: x and y of any equal shape.
    Source: keras.layers.Rescaling.
    """

    type: Literal["scale"] = "scale"
    factor: Annotated[float, Field(description="What every element is multiplied by.", examples=[0.5])]

    def signature(self, x: TensorType) -> Signature:
        if not x.is_float:
            raise ShapeError("`scale` needs real numbers", got=x)
        return Signature(out={"y": x})

    def limits(self, *x: Limits) -> Limits:
        ends = (x[0][0] * self.factor, x[0][1] * self.factor) if self.factor else (0.0, 0.0)
        return min(ends), max(ends)

    def forward(self, x, *, y):
        y[:] = self.factor * x

    def backward(self, dy, *, dx):
        dx[:] = self.factor * dy
