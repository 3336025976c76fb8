"""The language in which kernels are written: arithmetic on values that are tensors or traces.

A function here takes plain tensors (and computes, by `specdl.core.plain`) or traced
values (and notes what to compute). Beside these functions a formula may use + - * / **,
comparisons, `@`, `.T` of a matrix, and numbers; `y[:] = ...` writes a result. It never
branches on a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from specdl.core import expr as traced
from specdl.core import plain
from specdl.core.errors import CompilerFault
from specdl.core.expr import Expr
from specdl.core.types import TensorType

Value = Any
"""A torch tensor, a traced value, or a number."""


def _map(name: str, *values: Value) -> Value:
    if any(isinstance(value, Expr) for value in values):
        return traced.apply(name, *values)
    return plain.MAP[name](*values)


def exp(x: Value) -> Value:
    """Euler's number to the power of x."""
    return _map("exp", x)


def log(x: Value) -> Value:
    """The natural logarithm."""
    return _map("log", x)


def log1p(x: Value) -> Value:
    """log(1 + x), exact for small x."""
    return _map("log1p", x)


def sqrt(x: Value) -> Value:
    """The square root."""
    return _map("sqrt", x)


def rsqrt(x: Value) -> Value:
    """One over the square root."""
    return _map("rsqrt", x)


def erf(x: Value) -> Value:
    """The error function."""
    return _map("erf", x)


def tanh(x: Value) -> Value:
    """The hyperbolic tangent."""
    return _map("tanh", x)


def sigmoid(x: Value) -> Value:
    """1 / (1 + exp(-x)), without overflow."""
    return _map("sigmoid", x)


def softplus(x: Value) -> Value:
    """log(1 + exp(x)), without overflow."""
    return _map("softplus", x)


def absolute(x: Value) -> Value:
    """The distance from zero."""
    return _map("abs", x)


def sign(x: Value) -> Value:
    """-1, 0 or 1."""
    return _map("sign", x)


def maximum(a: Value, b: Value) -> Value:
    """The larger; NaN where either is."""
    return _map("maximum", a, b)


def minimum(a: Value, b: Value) -> Value:
    """The smaller; NaN where either is."""
    return _map("minimum", a, b)


def where(condition: Value, a: Value, b: Value) -> Value:
    """`a` where the condition holds, else `b`."""
    return _map("where", condition, a, b)


def _reduce(kind: str, x: Value, axes: Sequence[int], keepdim: bool) -> Value:
    if isinstance(x, Expr):
        return traced.reduce(kind, x, tuple(axes), keepdim=keepdim) if axes else x
    return plain.REDUCE[kind](x, axes, keepdim)


def row_sum(x: Value) -> Value:
    """The sum over the last axis, which stays with length 1."""
    return _reduce("sum", x, (len(x.shape) - 1,), keepdim=True)


def row_max(x: Value) -> Value:
    """The largest along the last axis, which stays with length 1."""
    return _reduce("max", x, (len(x.shape) - 1,), keepdim=True)


def row_mean(x: Value) -> Value:
    """The mean over the last axis, which stays with length 1."""
    return row_sum(x) / x.shape[-1]


def batch_sum(x: Value) -> Value:
    """The sum over every axis but the last: (batch, ..., features) to (features)."""
    return _reduce("sum", x, tuple(range(len(x.shape) - 1)), keepdim=False)


def total(x: Value) -> Value:
    """The sum over everything, a scalar."""
    return _reduce("sum", x, tuple(range(len(x.shape))), keepdim=False)


def mean(x: Value) -> Value:
    """The mean over everything, a scalar."""
    return total(x) / size(x)


def size(x: Value) -> Value:
    """How many elements there are."""
    return traced.length(traced.elements(x.shape)) if isinstance(x, Expr) else x.numel()


def row_count(x: Value) -> Value:
    """How many rows (runs along the last axis) there are."""
    return traced.length(traced.elements(x.shape[:-1])) if isinstance(x, Expr) else prod(x.shape[:-1])


def rows(x: Value) -> Value:
    """A value of any rank as a matrix of its rows: (batch, ..., features) to (rows, features)."""
    if isinstance(x, Expr):
        return traced.reshape(x, (traced.elements(x.shape[:-1]), x.shape[-1]))
    return x.reshape(-1, x.shape[-1])


def reshape_like(x: Value, like: Value) -> Value:
    """The same elements in row-major order, in the shape of another value or of a result."""
    return traced.reshape(x, tuple(like.shape)) if isinstance(x, Expr) else x.reshape(like.shape)


def slice_axis(x: Value, axis: int, start: int, stop: int) -> Value:
    """Elements `start` to `stop` along an axis."""
    if isinstance(x, Expr):
        return traced.slice_axis(x, axis, start, stop)
    return x.narrow(axis, start, stop - start)


def concat(parts: Sequence[Value], axis: int) -> Value:
    """Values beside one another along an axis."""
    if any(isinstance(part, Expr) for part in parts):
        return traced.concat(tuple(parts), axis)
    return plain.concat(parts, axis)


def one_hot(index: Value, like: Value) -> Value:
    """1 where the place along the last axis of `like` is `index`, else 0; the shape of `like`."""
    return traced.one_hot(index, like) if isinstance(index, Expr) else plain.one_hot(index, like)


def is_index(x: Value) -> bool:
    """Whether a value holds indices: a fact of its type, so a formula may branch on it."""
    return x.type.dtype == "int64" if isinstance(x, Expr) else not x.dtype.is_floating_point


class Sink:
    """What stands right of `*` while tracing: `y[:] = formula` notes the formula."""

    def __init__(self, name: str, type: TensorType, noted: dict[str, Expr]) -> None:
        self.name, self.type, self.noted = name, type, noted

    @property
    def shape(self) -> tuple[Any, ...]:
        return self.type.shape

    def __setitem__(self, where: slice, value: Expr | float) -> None:
        formula = traced.lift(value)
        if where != slice(None):
            raise CompilerFault(f"`{self.name}` is written as a whole: {self.name}[:] = ...")
        if self.name in self.noted:
            raise CompilerFault(f"`{self.name}` is written twice")
        number = traced.is_number(formula)
        if not number and (formula.shape != self.type.shape or formula.type.dtype != self.type.dtype):
            raise CompilerFault(f"`{self.name}` is {self.type}, but what is written is {formula.type}")
        self.noted[self.name] = formula


class Discard:
    """Stands for a result that this op does not have: what is written to it is dropped."""

    def __setitem__(self, where: slice, value: Any) -> None:
        pass
