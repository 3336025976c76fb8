"""Several axes as one."""

from math import prod
from typing import Annotated, Literal

from pydantic import Field

from specdl.core.advice import Limits
from specdl.core.errors import ShapeError
from specdl.core.formula import reshape_like
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Signature


class Flatten(Formula):
    """The axes from `start_dim` to `end_dim` as one, in row-major order. It costs nothing.

    Forward: y = x in another shape; backward: dx = dy in the shape of x.

    Shapes: x (batch, ...), y (batch, features) with the default options.
    Source: torch.nn.Flatten.
    """

    type: Literal["flatten"] = "flatten"
    start_dim: Annotated[int, Field(ge=1, description="First axis; axis 0 is the batch.", examples=[1])] = 1
    end_dim: Annotated[int, Field(description="Last axis; negative counts from the end.", examples=[-1])] = -1

    def signature(self, x: TensorType) -> Signature:
        end = self.end_dim + len(x.shape) if self.end_dim < 0 else self.end_dim
        if not self.start_dim <= end < len(x.shape):
            message = f"`flatten` finds no axes from {self.start_dim} to {self.end_dim}"
            raise ShapeError(message, got=x)
        merged = prod(dim for dim in x.shape[self.start_dim : end + 1] if isinstance(dim, int))
        return Signature(out={"y": x.with_shape(*x.shape[: self.start_dim], merged, *x.shape[end + 1 :])})

    def limits(self, *x: Limits) -> Limits:
        return x[0]

    def forward(self, x, *, y):
        y[:] = reshape_like(x, y)

    def backward(self, dy, *, dx):
        dx[:] = reshape_like(dy, dx)
