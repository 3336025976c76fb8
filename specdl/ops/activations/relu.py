"""Rectified linear unit."""

from collections.abc import Iterable
from typing import Literal

from specdl.core.advice import Limits, likely
from specdl.core.diagnostics import Finding, Note, Remove
from specdl.core.errors import ShapeError
from specdl.core.formula import maximum, where
from specdl.core.types import TensorType
from specdl.ops.advice import LayerSite
from specdl.ops.base import Formula, Signature


class ReLU(Formula):
    """The positive part of each element.

    Forward::

        y = max(x, 0)

    Backward, with 0 for the slope at 0 as in torch::

        dx = 0 where y <= 0, else dy

    Shapes: x and y of any equal shape.
    Source: Nair, Hinton, "Rectified Linear Units Improve Restricted Boltzmann Machines", 2010.
    """

    type: Literal["relu"] = "relu"
    avoid = {"x": (0.0,)}

    def signature(self, x: TensorType) -> Signature:
        if not x.is_float:
            raise ShapeError("`relu` needs real numbers", got=x)
        return Signature(out={"y": x})

    def limits(self, *x: Limits) -> Limits:
        ((low, high),) = x
        return max(low, 0.0), max(high, 0.0)

    def advise(self, site: LayerSite) -> Iterable[Finding]:
        if site.limits("x")[0] < 0:
            return
        before = site.maker("x")
        notes = [Note(f"`{before.label}` is made", before.path, label=True)] if before else []
        message = f"the relu `{site.name}` changes nothing: what it reads is never below 0"
        fix = likely("take `activation` away", Remove(site.path)) if site.name != site.label else None
        yield site.finding("W212", message, notes=notes, fix=fix)

    def forward(self, x, *, y):
        y[:] = maximum(x, 0.0)

    def backward(self, dy, y, *, dx):
        dx[:] = where(y <= 0.0, 0.0, dy)
