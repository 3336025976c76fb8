"""The fraction of right predictions."""

from typing import Any, ClassVar, Literal

from specdl.ops.metrics._predictions import Predictions


class Accuracy(Predictions):
    """Right predictions over all predictions, from 0 to 1.

    A score for each class along the last axis predicts the class of the largest one; a single
    output predicts class 1 where it is above `threshold`, else 0. Targets are class numbers,
    or of the output's shape (one-hot; 0 and 1 for a single output).

    Shapes: output (batch, ..., classes), (batch, ..., 1) or (batch); target (batch, ...) or the
    output's. Every place of a sample counts as a prediction.
    """

    type: Literal["accuracy"] = "accuracy"
    higher_is_better: ClassVar[bool | None] = True

    def sums(self, output: Any, target: Any) -> tuple[float, ...]:
        right = self.right(output, target)
        return float(right.sum()), float(right.numel())

    def result(self, sums: tuple[float, ...], samples: int) -> float:
        right, predictions = sums
        return right / predictions
