"""Mean squared error, as a figure."""

from typing import Any, Literal

from specdl.ops.metrics._differences import Differences


class MeanSquaredError(Differences):
    """The mean of (output - target)**2 over samples and features, summed in float64.

    Shapes: output and target of one shape.
    """

    type: Literal["mse"] = "mse"

    def each(self, difference: Any) -> Any:
        return difference.square()
