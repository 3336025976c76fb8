"""Which traced nodes one torch call can do together."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from specdl.core.expr import COMPARISONS, MAPS, Expr, const, elements, is_contiguous, is_number, reshape, walk
from specdl.core.types import Batch, TensorType

SCALAR_SECOND = frozenset({"add", "sub", "mul", "div", "pow", *COMPARISONS})
"""Functions of torch that take a number as their second argument."""


@dataclass(frozen=True)
class Match:
    """One torch call: its function, its operands, numbers given by name, and what it swallows."""

    function: str
    args: tuple[Expr, ...]
    options: Mapping[str, Expr | tuple[int, ...] | bool | int] = field(default_factory=dict)
    absorbed: tuple[Expr, ...] = ()
    elementwise: bool = False
    """Whether the result may lie where an operand of its type lies."""
    scratch: tuple[TensorType, ...] = ()
    """Buffers that the call needs beside its result; it gets them as further operands."""


def is_static(expr: Expr) -> bool:
    """Whether a number is known once the batch size is."""
    return is_number(expr) and all(e.op != "scalar" for e in walk([expr]))


Single = Callable[[Expr], bool]
"""Whether a node is read once only and is no result, so that its reader may swallow it."""


def match(e: Expr, single: Single) -> Match:
    """The call that computes a node, swallowing what it can of the nodes behind it."""
    for pattern in PATTERNS.get(e.op, ()):
        found = pattern(e, single)
        if found:
            return found
    if e.op == "sum":
        return dot(e, single) or total(e) or column_sum(e) or Match("sum", e.args, reduction(e))
    if e.op == "max":
        return Match("amax", e.args, reduction(e))
    if e.op == "matmul":
        return Match("mm", e.args)
    if e.op == "truth":
        return Match("gt", (*e.args, const(0.5)))
    if e.op == "concat":
        return Match("concat", e.args, {"axis": e.attr})
    if e.op in MAPS:
        return elementwise(e)
    return Match(e.op, e.args)


def scaled_dot(e: Expr, single: Single) -> Match | None:
    """The sum of all products of two values, over a number known beforehand: a mean square."""
    products, number = e.args
    if products.op != "sum" or not single(products) or not is_static(number):
        return None
    found = dot(products, single)
    if found is None:
        return None
    return Match("dot", found.args, {"scale": const(1.0) / number}, (products, *found.absorbed))


def one_minus(e: Expr) -> Expr | None:
    """What is subtracted from 1, if that is what a node does."""
    return e.args[1] if e.op == "sub" and e.args[0].op == "const" and e.args[0].attr == 1.0 else None


def tanh_slope(e: Expr, single: Single) -> Match | None:
    """A value times one minus a square: what torch has a function for as tanh's backward."""
    given, slope = e.args
    square = one_minus(slope)
    if square is None or square.op != "mul" or square.args[0] is not square.args[1]:
        return None
    if not (single(slope) and single(square)) or given.shape != e.shape or square.shape != e.shape:
        return None
    return Match("tanh_backward", (given, square.args[0]), {}, (slope, square), elementwise=True)


def sigmoid_slope(e: Expr, single: Single) -> Match | None:
    """A value times y (1 - y): what torch has a function for as the sigmoid's backward."""
    given, slope = e.args
    if slope.op != "mul":
        return None
    y, rest = slope.args
    if one_minus(rest) is not y or not (single(slope) and single(rest)):
        return None
    if given.shape != e.shape or y.shape != e.shape or is_number(y):
        return None
    return Match("sigmoid_backward", (given, y), {}, (slope, rest), elementwise=True)


def threshold(e: Expr, single: Single) -> Match | None:
    """Zero where y is at most zero, else a value: relu's backward."""
    condition, zero, given = e.args
    if condition.op != "le" or not single(condition) or is_number(given):
        return None
    y, bound = condition.args
    if any(each.op != "const" or each.attr != 0.0 for each in (zero, bound)) or is_number(y):
        return None
    if given.shape != e.shape or y.shape != e.shape:
        return None
    return Match("threshold_backward", (given, y), {}, (condition,), elementwise=True)


def reduction(e: Expr) -> dict[str, Expr | tuple[int, ...] | bool | int]:
    """The options of a reduction."""
    axes, keepdim = e.attr
    return {"dim": axes, "keepdim": keepdim}


