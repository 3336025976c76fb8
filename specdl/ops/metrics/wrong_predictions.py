"""The count of wrong predictions."""

from typing import Any, ClassVar, Literal

from specdl.ops.metrics._predictions import Predictions


class WrongPredictions(Predictions):
    """How many predictions are wrong, over all samples.

    A score for each class along the last axis predicts the class of the largest one; a single
    output predicts class 1 where it is above `threshold`, else 0. Targets are class numbers,
    or of the output's shape (one-hot; 0 and 1 for a single output).

    Shapes: output (batch, ..., classes), (batch, ..., 1) or (batch); target (batch, ...) or the
    output's. Every place of a sample counts as a prediction.
    """

    type: Literal["wrong_predictions"] = "wrong_predictions"
    higher_is_better: ClassVar[bool | None] = False

    def sums(self, output: Any, target: Any) -> tuple[float, ...]:
        return (float((~self.right(output, target)).sum()),)

    def result(self, sums: tuple[float, ...], samples: int) -> float:
        return sums[0]
