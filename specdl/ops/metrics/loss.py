"""What training minimises, as a figure."""

from typing import Any, ClassVar, Literal

from specdl.core.errors import CompilerFault
from specdl.core.types import TensorType
from specdl.ops.base import Metric


class LossFigure(Metric):
    """The weighted sum of the spec's losses over a part of the data.

    It is there in every run, whether named or not. The program computes it, from the loss ops
    and with their reductions, not this class: it only gives the figure its name.

    Shapes: whatever the losses take.
    """

    type: Literal["loss"] = "loss"
    higher_is_better: ClassVar[bool | None] = False

    def signature(self, output: TensorType, target: TensorType) -> None:
        """Every output and target that a loss takes will do."""

    def sums(self, output: Any, target: Any) -> tuple[float, ...]:
        raise CompilerFault("the loss is computed by the program, not from one output")

    def result(self, sums: tuple[float, ...], samples: int) -> float:
        raise CompilerFault("the loss is computed by the program, not from one output")
