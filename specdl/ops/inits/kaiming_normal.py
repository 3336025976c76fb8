"""Kaiming initialisation with normal numbers."""

from typing import Any, Literal

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits._kaiming import Kaiming


class KaimingNormal(Kaiming):
    """Every element is drawn from N(0, std**2).

    With the fan of `mode` (for a bias, that of its weight) and the gain of `nonlinearity`::

        std = gain / sqrt(fan)

    Also called He.
    Source: He, Zhang, Ren, Sun, "Delving deep into rectifiers", 2015;
    torch.nn.init.kaiming_normal_.
    """

    type: Literal["kaiming_normal"] = "kaiming_normal"

    def sample(self, param: Param, stream: Stream) -> Any:
        return self.std(param) * stream.normal(param.shape)
