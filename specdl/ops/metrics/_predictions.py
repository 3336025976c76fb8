"""Predicted classes set against true ones, for the metrics that count them."""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from specdl.core.diagnostics import Finding
from specdl.core.errors import ShapeError, SpecdlError
from specdl.core.lazy import torch
from specdl.core.types import TensorType
from specdl.core.wording import number
from specdl.ops.advice import MetricSite
from specdl.ops.base import Metric

USUAL = 0.5
"""The threshold unless another is given; written out where it decides nothing, it is no mistake."""


class Predictions(Metric):
    """A metric over right and wrong predictions.

    An output (batch, ..., classes) predicts the class of its largest score, the first of equal
    ones; an output (batch, ..., 1) or (batch) predicts class 1 where it is above `threshold`,
    else 0. A target is an index (batch, ...), or has the output's shape: then its class is that
    of its largest element, or for a single output 0 or 1 (or -1 and 1, as some write it). A
    prediction from NaN is wrong.
    """

    threshold: Annotated[
        float, Field(description="For a single output: above it is class 1. Logits want 0.", examples=[0.0])
    ] = USUAL

    def signature(self, output: TensorType, target: TensorType) -> None:
        if not output.shape or not output.is_float:
            raise ShapeError(f"`{self.type}` needs a score for each class, or a single output", got=output)
        index = TensorType((*output.shape[:1], *output.shape[1:-1]), "int64")
        if target not in {output, index}:
            wanted = f"a target that is {index} of class numbers, or {output}"
            raise ShapeError(f"`{self.type}` of {output} needs {wanted}", got=target)

    def advise(self, site: MetricSite) -> Iterable[Finding]:
        if not site.losses:
            return
        said = [site.values.get(loss.target) for loss in site.losses]
        singles = [loss for loss in site.losses if loss.type.shape[-1] == 1 or len(loss.type.shape) == 1]
        if said[0] is not None and all(said):
            message = f"`{self.type}` counts right classes, and there are none: {said[0]}"
            yield site.finding("W346", message, help='"metrics": ["mae"]')
        elif singles:
            ends = [loss.limits for loss in singles]
            if all(self.threshold >= high for _, high in ends):
                yield self.decides_nothing(site, 0, f"never above {number(max(high for _, high in ends))}")
            elif all(self.threshold < low for low, _ in ends):
                yield self.decides_nothing(site, 1, f"never below {number(min(low for low, _ in ends))}")
        elif self.threshold != USUAL:
            message = f"`threshold` does nothing here: of several scores `{self.type}` takes the largest"
            yield site.finding("W347", message, "threshold", at_key=True)

    def decides_nothing(self, site: MetricSite, label: int, why: str) -> Finding:
        """That every prediction is the same class."""
        inside = ("threshold",) if "threshold" in self.model_fields_set else ()
        threshold = number(self.threshold)
        message = f"every prediction is class {label}: the output is {why}, and the threshold is {threshold}"
        return site.finding("W347", message, *inside)

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
