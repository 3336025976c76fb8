"""The same elements in another shape."""

from math import prod
from typing import Annotated, Literal

from pydantic import Field, field_validator

from specdl.core.advice import Limits
from specdl.core.errors import ShapeError
from specdl.core.formula import reshape_like
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Signature


class Reshape(Formula):
    """Each sample's elements in row-major order in another shape. It costs nothing.

    Forward: y = x in another shape; backward: dx = dy in the shape of x.

    Shapes: x (batch, ...), y (batch, *shape).
    Source: torch.reshape, keras.layers.Reshape.
    """

    type: Literal["reshape"] = "reshape"
    shape: Annotated[
        tuple[int, ...],
        Field(
            min_length=1,
            description="The new shape without the batch; one -1 is worked out.",
            examples=[(1, 28, 28)],
        ),
    ]

    @field_validator("shape")
    @classmethod
    def one_open_axis(cls, shape: tuple[int, ...]) -> tuple[int, ...]:
        if any(dim < 1 and dim != -1 for dim in shape):
            raise ValueError("sizes are at least 1, or -1 for the one to be worked out")
        if shape.count(-1) > 1:
            raise ValueError("only one size can be -1")
        return shape

    def signature(self, x: TensorType) -> Signature:
        elements = prod(dim for dim in x.shape[1:] if isinstance(dim, int))
        known = prod(dim for dim in self.shape if dim != -1)
        if elements % known or (-1 not in self.shape and elements != known):
            message = f"`reshape` cannot give {elements} elements the shape {list(self.shape)}"
            raise ShapeError(message, got=x)
        return Signature(
            out={
                "y": x.with_shape(
                    x.shape[0], *(elements // known if dim == -1 else dim for dim in self.shape)
                )
            }
        )

    def limits(self, *x: Limits) -> Limits:
        return x[0]

    def forward(self, x, *, y):
        y[:] = reshape_like(x, y)

    def backward(self, dy, *, dx):
        dx[:] = reshape_like(dy, dx)
