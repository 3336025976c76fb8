"""What both forms of Kaiming initialisation share."""

import math
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from specdl.core.diagnostics import Finding
from specdl.ops.advice import StartSite
from specdl.ops.base import Initializer, Param
from specdl.ops.inits._gain import Nonlinearity, gain_of, mismatch


class Kaiming(Initializer):
    """A deviation that keeps variances alike forward, or backward, through rectifiers."""

    a: Annotated[
        float, Field(description="Slope of leaky_relu below 0; with 0 it is relu.", examples=[0.01])
    ] = 0.0
    mode: Annotated[
        Literal["fan_in", "fan_out"],
        Field(
            description="Keep the variance forward (`fan_in`) or backward (`fan_out`).", examples=["fan_out"]
        ),
    ] = "fan_in"
    nonlinearity: Annotated[
        Nonlinearity, Field(description="What follows, as torch.nn.init.calculate_gain.", examples=["relu"])
    ] = "leaky_relu"

    @model_validator(mode="after")
    def slope_is_of_leaky_relu(self) -> Self:
        if self.a != 0 and self.nonlinearity != "leaky_relu":
            raise ValueError(f"`a` is the slope of leaky_relu; `nonlinearity` is {self.nonlinearity}")
        return self

    def std(self, param: Param) -> float:
        """The standard deviation of the elements of a parameter."""
        fan = param.fan_in if self.mode == "fan_in" else param.fan_out
        return gain_of(self.nonlinearity, self.a) / math.sqrt(fan)

    def advise(self, site: StartSite) -> Iterable[Finding]:
        said = "nonlinearity" in self.model_fields_set
        if not self.a:
            yield from mismatch(site, self.type, "nonlinearity", self.nonlinearity, said)
