"""What the metrics over differences of an output and a target share."""

from typing import Any, ClassVar

from specdl.core.errors import ShapeError
from specdl.core.types import TensorType
from specdl.ops.base import Metric


class Differences(Metric):
    """The mean of a function of each difference, in float64."""

    higher_is_better: ClassVar[bool | None] = False

    def signature(self, output: TensorType, target: TensorType) -> None:
        if output != target or not output.is_float:
            many = len(output.shape) > 1 and output.shape[-1] != 1
            encode = "one_hot" if many else "value"
            help = f'"target": {{"encode": "{encode}"}}' if output.is_float and not target.is_float else None
            message = f"`{self.type}` needs an output and a target of one type: {output} and {target}"
            raise ShapeError(message, help=help)

    def each(self, difference: Any) -> Any:
        """The function of each difference, on a float64 tensor."""
        raise NotImplementedError

    def sums(self, output: Any, target: Any) -> tuple[float, ...]:
        values = self.each(output.double() - target.double())
        return float(values.sum()), float(values.numel())

    def result(self, sums: tuple[float, ...], samples: int) -> float:
        total, elements = sums
        return total / elements
