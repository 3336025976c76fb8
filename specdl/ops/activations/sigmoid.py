"""Logistic sigmoid."""

from typing import Literal

from specdl.core.advice import Limits
from specdl.core.errors import ShapeError
from specdl.core.formula import sigmoid
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Signature


class Sigmoid(Formula):
    """The logistic function of each element.

    Forward::

        y = 1 / (1 + exp(-x))

    Backward::

        dx = dy * y * (1 - y)

    Shapes: x and y of any equal shape.
    Source: torch.nn.Sigmoid.
    """

    type: Literal["sigmoid"] = "sigmoid"

    def signature(self, x: TensorType) -> Signature:
        if not x.is_float:
            raise ShapeError("`sigmoid` needs real numbers", got=x)
        return Signature(out={"y": x})

    def limits(self, *x: Limits) -> Limits:
        return 0.0, 1.0

    def forward(self, x, *, y):
        y[:] = sigmoid(x)

    def backward(self, dy, y, *, dx):
        dx[:] = dy * (y * (1 - y))
