"""Affine map of the last axis."""

from typing import Annotated, Literal

from pydantic import Field

from specdl.core.errors import ShapeError
from specdl.core.formula import batch_sum, rows
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Param, Signature


class Linear(Formula):
    """A matrix product with the last axis, and a bias: the dense or fully connected layer.

    Forward::

        y = x @ weight.T + bias

    Backward, with x and dy as matrices of their rows::

        dx      = dy @ weight
        dweight = dy.T @ x
        dbias   = sum(dy)               summed over every axis but the last

    Shapes: x (batch, ..., in_features), y (batch, ..., out_features); weight (out_features,
    in_features) and bias (out_features), as in torch. in_features is what the input has.
    Source: torch.nn.Linear.
    """

    type: Literal["linear"] = "linear"
    out_features: Annotated[int, Field(ge=1, description="Size of the result's last axis.", examples=[128])]
    bias: Annotated[bool, Field(description="Whether a bias is added.", examples=[False])] = True

    def signature(self, x: TensorType) -> Signature:
        if len(x.shape) < 2 or not isinstance(x.shape[-1], int):
            raise ShapeError("`linear` needs a batch axis and a feature axis", got=x)
        if not x.is_float:
            raise ShapeError("`linear` needs real numbers", got=x)
        fans = (x.shape[-1], self.out_features)
        params = {"weight": Param((self.out_features, x.shape[-1]), *fans)}
        if self.bias:
            params["bias"] = Param((self.out_features,), *fans)
        return Signature(out={"y": x.with_shape(*x.shape[:-1], self.out_features)}, params=params)

    def forward(self, x, weight, bias, *, y):
        y[:] = x @ weight.T if bias is None else x @ weight.T + bias

    def backward(self, dy, x, weight, *, dx, dweight, dbias):
        dx[:] = dy @ weight
        dweight[:] = rows(dy).T @ rows(x)
        dbias[:] = batch_sum(dy)
