"""Hyperbolic tangent."""

from typing import Literal

from specdl.core.advice import Limits
from specdl.core.errors import ShapeError
from specdl.core.formula import tanh
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Signature


class Tanh(Formula):
    """The hyperbolic tangent of each element.

    Forward::

        y = tanh(x)

    Backward::

        dx = dy * (1 - y * y)

    Shapes: x and y of any equal shape.
    Source: torch.nn.Tanh.
    """

    type: Literal["tanh"] = "tanh"

    def signature(self, x: TensorType) -> Signature:
        if not x.is_float:
            raise ShapeError("`tanh` needs real numbers", got=x)
        return Signature(out={"y": x})

    def limits(self, *x: Limits) -> Limits:
        return -1.0, 1.0

    def forward(self, x, *, y):
        y[:] = tanh(x)

    def backward(self, dy, y, *, dx):
        dx[:] = dy * (1 - y * y)
