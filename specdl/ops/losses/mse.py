"""Mean squared error."""

from typing import Literal

from specdl.core.formula import mean, size
from specdl.ops.losses._elementwise import ElementwiseLoss


class MSE(ElementwiseLoss):
    """The mean of the squared differences, over samples and features.

    Forward::

        loss = mean((x - target) ** 2)

    Backward, with n elements in x::

        dx = 2 / n * (x - target)

    Shapes: x and target of one shape; loss is a scalar.
    Source: torch.nn.MSELoss.
    """

    type: Literal["mse"] = "mse"

    def forward(self, x, target, *, loss):
        e = x - target
        loss[:] = mean(e * e)

    def backward(self, x, target, *, dx):
        dx[:] = (x - target) * (2 / size(x))
