"""Mean absolute error."""

from typing import Literal

from specdl.core.formula import absolute, mean, sign, size
from specdl.ops.losses._elementwise import ElementwiseLoss


class L1(ElementwiseLoss):
    """The mean of the absolute differences, over samples and features.

    Forward::

        loss = mean(|x - target|)

    Backward, with n elements in x, and 0 where x equals the target::

        dx = sign(x - target) / n

    Shapes: x and target of one shape; loss is a scalar.
    Source: torch.nn.L1Loss.
    """

    type: Literal["l1"] = "l1"
    avoid = {"x": ("target",)}

    def forward(self, x, target, *, loss):
        loss[:] = mean(absolute(x - target))

    def backward(self, x, target, *, dx):
        dx[:] = sign(x - target) * (1 / size(x))
