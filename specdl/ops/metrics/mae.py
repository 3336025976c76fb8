"""Mean absolute error, as a figure."""

from typing import Any, Literal

from specdl.ops.metrics._differences import Differences


class MeanAbsoluteError(Differences):
    """The mean of |output - target| over samples and features, summed in float64.

    Shapes: output and target of one shape.
    """

    type: Literal["mae"] = "mae"

    def each(self, difference: Any) -> Any:
        return difference.abs()
