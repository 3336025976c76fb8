"""What the metrics over differences of an output and a target share."""

from collections.abc import Iterable
from typing import Any, ClassVar

from specdl.core.diagnostics import Finding, Note
from specdl.core.errors import ShapeError
from specdl.core.types import TensorType
from specdl.ops.advice import MetricSite
from specdl.ops.base import Metric

CLASSES = {"index": "class numbers", "one_hot": "one-hot rows", "value": "probabilities"}


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

    def advise(self, site: MetricSite) -> Iterable[Finding]:
        if site.losses and all(loss.op.logits for loss in site.losses):
            loss = site.losses[0]
            message = (
                f"`{self.type}` compares raw scores with {CLASSES[loss.encode]}, which they never come near"
            )
            note = Note(
                f"`{loss.op.type}` takes raw scores and turns them into probabilities itself", loss.path
            )
            yield site.finding("W346", message, help='"metrics": ["accuracy"]', notes=[note])

    def each(self, difference: Any) -> Any:
        """The function of each difference, on a float64 tensor."""
        raise NotImplementedError

    def sums(self, output: Any, target: Any) -> tuple[float, ...]:
        values = self.each(output.double() - target.double())
        return float(values.sum()), float(values.numel())

    def result(self, sums: tuple[float, ...], samples: int) -> float:
        total, elements = sums
        return total / elements
