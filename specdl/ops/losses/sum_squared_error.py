"""Sum of squared errors."""

from typing import Literal

from specdl.core.formula import total
from specdl.ops.losses._elementwise import ElementwiseLoss


class SumSquaredError(ElementwiseLoss):
    """The sum of the squared differences, over samples and features.

    Forward::

        loss = sum((x - target) ** 2)

    Backward::

        dx = 2 * (x - target)

    Shapes: x and target of one shape; loss is a scalar. Over a part of the data the figure is
    the sum over its samples.
    Source: torch.nn.MSELoss with reduction="sum".
    """

    type: Literal["sum_squared_error"] = "sum_squared_error"
    reduction = "sum"

    def forward(self, x, target, *, loss):
        e = x - target
        loss[:] = total(e * e)

    def backward(self, x, target, *, dx):
        dx[:] = 2 * (x - target)