def elementwise(e: Expr) -> Match:
    """A map as it is; a number first changes places where the function allows it."""
    args = e.args
    if e.op in ("add", "mul") and is_number(args[0]):
        args = (args[1], args[0])
    return Match(e.op, args, elementwise=True)


def add_product(e: Expr, single: Single) -> Match | None:
    """A matrix product plus a row: `addmm`."""
    product_, row = e.args
    if e.op != "add" or product_.op != "matmul" or not single(product_) or is_number(row):
        return None
    if product_.shape != e.shape or row.shape not in (e.shape[-1:], e.shape):
        return None
    if len(row.shape) > 2 and not is_contiguous(row):
        return None
    return Match("addmm", (row, *product_.args), absorbed=(product_,))


def add_scaled(e: Expr, single: Single) -> Match | None:
    """A value plus a multiple of another, or of a product of two: `add` with alpha, `addcmul`."""
    for first, second in (e.args, e.args[::-1]) if e.op == "add" else (e.args,):
        if second.op != "mul" or not single(second) or is_number(second):
            continue
        factor, others, absorbed = factors(second, single)
        if e.op == "sub":
            factor = -factor
        if len(others) == 1 and not is_number(first):
            return Match("add", (first, others[0]), {"alpha": factor}, absorbed, elementwise=True)
        if len(others) == 2:
            return Match("addcmul", (first, *others), {"value": factor}, absorbed, elementwise=True)
    return None


def factors(e: Expr, single: Single) -> tuple[Expr, list[Expr], tuple[Expr, ...]]:
    """A product as a number known beforehand times other factors, and the nodes it is made of."""
    absorbed = [e]
    number, others = const(1.0), []
    inner = [(e, arg) for arg in e.args]
    for _, arg in inner:
        if is_static(arg):
            number = number * arg
        elif arg.op == "mul" and any(map(is_static, arg.args)) and single(arg) and not is_number(arg):
            absorbed.append(arg)
            inner.extend((arg, each) for each in arg.args)
        else:
            others.append(arg)
    if len(others) == 1 and others[0].op == "mul" and single(others[0]) and not is_number(others[0]):
        absorbed.append(others[0])
        others = list(others[0].args)
    return number, others, tuple(absorbed)


def dot(e: Expr, single: Single) -> Match | None:
    """The sum of all products of two values: `dot`."""
    (x,) = e.args
    axes: tuple[int, ...] = e.attr[0]
    if (
        x.op != "mul"
        or not single(x)
        or len(axes) != len(x.shape)
        or sum(isinstance(dim, Batch) for dim in x.shape) > 1
        or any(arg.shape != x.shape or not is_contiguous(arg) for arg in x.args)
    ):
        return None
    a, b = (flat(arg) for arg in x.args)
    return Match("dot", (a, b), absorbed=(x,))


PARTS = 64
"""The sums of parts that a long sum to one number goes by."""


def total(e: Expr) -> Match | None:
    """The sum of all elements: of a long value by parts, since torch's own takes memory for them."""
    (x,) = e.args
    if not x.shape or e.type.numel() != 1 or e.type.batched or not is_contiguous(x):
        return None
    return Match("total", e.args, scratch=(e.type.with_shape(PARTS),))


def column_sum(e: Expr) -> Match | None:
    """The sum over every axis but the last."""
    axes, keepdim = e.attr
    (x,) = e.args
    rank = len(x.shape)
    if axes != tuple(range(rank - 1)) or rank < 2 or keepdim or (rank > 2 and not is_contiguous(x)):
        return None
    return Match("column_sum", e.args)


def flat(x: Expr) -> Expr:
    """A value as one long vector."""
    return reshape(x, (elements(x.shape),))


PATTERNS: Mapping[str, tuple[Callable[[Expr, Single], Match | None], ...]] = {
    "add": (add_product, add_scaled),
    "sub": (add_scaled,),
    "mul": (tanh_slope, sigmoid_slope),
    "div": (scaled_dot,),
    "where": (threshold,),
}
"""By the function of a node: what may swallow nodes behind it, tried in order."""

__all__ = ["SCALAR_SECOND", "Match", "flat", "is_static", "match"]
