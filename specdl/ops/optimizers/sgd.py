"""Stochastic gradient descent."""

from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from specdl.core.diagnostics import Finding
from specdl.core.formula import where
from specdl.ops.advice import OptimizerSite
from specdl.ops.base import Optimizer
from specdl.ops.optimizers._advice import decays, forgets, highest, lowest

HIGH, LOW = 10.0, 1e-10
"""Learning rates outside of which nobody is known to have trained."""


class SGD(Optimizer):
    """Gradient descent, with torch's momentum.

    Update of a parameter p with gradient g, at step t from 1::

        g = g + weight_decay * p
        b = g                                       at the first step
        b = momentum * b + (1 - dampening) * g      at later ones
        p = p - lr * b                              plain or with momentum
        p = p - lr * (g + momentum * b)             nesterov

    Without momentum b is g. State: momentum_buffer (b), of the shape of p, where there is momentum.
    Source: torch.optim.SGD; Sutskever, Martens, Dahl, Hinton, "On the importance of
    initialization and momentum in deep learning", 2013.
    """

    type: Literal["sgd"] = "sgd"
    momentum: Annotated[
        float, Field(ge=0, lt=1, description="How much of the last move is kept.", examples=[0.9])
    ] = 0.0
    dampening: Annotated[
        float, Field(ge=0, le=1, description="How much of the new gradient is left out.", examples=[0.1])
    ] = 0.0
    nesterov: Annotated[bool, Field(description="Look ahead along the momentum.", examples=[True])] = False
    weight_decay: Annotated[
        float, Field(ge=0, description="Added to the gradient, times the parameter.", examples=[0.0005])
    ] = 0.0

    @model_validator(mode="after")
    def nesterov_needs_momentum(self) -> Self:
        if self.nesterov and (self.momentum == 0 or self.dampening != 0):
            raise ValueError("`nesterov` needs a momentum above 0 and no dampening")
        return self

    def state(self) -> tuple[str, ...]:
        return ("momentum_buffer",) if self.momentum else ()

    def advise(self, site: OptimizerSite) -> Iterable[Finding]:
        rate = self.lr * site.peak
        if rate > HIGH:
            yield highest(site, rate, self.lr, "usual ones for sgd are below 1", "0.1")
        elif rate < LOW:
            why = "hardly moves anything: usual ones for sgd begin at 0.001"
            yield lowest(site, rate, self.lr, why, "0.01")
        if self.momentum:
            yield from forgets(site, "momentum", self.momentum, "momentum")
        yield from decays(site, self.weight_decay)

    def update(self, p, g, momentum_buffer, lr, t, *, new_p, new_momentum_buffer):
        if self.weight_decay:
            g = g + self.weight_decay * p
        step = g
        if self.momentum:
            b = self.momentum * momentum_buffer + where(t > 1, 1 - self.dampening, 1.0) * g
            new_momentum_buffer[:] = b
            step = g + self.momentum * b if self.nesterov else b
        new_p[:] = p - lr * step
