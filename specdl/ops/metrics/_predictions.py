"""Predicted classes set against true ones, for the metrics that count them."""

from typing import Annotated, Any

from pydantic import Field

from specdl.core.errors import ShapeError, SpecdlError
from specdl.core.lazy import torch
from specdl.core.types import TensorType
from specdl.ops.base import Metric


class Predictions(Metric):
    """A metric over right and wrong predictions.

    An output (batch, ..., classes) predicts the class of its largest score, the first of equal
    ones; an output (batch, ..., 1) or (batch) predicts class 1 where it is above `threshold`,
    else 0. A target is an index (batch, ...), or has the output's shape: then its class is that
    of its largest element, or for a single output 0 or 1 (or -1 and 1, as some write it). A
    prediction from NaN is wrong.
    """

    threshold: Annotated[
        float, Field(description="For a single output: above it is class 1. Logits want 0.")
    ] = 0.5

    def signature(self, output: TensorType, target: TensorType) -> None:
        if not output.shape or not output.is_float:
            raise ShapeError(f"`{self.type}` needs a score for each class, or a single output", got=output)
        index = TensorType((*output.shape[:1], *output.shape[1:-1]), "int64")
        if target not in {output, index}:
            wanted = f"a target that is {index} of class numbers, or {output}"
            raise ShapeError(f"`{self.type}` of {output} needs {wanted}", got=target)

    def right(self, output: Any, target: Any) -> Any:
        """Whether each prediction is right, as a bool tensor (batch, ...)."""
        single = output.ndim == 1 or output.shape[-1] == 1
        if output.ndim == 1:
            output = output.unsqueeze(-1)
        if target.is_floating_point():
            target = self.labels(target.reshape(output.shape), single)
        predicted = (output[..., 0] > self.threshold).long() if single else output.argmax(-1)
        return (predicted == target) & ~torch.isnan(output).any(-1)

    def labels(self, target: Any, single: bool) -> Any:
        """The classes meant by a target of the output's shape; raises `SpecdlError` for other values."""
        if not single:
            return target.argmax(-1)
        label = target[..., 0]
        if not ((label == 0) | (label.abs() == 1)).all():
            message = f"`{self.type}` of a single output needs targets that are classes, 0 and 1"
            raise SpecdlError(message, code="E314", help='"metrics": ["mse"]')
        return (label > 0).long()
