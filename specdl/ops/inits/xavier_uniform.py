"""Xavier initialisation with uniform numbers."""

import math
from typing import Any, Literal

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits._xavier import Xavier


class XavierUniform(Xavier):
    """Every element is drawn uniformly from [-bound, bound).

    With the fans of the parameter (for a bias, those of its weight)::

        bound = gain * sqrt(6 / (fan_in + fan_out))

    so that the variance is 2 * gain**2 / (fan_in + fan_out), a compromise between what keeps
    the variance of values forward and of gradients backward. Also called Glorot.
    Source: Glorot, Bengio, "Understanding the difficulty of training deep feedforward neural
    networks", 2010; torch.nn.init.xavier_uniform_.
    """

    type: Literal["xavier_uniform"] = "xavier_uniform"

    def sample(self, param: Param, stream: Stream) -> Any:
        bound = math.sqrt(3) * self.std(param)
        return bound * (2 * stream.uniform(param.shape) - 1)
