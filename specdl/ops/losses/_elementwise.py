"""What losses that compare an output with an equal target share."""

from specdl.core.errors import ShapeError
from specdl.core.types import TensorType
from specdl.ops.base import Loss, Signature


class ElementwiseLoss(Loss):
    """A loss over the differences of an output and a target of the same type."""

    def signature(self, x: TensorType, target: TensorType) -> Signature:
        if x != target or not x.is_float:
            name = type(self).model_fields["type"].default
            raise ShapeError(f"`{name}` needs an output and a target of one type: {x} and {target}")
        return Signature(out={"loss": x.with_shape()})
