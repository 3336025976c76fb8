"""Cross-entropy of logits."""

import math
from collections.abc import Iterable
from typing import Literal

from specdl.core.advice import likely
from specdl.core.diagnostics import Finding, Fix, Note, Remove
from specdl.core.errors import ShapeError
from specdl.core.formula import exp, is_index, log, mean, one_hot, row_count, row_max, row_sum, where
from specdl.core.types import TensorType
from specdl.core.wording import number
from specdl.ops.advice import AS_THEY_ARE, LayerSite, LossSite, behind
from specdl.ops.base import Loss, Signature

LEAST, MANY = 0.01, 10**100
"""A loss that training surely wants to get below, and more classes than there are."""


class CrossEntropy(Loss):
    """The mean over rows of -log softmax(x) at the target class, from logits.

    Forward, with max() and sum() over the last axis, and p the target as a distribution
    (one-hot where it is an index)::

        z    = x - max(x)
        loss = mean(log(sum(exp(z))) * sum(p) - sum(z * p))

    Backward, with n rows::

        dx = (softmax(x) * sum(p) - p) / n

    Shapes: x (batch, ..., classes); target (batch, ...) of class numbers from 0, or of the
    shape of x; loss is a scalar. The softmax is part of the loss: x are raw scores.
    Source: torch.nn.CrossEntropyLoss (there the classes are axis 1).
    """

    type: Literal["cross_entropy"] = "cross_entropy"
    encode = "index"
    encodes = ("index", "one_hot", "value")
    logits = True

    def signature(self, x: TensorType, target: TensorType) -> Signature:
        if len(x.shape) < 2 or not x.is_float:
            raise ShapeError("`cross_entropy` needs a score for each class along the last axis", got=x)
        dense, index = target == x, target == TensorType(x.shape[:-1], "int64")
        if not (dense or index):
            wanted = f"{TensorType(x.shape[:-1], 'int64')} of class numbers, or {x}"
            raise ShapeError(f"`cross_entropy` of {x} needs a target that is {wanted}", got=target)
        return Signature(out={"loss": x.with_shape()})

    def advise(self, site: LossSite) -> Iterable[Finding]:
        classes, made, (low, high) = site.type.shape[-1], site.maker(), site.limits
        note = Note("`cross_entropy` has a softmax of its own", site.path, label=True)
        if classes == 1:
            message = "the output is one score, and softmax of one number is always 1: the loss is always 0"
            help = "give the last layer one output per class, also where there are two: out_features: 2"
            yield site.finding("W304", message, help=help)
            return
        source = behind(made, ("scale", *AS_THEY_ARE))
        if made is None or source is None or not isinstance(classes, int):
            return
        least = math.log1p((min(classes, MANY) - 1) * math.exp(low - high))
        bounded = least > LEAST and site.encode != "value"
        if source.op.type == "softmax" and (source.name == made.name or bounded):
            message = (
                f"`{source.label}` ends in a softmax, and `cross_entropy` takes another of what it is given"
            )
            help = "leave the softmax out; `accuracy` needs none either"
            yield source.finding("W301", message, notes=[note], help=help, fix=without(source))
        elif bounded:
            message = (
                f"scores from {number(low)} to {number(high)} cannot tell {classes} classes apart: "
                f"the loss never falls below {number(least)}"
            )
            help = f"leave `{source.op.type}` out: `cross_entropy` takes raw scores"
            yield source.finding("W302", message, notes=[note], help=help, fix=without(source))
        elif made.op.type == "relu":
            message = (
                f"`{made.label}` ends in a relu: a class whose score is below 0 gets 0, and learns nothing"
            )
            help = "leave the relu out: `cross_entropy` takes raw scores"
            yield made.finding("W303", message, notes=[note], help=help, fix=without(made))

    def forward(self, x, target, *, loss):
        z = x - row_max(x)
        log_sum = log(row_sum(exp(z)))
        if is_index(target):
            # a class that is ruled out may have a score of -inf, and 0 times that is NaN
            loss[:] = mean(log_sum - row_sum(where(one_hot(target, z) > 0.5, z, 0.0)))
        else:
            loss[:] = mean(log_sum * row_sum(target) - row_sum(z * target))

    def backward(self, x, target, *, dx):
        e = exp(x - row_max(x))
        softmax = e / row_sum(e)
        if is_index(target):
            dx[:] = (softmax - one_hot(target, x)) * (1 / row_count(x))
        else:
            dx[:] = (softmax * row_sum(target) - target) * (1 / row_count(x))


def without(layer: LayerSite) -> Fix | None:
    """To take an activation away; a layer of its own may be read by its name, and stays."""
    return likely("take `activation` away", Remove(layer.path)) if layer.name != layer.label else None
