"""The functions that call lists name, each bound to its operands as a closure that allocates nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

Closure = Callable[[], Any]
Bind = Callable[[Sequence[Tensor], Tensor, Mapping[str, Any]], list[Closure]]

SHORT = 1 << 14
"""Elements up to which the overhead of a call outweighs its work."""

NAMED: dict[str, Callable[..., Any]] = {
    name: getattr(torch, name)
    for name in (
        "add sub mul div neg pow maximum minimum where exp log log1p sqrt rsqrt erf tanh sigmoid abs sign "
        "lt le gt ge eq addcmul sum amax"
    ).split()
}
"""Torch's functions that take operands, options and `out=` as they are."""


def matrix(x: Tensor) -> Tensor:
    """A tensor of any rank as a matrix of its rows: a view."""
    return x if x.dim() == 2 else x.view(-1, x.shape[-1])


def mm(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """The product of matrices of rows."""
    a, b = map(matrix, args)
    return [partial(torch.mm, a, b, out=matrix(out))]


def addmm(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """A row, or a matrix of rows, plus a product."""
    row, a, b = args
    return [
        partial(torch.addmm, row if row.dim() == 1 else matrix(row), matrix(a), matrix(b), out=matrix(out))
    ]


def dot(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """The sum of all products, as a matrix of one row times a vector: `torch.dot` allocates."""
    a, b = args
    if "scale" in options:
        result = out.view(1)
        return [partial(torch.addmv, result, a.view(1, -1), b, beta=0, alpha=options["scale"], out=result)]
    return [partial(torch.mv, a.view(1, -1), b, out=out.view(1))]


def column_sum(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """The sum over all rows: where there are few, as a product with a vector of ones."""
    x, ones = matrix(args[0]), options["ones"]
    if len(x) <= len(ones) and x.numel() <= SHORT:
        return [partial(torch.mv, x.t(), ones[: len(x)], out=out)]
    return [partial(torch.sum, x, (0,), out=out)]


LONG = 1 << 15
"""Elements from which on torch sums to one number on several threads, with memory taken for it."""


def total(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """The sum of all elements: of many, the sum of the sums of equal parts, and of the rest."""
    x, parts = args[0].view(-1), args[1]
    out = out.view(())
    if len(x) < LONG:
        return [partial(torch.sum, x, (0,), out=out)]
    whole = len(x) - len(x) % len(parts)
    sums: list[Closure] = [
        partial(torch.sum, x[:whole].view(len(parts), -1), (1,), out=parts),
        partial(torch.sum, parts, (0,), out=out),
    ]
    if whole < len(x):
        rest = parts[0]
        sums += [partial(torch.sum, x[whole:], (0,), out=rest), partial(out.add_, rest)]
    return sums


def direct(overload: Any) -> Callable[..., Any]:
    """An overload of `torch.ops` without its Python layer, which costs as much as a small call."""
    found: Callable[..., Any] = getattr(overload, "_op", overload)
    return found


def tanh_backward(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """The first times one minus the square of the second, in one pass."""
    return [partial(direct(torch.ops.aten.tanh_backward.grad_input), *args, grad_input=out)]


def sigmoid_backward(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """The first times y (1 - y), with y the second, in one pass."""
    return [partial(direct(torch.ops.aten.sigmoid_backward.grad_input), *args, grad_input=out)]


def threshold_backward(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """The first where the second is not at most zero, else zero, in one pass."""
    return [partial(direct(torch.ops.aten.threshold_backward.grad_input), *args, 0, grad_input=out)]


def softplus(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """log(1 + exp(x)); from 40 on x itself is exact in double precision."""
    bounded = torch.ops.aten.softplus.out
    return [partial(bounded, args[0], 1, 40, out=out)]


def concat(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """Each value copied to its part of the result."""
    closures: list[Closure] = []
    start = 0
    for part in args:
        length = part.shape[options["axis"]]
        closures.append(partial(out.narrow(options["axis"], start, length).copy_, part))
        start += length
    return closures


def one_hot(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """Zeros, then a one at each index."""
    return [out.zero_, partial(out.scatter_, -1, args[0].unsqueeze(-1), 1.0)]


def copy(args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """The elements of one tensor, or one number, everywhere."""
    return [partial(out.copy_, args[0])]


SPECIAL: dict[str, Bind] = {
    "mm": mm,
    "addmm": addmm,
    "dot": dot,
    "total": total,
    "column_sum": column_sum,
    "softplus": softplus,
    "tanh_backward": tanh_backward,
    "sigmoid_backward": sigmoid_backward,
    "threshold_backward": threshold_backward,
    "concat": concat,
    "one_hot": one_hot,
    "copy": copy,
    "fill": copy,
}


def closures(function: str, args: Sequence[Tensor], out: Tensor, options: Mapping[str, Any]) -> list[Closure]:
    """What runs a call: one closure for each torch function it takes."""
    if function in SPECIAL:
        return SPECIAL[function](args, out, options)
    return [partial(NAMED[function], *args, **options, out=out)]
