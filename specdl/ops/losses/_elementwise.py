"""What losses that compare an output with an equal target share."""

import math
from collections.abc import Iterable

from specdl.core.diagnostics import Finding, Note
from specdl.core.errors import ShapeError
from specdl.core.types import TensorType
from specdl.core.wording import number
from specdl.ops.advice import LossSite
from specdl.ops.base import Loss, Signature


class ElementwiseLoss(Loss):
    """A loss over the differences of an output and a target of the same type."""

    def signature(self, x: TensorType, target: TensorType) -> Signature:
        if x != target or not x.is_float:
            name = type(self).model_fields["type"].default
            raise ShapeError(f"`{name}` needs an output and a target of one type: {x} and {target}")
        return Signature(out={"loss": x.with_shape()})

    def advise(self, site: LossSite) -> Iterable[Finding]:
        (low, high), made = site.limits, site.maker()
        if made is None or site.reaches is None or (low <= site.reaches[0] and site.reaches[1] <= high):
            return
        message = f"the output lies {between(low, high)} and cannot reach the target: {site.target_says}"
        note = Note(f"the target is compared by `{self.type}`", site.path, label=True)
        help = f"take `{made.op.type}` away, or bring the target into its range"
        yield made.finding("W306", message, help=help, notes=[note])


def between(low: float, high: float) -> str:
    """A range in words, of which one end is finite: `from 0 on`."""
    if high == math.inf:
        return f"from {number(low)} on"
    return f"below {number(high)}" if low == -math.inf else f"from {number(low)} to {number(high)}"
