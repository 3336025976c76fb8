"""Softmax over the last axis."""

from collections.abc import Iterable
from typing import Literal

from specdl.core.advice import Limits
from specdl.core.diagnostics import Finding
from specdl.core.errors import ShapeError
from specdl.core.formula import exp, row_max, row_sum
from specdl.core.types import TensorType
from specdl.ops.advice import LayerSite, LossSite
from specdl.ops.base import Formula, Signature


class Softmax(Formula):
    """Each row as probabilities: positive, and adding up to 1.

    Forward, with max() and sum() over the last axis::

        e = exp(x - max(x))
        y = e / sum(e)

    Backward::

        dx = y * (dy - sum(dy * y))

    Shapes: x and y (batch, ..., features).
    Source: Bridle, "Probabilistic Interpretation of Feedforward Classification Network Outputs", 1990.
    """

    type: Literal["softmax"] = "softmax"

    def signature(self, x: TensorType) -> Signature:
        if len(x.shape) < 2:
            raise ShapeError("`softmax` needs a batch axis and a feature axis", got=x)
        if not x.is_float:
            raise ShapeError("`softmax` needs real numbers", got=x)
        return Signature(out={"y": x})

    def limits(self, *x: Limits) -> Limits:
        return 0.0, 1.0

    def advise(self, site: LayerSite) -> Iterable[Finding]:
        if site.type("x").shape[-1] == 1 and not any(
            isinstance(reader, LossSite) and reader.op.logits for reader in site.readers()
        ):
            message = f"`{site.label}` is a softmax over 1 number, which is always 1: nothing can be learnt"
            help = "use `sigmoid` for a probability from one number, or have a number for each class"
            yield site.finding("W305", message, help=help)

    def forward(self, x, *, y):
        e = exp(x - row_max(x))
        y[:] = e / row_sum(e)

    def backward(self, dy, y, *, dx):
        dx[:] = y * (dy - row_sum(dy * y))
