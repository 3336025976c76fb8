"""Uniform numbers between two bounds."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from specdl.core.random import Stream
from specdl.ops.base import Initializer, Param


class Uniform(Initializer):
    """Every element is drawn uniformly from [a, b).

    Mean (a + b) / 2, variance (b - a)**2 / 12.
    Source: torch.nn.init.uniform_.
    """

    type: Literal["uniform"] = "uniform"
    a: Annotated[float, Field(description="Lower bound.", examples=[-0.1])] = 0.0
    b: Annotated[float, Field(description="Upper bound, above `a`.", examples=[0.1])] = 1.0

    @model_validator(mode="after")
    def bounds_are_in_order(self) -> Self:
        if self.a >= self.b:
            raise ValueError(f"`a` is {self.a:g} and must be below `b`, which is {self.b:g}")
        return self

    def sample(self, param: Param, stream: Stream) -> Any:
        return self.a + (self.b - self.a) * stream.uniform(param.shape)
