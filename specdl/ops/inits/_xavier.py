"""What both forms of Xavier initialisation share."""

import math
from collections.abc import Iterable
from typing import Annotated

from pydantic import Field

from specdl.core.diagnostics import Finding
from specdl.ops.advice import StartSite
from specdl.ops.base import Initializer, Param
from specdl.ops.inits._gain import Nonlinearity, gain_of, mismatch


class Xavier(Initializer):
    """A deviation that keeps variances alike forward and backward."""

    gain: Annotated[
        Annotated[float, Field(gt=0)] | Nonlinearity,
        Field(
            description="A number, or the nonlinearity that follows, as torch.nn.init.calculate_gain.",
            examples=["tanh"],
        ),
    ] = 1.0

    def std(self, param: Param) -> float:
        """The standard deviation of the elements of a parameter."""
        gain = gain_of(self.gain) if isinstance(self.gain, str) else self.gain
        return gain * math.sqrt(2 / (param.fan_in + param.fan_out))

    def advise(self, site: StartSite) -> Iterable[Finding]:
        if isinstance(self.gain, str):
            yield from mismatch(site, self.type, "gain", self.gain, said=True)
