"""Cross-entropy of logits."""

from typing import Literal

from specdl.core.errors import ShapeError
from specdl.core.formula import exp, is_index, log, mean, one_hot, row_count, row_max, row_sum, where
from specdl.core.types import TensorType
from specdl.ops.base import Loss, Signature


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

    def signature(self, x: TensorType, target: TensorType) -> Signature:
        if len(x.shape) < 2 or not x.is_float:
            raise ShapeError("`cross_entropy` needs a score for each class along the last axis", got=x)
        dense, index = target == x, target == TensorType(x.shape[:-1], "int64")
        if not (dense or index):
            wanted = f"{TensorType(x.shape[:-1], 'int64')} of class numbers, or {x}"
            raise ShapeError(f"`cross_entropy` of {x} needs a target that is {wanted}", got=target)
        return Signature(out={"loss": x.with_shape()})

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
