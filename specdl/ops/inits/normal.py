"""Normal numbers."""

from typing import Annotated, Any, Literal

from pydantic import Field

from specdl.core.random import Stream
from specdl.ops.base import Initializer, Param


class Normal(Initializer):
    """Every element is drawn from the normal distribution N(mean, std**2).

    Source: torch.nn.init.normal_.
    """

    type: Literal["normal"] = "normal"
    mean: Annotated[float, Field(description="Mean of the elements.", examples=[0.0])] = 0.0
    std: Annotated[float, Field(ge=0, description="Standard deviation of the elements.", examples=[0.02])] = (
        1.0
    )

    def fixed(self) -> float | None:
        return self.mean if self.std == 0 else None

    def sample(self, param: Param, stream: Stream) -> Any:
        return self.mean + self.std * stream.normal(param.shape)
