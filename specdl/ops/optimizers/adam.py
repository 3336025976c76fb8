"""Adam."""

from typing import Annotated, Literal

from pydantic import Field

from specdl.core.formula import maximum, sqrt
from specdl.ops.base import Optimizer

Beta = Annotated[float, Field(ge=0, lt=1)]


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square.

    Update of a parameter p with gradient g, at step t from 1, with b1, b2 = betas::

        g = g + weight_decay * p
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * g * g
        p = p - lr / (1 - b1**t) * m / (sqrt(v) / sqrt(1 - b2**t) + eps)

    With `amsgrad` the largest v so far stands in place of v in the last line. State: m, v (and
    vmax), of the shape of p; torch calls them exp_avg, exp_avg_sq and max_exp_avg_sq.
    Source: Kingma, Ba, "Adam: A Method for Stochastic Optimization", 2015; Reddi, Kale, Kumar,
    "On the Convergence of Adam and Beyond", 2018; torch.optim.Adam.
    """

    type: Literal["adam"] = "adam"
    lr: Annotated[float, Field(gt=0, description="Learning rate, before the schedule's factor.")] = 1e-3
    betas: Annotated[tuple[Beta, Beta], Field(description="How slowly the two means move.")] = (0.9, 0.999)
    eps: Annotated[float, Field(gt=0, description="Added to the divisor.")] = 1e-8
    weight_decay: Annotated[float, Field(ge=0, description="Added to the gradient, times the parameter.")] = (
        0.0
    )
    amsgrad: Annotated[bool, Field(description="Divide by the largest second moment so far.")] = False

    def state(self) -> tuple[str, ...]:
        return ("m", "v", "vmax") if self.amsgrad else ("m", "v")

    def update(self, p, g, m, v, vmax, lr, t, *, new_p, new_m, new_v, new_vmax):
        b1, b2 = self.betas
        if self.weight_decay:
            g = g + self.weight_decay * p
        m = b1 * m + (1 - b1) * g
        v = b2 * v + (1 - b2) * (g * g)
        new_m[:], new_v[:] = m, v
        if self.amsgrad:
            v = maximum(vmax, v)
            new_vmax[:] = v
        divisor = sqrt(v) * (1 / sqrt(1 - b2**t)) + self.eps
        new_p[:] = p - lr / (1 - b1**t) * (m / divisor)
