"""What both forms of Xavier initialisation share."""

import math
from typing import Annotated

from pydantic import Field

from specdl.ops.base import Initializer, Param
from specdl.ops.inits._gain import Nonlinearity, gain_of


class Xavier(Initializer):
    """A deviation that keeps variances alike forward and backward."""

    gain: Annotated[
        Annotated[float, Field(gt=0)] | Nonlinearity,
        Field(description="A number, or the nonlinearity that follows, as torch.nn.init.calculate_gain."),
    ] = 1.0

    def std(self, param: Param) -> float:
        """The standard deviation of the elements of a parameter."""
        gain = gain_of(self.gain) if isinstance(self.gain, str) else self.gain
        return gain * math.sqrt(2 / (param.fan_in + param.fan_out))
