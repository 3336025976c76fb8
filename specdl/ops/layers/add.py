"""Sum of values."""

from functools import reduce
from operator import add
from typing import Literal

from specdl.core.advice import Limits
from specdl.core.errors import ShapeError
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Signature


class Add(Formula):
    """The sum of two or more values of one type, element by element.

    Forward: y = x0 + x1 + ..., from the left; backward: every dx is dy, at no cost.

    Shapes: all inputs and y have one shape.
    Source: torch.add, keras.layers.Add.
    """

    type: Literal["add"] = "add"

    def signature(self, *x: TensorType) -> Signature:
        if len(x) < 2:
            raise ShapeError("`add` needs two values or more", got=x, help="name them in `inputs`")
        if any(each != x[0] for each in x):
            raise ShapeError(f"`add` needs equal types: {' and '.join(map(str, x))}")
        return Signature(out={"y": x[0]})

    def limits(self, *x: Limits) -> Limits:
        return sum(low for low, _ in x), sum(high for _, high in x)

    def forward(self, *x, y):
        y[:] = reduce(add, x)

    def backward(self, dy, *, dx):
        for each in dx:
            each[:] = dy
