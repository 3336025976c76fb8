"""Kaiming initialisation with uniform numbers."""

import math
from typing import Any, Literal

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits._kaiming import Kaiming


class KaimingUniform(Kaiming):
    """Every element is drawn uniformly from [-bound, bound).

    With the fan of `mode` (for a bias, that of its weight) and the gain of `nonlinearity`::

        bound = gain * sqrt(3 / fan)

    so that the variance is gain**2 / fan. Also called He.
    Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", 2015;
    torch.nn.init.kaiming_uniform_.
    """

    type: Literal["kaiming_uniform"] = "kaiming_uniform"

    def sample(self, param: Param, stream: Stream) -> Any:
        bound = math.sqrt(3) * self.std(param)
        return bound * (2 * stream.uniform(param.shape) - 1)
