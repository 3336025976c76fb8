"""Adam."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from specdl.core.advice import likely
from specdl.core.diagnostics import Finding, Replace
from specdl.core.formula import maximum, sqrt
from specdl.core.wording import counted, number
from specdl.ops.advice import OptimizerSite
from specdl.ops.base import Optimizer
from specdl.ops.optimizers._advice import SMALLEST, decays, forgets, highest, lowest

HIGH, HIGH_ALONE = 0.1, 10.0
"""A weight moves by about the learning rate in a step: these are too far for a net with hidden layers,
and for a single layer, whose weights may be as large as what it predicts."""
LOW, MOVED, LOWEST = 1e-5, 1e-3, 1e-9
"""A small rate is too small where no weight can move further in all of the run, or however long it is."""

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
    lr: Annotated[
        float, Field(gt=0, description="Learning rate, before the schedule's factor.", examples=[0.001])
    ] = 1e-3
    betas: Annotated[
        tuple[Beta, Beta], Field(description="How slowly the two means move.", examples=[(0.9, 0.99)])
    ] = (0.9, 0.999)
    eps: Annotated[float, Field(gt=0, description="Added to the divisor.", examples=[1e-06])] = 1e-8
    weight_decay: Annotated[
        float, Field(ge=0, description="Added to the gradient, times the parameter.", examples=[0.0001])
    ] = 0.0
    amsgrad: Annotated[
        bool, Field(description="Divide by the largest second moment so far.", examples=[True])
    ] = False

    def state(self) -> tuple[str, ...]:
        return ("m", "v", "vmax") if self.amsgrad else ("m", "v")

    def advise(self, site: OptimizerSite) -> Iterable[Finding]:
        rate, steps = self.lr * site.peak, site.run.steps
        if rate > (HIGH if site.hidden else HIGH_ALONE):
            yield highest(site, rate, self.lr, "adam moves each weight by about as much in a step", "0.001")
        elif rate < LOWEST or (rate < LOW and steps is not None and steps * rate < MOVED):
            way = (
                f": in {counted(steps, 'step')} no weight moves by more than about {number(steps * rate)}"
                if steps
                else ""
            )
            yield lowest(site, rate, self.lr, f"is too small for adam to learn anything{way}", "0.001")
        first, second = self.betas
        if first > second:
            message = (
                f"`betas` seem to be swapped: the mean of the gradient looks back further ({first:g}) "
                f"than the mean of its square ({second:g})"
            )
            fix = likely("swap them", Replace((*site.path, "betas"), [second, first]))
            yield site.finding("W311", message, "betas", help=f'"betas": [{second:g}, {first:g}]', fix=fix)
        else:
            yield from forgets(site, "the first of `betas`", first, "betas", 0)
        yield from self.advise_eps(site)
        yield from decays(site, self.weight_decay)

    def advise_eps(self, site: OptimizerSite) -> Iterable[Finding]:
        """That `eps` is no help against dividing by zero, or rules the step."""
        if self.eps < SMALLEST[site.dtype]:
            message = (
                f"`eps` of {self.eps:g} is 0 in {site.dtype}: a weight without a gradient becomes 0 / 0, NaN"
            )
            yield site.finding("W312", message, "eps", help='"eps": 1e-8')
        elif self.eps > 1:
            message = f"`eps` of {number(self.eps)} outweighs what it is added to, and rules the steps"
            yield site.finding("W312", message, "eps", help='"eps": 1e-8')

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
