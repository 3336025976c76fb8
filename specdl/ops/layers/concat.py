"""Values beside one another."""

from typing import Annotated, Literal

from pydantic import Field

from specdl.core.advice import Limits
from specdl.core.errors import ShapeError
from specdl.core.formula import concat, slice_axis
from specdl.core.types import TensorType
from specdl.ops.base import Formula, Signature


class Concat(Formula):
    """Two or more values beside one another along one axis.

    Forward: y holds x0, x1, ... in order along `dim`; backward: each dx is its part of dy.

    Shapes: the inputs agree but for axis `dim`; y has the sum of their sizes there.
    Source: torch.cat, keras.layers.Concatenate.
    """

    type: Literal["concat"] = "concat"
    dim: Annotated[
        int,
        Field(
            description="The axis; 0 is the batch and cannot be joined; negative counts back.", examples=[1]
        ),
    ] = 1

    def axis(self, rank: int) -> int:
        return self.dim + rank if self.dim < 0 else self.dim

    def signature(self, *x: TensorType) -> Signature:
        if len(x) < 2:
            raise ShapeError("`concat` needs two values or more", got=x, help="name them in `inputs`")
        rank = len(x[0].shape)
        axis = self.axis(rank)
        if not 1 <= axis < rank:
            there = "`dim` can be 1" if rank == 2 else f"`dim` can be from 1 to {rank - 1}"
            help = f"{there}; 0 is the batch" if rank > 1 else None
            raise ShapeError(f"`concat` cannot join along axis {self.dim}", got=x, help=help)
        if any(self.frame(each) != self.frame(x[0]) for each in x):
            types = " and ".join(map(str, x))
            raise ShapeError(f"`concat` needs types that agree but for axis {self.dim}: {types}")
        size = sum(dim for each in x if isinstance(dim := each.shape[axis], int))
        return Signature(out={"y": x[0].with_shape(*x[0].shape[:axis], size, *x[0].shape[axis + 1 :])})

    def frame(self, x: TensorType) -> tuple[object, ...]:
        """What must be equal between the inputs: everything but the length of the joined axis."""
        axis = self.axis(len(x.shape))
        return (len(x.shape), x.dtype, x.shape[:axis], x.shape[axis + 1 :])

    def limits(self, *x: Limits) -> Limits:
        return min(low for low, _ in x), max(high for _, high in x)

    def forward(self, *x, y):
        y[:] = concat(x, self.axis(len(y.shape)))

    def backward(self, dy, *, dx):
        axis, start = self.axis(len(dy.shape)), 0
        for each in dx:
            stop = start + each.shape[axis]
            each[:] = slice_axis(dy, axis, start, stop)
            start = stop
