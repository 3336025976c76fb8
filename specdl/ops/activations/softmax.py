"""Softmax over the last axis."""

from typing import Literal

from specdl.core.errors import ShapeError
from specdl.core.formula import exp, row_max, row_sum
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Signature


class Softmax(Formula):
    """Each row as probabilities: positive, and adding up to 1.

    Forward, with max() and sum() over the last axis::

        e = exp(x - max(x))
        y = e / sum(e)

    Backward::

        dx = y * (dy - sum(dy * y))

    Shapes: x and y (batch, ..., features).
    Source: Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs", 1990.
    """

    type: Literal["softmax"] = "softmax"

    def signature(self, x: TensorType) -> Signature:
        if len(x.shape) < 2:
            raise ShapeError("`softmax` needs a batch axis and a feature axis", got=x)
        if not x.is_float:
            raise ShapeError("`softmax` needs real numbers", got=x)
        return Signature(out={"y": x})

    def forward(self, x, *, y):
        e = exp(x - row_max(x))
        y[:] = e / row_sum(e)

    def backward(self, dy, y, *, dx):
        dx[:] = y * (dy - row_sum(dy * y))
