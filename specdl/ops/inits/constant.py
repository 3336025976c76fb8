"""One value everywhere."""

from typing import Annotated, Any, Literal

from pydantic import Field

from specdl.core.lazy import numpy as np
from specdl.core.random import Stream
from specdl.ops.base import Initializer, Param


class Constant(Initializer):
    """Every element is `value`.

    Source: torch.nn.init.constant_.
    """

    type: Literal["constant"] = "constant"
    value: Annotated[float, Field(description="What every element is.", examples=[0.1])]

    def fixed(self) -> float | None:
        return self.value

    def sample(self, param: Param, stream: Stream) -> Any:
        return np.full(param.shape, float(self.value))
