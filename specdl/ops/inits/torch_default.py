"""What torch.nn's layers do when nothing is said."""

import math
from typing import Any, Literal

from specdl.core.random import Stream
from specdl.ops.base import Initializer, Param


class TorchDefault(Initializer):
    """Every element, of weight and bias alike, is drawn uniformly from [-bound, bound).

    With the fan_in of the weight::

        bound = 1 / sqrt(fan_in)

    It is the default of layers with a product. (torch.nn writes it as kaiming_uniform with
    a = sqrt(5), which is the same.)
    Source: torch.nn.Linear.reset_parameters.
    """

    type: Literal["torch_default"] = "torch_default"

    def sample(self, param: Param, stream: Stream) -> Any:
        bound = 1 / math.sqrt(param.fan_in)
        return bound * (2 * stream.uniform(param.shape) - 1)
