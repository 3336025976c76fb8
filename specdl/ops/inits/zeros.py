"""All zeros."""

from typing import Any, Literal

from specdl.core.lazy import numpy as np
from specdl.core.random import Stream
from specdl.ops.base import Initializer, Param


class Zeros(Initializer):
    """Every element is 0.

    Usual for biases. A weight of zeros gives every unit of a layer the same gradient, so that
    they never come to differ.
    Source: torch.nn.init.zeros_.
    """

    type: Literal["zeros"] = "zeros"

    def fixed(self) -> float | None:
        return 0.0

    def sample(self, param: Param, stream: Stream) -> Any:
        return np.zeros(param.shape)
