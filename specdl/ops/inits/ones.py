"""All ones."""

from typing import Any, Literal

from specdl.core.lazy import numpy as np
from specdl.core.random import Stream
from specdl.ops.base import Initializer, Param


class Ones(Initializer):
    """Every element is 1, as usual for the scale of a norm.

    Source: torch.nn.init.ones_.
    """

    type: Literal["ones"] = "ones"

    def fixed(self) -> float | None:
        return 1.0

    def sample(self, param: Param, stream: Stream) -> Any:
        return np.ones(param.shape)
