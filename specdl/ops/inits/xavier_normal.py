"""Xavier initialisation with normal numbers."""

from typing import Any, Literal

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits._xavier import Xavier


class XavierNormal(Xavier):
    """Every element is drawn from N(0, std**2).

    With the fans of the parameter (for a bias, those of its weight)::

        std = gain * sqrt(2 / (fan_in + fan_out))

    a compromise between what keeps the variance of values forward and of gradients backward.
    Also called Glorot.
    Source: Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010; torch.nn.init.xavier_normal_.
    """

    type: Literal["xavier_normal"] = "xavier_normal"

    def sample(self, param: Param, stream: Stream) -> Any:
        return self.std(param) * stream.normal(param.shape)
