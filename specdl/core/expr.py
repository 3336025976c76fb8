"""The graph that a formula leaves when it is traced: interned nodes with types.

A node is what it computes: equal nodes are one object, so equal subexpressions are found
by identity, across kernels too. The first axis may be the symbolic batch; how many rows
there are is a node of its own (`samples`), an ordinary scalar of the run.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable
from typing import Any
from weakref import WeakValueDictionary

from specdl.core.errors import CompilerFault
from specdl.core.types import BATCH, Batch, Dim, DType, TensorType, product

Number = int | float

COMPARISONS = frozenset("lt le gt ge eq".split())
FUNCTIONS = "neg exp log log1p sqrt rsqrt erf tanh sigmoid softplus abs sign".split()
MAPS = COMPARISONS.union(FUNCTIONS, "add sub mul div pow maximum minimum where".split())
"""Elementwise functions, with broadcasting."""
NUMBER_LEAVES = frozenset("const scalar samples".split())
VIEWS = frozenset("transpose reshape slice".split())
"""The same elements at other places: they cost nothing."""


class Expr:
    """A traced value. Arithmetic on it gives more of them."""

    __slots__ = ("__weakref__", "args", "attr", "number", "op", "type")

    op: str
    args: tuple[Expr, ...]
    attr: Any
    type: TensorType
    number: bool
    """Whether it is a scalar that depends on no stored value."""

    def __init__(self, op: str, args: tuple[Expr, ...], attr: Any, type: TensorType) -> None:
        self.op, self.args, self.attr, self.type = op, args, attr, type
        self.number = op in NUMBER_LEAVES or (op in MAPS and all(arg.number for arg in args))

    @property
    def shape(self) -> tuple[Dim, ...]:
        return self.type.shape

    @property
    def T(self) -> Expr:  # noqa: N802 - torch's name
        """The transpose of a matrix."""
        if len(self.shape) != 2:
            raise CompilerFault(f"only a matrix has a transpose, not {self.type}; `rows` makes one")
        return node("transpose", (self,), None, self.type.with_shape(*reversed(self.shape)))

    def __add__(self, other: Expr | Number) -> Expr:
        return apply("add", self, other)

    def __radd__(self, other: Number) -> Expr:
        return apply("add", other, self)

    def __sub__(self, other: Expr | Number) -> Expr:
        return apply("sub", self, other)

    def __rsub__(self, other: Number) -> Expr:
        return apply("sub", other, self)

    def __mul__(self, other: Expr | Number) -> Expr:
        return apply("mul", self, other)

    def __rmul__(self, other: Number) -> Expr:
        return apply("mul", other, self)

    def __truediv__(self, other: Expr | Number) -> Expr:
        return apply("div", self, other)

    def __rtruediv__(self, other: Number) -> Expr:
        return apply("div", other, self)

    def __pow__(self, other: Expr | Number) -> Expr:
        return self * self if other == 2 else apply("pow", self, other)

    def __rpow__(self, other: Number) -> Expr:
        return apply("pow", other, self)

    def __neg__(self) -> Expr:
        return apply("neg", self)

    def __lt__(self, other: Expr | Number) -> Expr:
        return apply("lt", self, other)

    def __le__(self, other: Expr | Number) -> Expr:
        return apply("le", self, other)

    def __gt__(self, other: Expr | Number) -> Expr:
        return apply("gt", self, other)

    def __ge__(self, other: Expr | Number) -> Expr:
        return apply("ge", self, other)

    def __matmul__(self, other: Expr) -> Expr:
        return matmul(self, other)

    def __bool__(self) -> bool:
        raise CompilerFault("a formula cannot branch on a value: use `where`")

    def __repr__(self) -> str:
        pieces: list[str] = []
        stack: list[Expr | str] = [self]
        while stack:
            each = stack.pop()
            if isinstance(each, str):
                pieces.append(each)
            elif each.op in ("load", "const", "scalar"):
                pieces.append(str(each.attr))
            else:
                stack.append(")")
                inner: list[Expr | str] = [*each.args]
                if each.attr is not None:
                    inner.append(str(each.attr))
                for one in reversed(inner):
                    stack += [one, ", "]
                stack[-1] = f"{each.op}("
        return "".join(pieces)


_pool: WeakValueDictionary[tuple[Hashable, ...], Expr] = WeakValueDictionary()


def node(op: str, args: tuple[Expr, ...], attr: Hashable, type: TensorType) -> Expr:
    """The one node for this operation on these arguments."""
    # repr keeps 0.0 and -0.0, and 1 and True, apart
    return _pool.setdefault((op, args, repr(attr), type), Expr(op, args, attr, type))


def load(name: str, type: TensorType) -> Expr:
    """A stored value."""
    return node("load", (), name, type)


def scalar(name: str) -> Expr:
    """A number that may change from step to step: the learning rate, the step's number."""
    return node("scalar", (), name, TensorType((), "float64"))


def samples(times: int = 1) -> Expr:
    """A multiple of the number of samples in the batch."""
    return node("samples", (), times, TensorType((), "float64"))


def const(value: Number) -> Expr:
    """A number fixed by the spec."""
    return node("const", (), float(value), TensorType((), "float64"))


def lift(value: Expr | Number | Batch) -> Expr:
    """A node for a value, a number, or the length of an axis."""
    if isinstance(value, Batch):
        return samples(value.times)
    return value if isinstance(value, Expr) else const(value)


def length(dim: Dim) -> Expr | int:
    """The length of an axis: a number, or a multiple of the samples."""
    return samples(dim.times) if isinstance(dim, Batch) else dim


def is_number(expr: Expr) -> bool:
    """Whether a node is a scalar that depends on no stored value."""
    return expr.number


def apply(op: str, *values: Expr | Number) -> Expr:
    """An elementwise function of broadcast arguments."""
    args = tuple(lift(value) for value in values)
    if op in ("mul", "div") and args[1].op == "const" and args[1].attr == 1.0:
        return args[0]
    if op == "mul" and args[0].op == "const" and args[0].attr == 1.0:
        return args[1]
    if op == "where" and args[1] is args[2] and broadcast(arg.shape for arg in args) == args[1].shape:
        return args[1]
    if op == "where" and args[0].number and not (args[1].number and args[2].number):
        args = (node("truth", args[:1], None, args[0].type), *args[1:])
    if all(arg.op == "const" for arg in args) and op in FOLD:
        return const(FOLD[op](*(arg.attr for arg in args)))
    return node(op, args, None, TensorType(broadcast(arg.shape for arg in args), map_dtype(op, args)))


FOLD: dict[str, Callable[..., float]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "neg": lambda a: -a,
    "sqrt": math.sqrt,
}


def map_dtype(op: str, args: tuple[Expr, ...]) -> DType:
    """The dtype of an elementwise function: stored values decide, numbers follow."""
    if op in COMPARISONS:
        return "bool"
    stored = [arg.type.dtype for arg in (args[1:] if op == "where" else args) if not is_number(arg)]
    if op == "where" and not stored:
        # two numbers: they are of the type of what was compared
        stored = [arg.type.dtype for arg in args[0].args if arg.type.is_float and not is_number(arg)]
    if len(set(stored)) > 1:
        raise CompilerFault(f"{op} of {' and '.join(str(arg.type) for arg in args)}")
    return stored[0] if stored else "float64"


def broadcast(shapes: Iterable[tuple[Dim, ...]]) -> tuple[Dim, ...]:
    """The common shape, by the rule of numpy and torch."""
    given = list(shapes)
    result: list[Dim] = [1] * max(map(len, given), default=0)
    for shape in given:
        for back in range(1, len(shape) + 1):
            if shape[-back] != 1 and result[-back] not in (1, shape[-back]):
                raise CompilerFault(f"shapes {' and '.join(map(str, given))} do not broadcast")
            if shape[-back] != 1:
                result[-back] = shape[-back]
    return tuple(result)


def reduce(kind: str, x: Expr, axes: tuple[int, ...], *, keepdim: bool) -> Expr:
    """Sum or maximum over some axes, given as numbers from 0."""
    kept = [1 if i in axes else dim for i, dim in enumerate(x.shape)]
    shape = kept if keepdim else [dim for i, dim in enumerate(x.shape) if i not in axes]
    return node(kind, (x,), (axes, keepdim), x.type.with_shape(*shape))


def matmul(a: Expr, b: Expr) -> Expr:
    """The product of (rows, k) and (k, n); the left side may have more axes than two."""
    if len(b.shape) != 2 or len(a.shape) < 2 or a.shape[-1] != b.shape[0] or a.type.dtype != b.type.dtype:
        raise CompilerFault(f"there is no product of {a.type} and {b.type}")
    if len(a.shape) > 2:
        a = contiguous(a)
    return node("matmul", (a, b), None, a.type.with_shape(*a.shape[:-1], b.shape[1]))


def elements(shape: tuple[Dim, ...]) -> Dim:
    """The number of elements of a shape; raises `CompilerFault` if it is no multiple of the batch."""
    try:
        return product(shape)
    except ValueError as error:
        raise CompilerFault(str(error)) from None


def reshape(x: Expr, shape: tuple[Dim, ...]) -> Expr:
    """The same elements in row-major order in another shape."""
    if elements(shape) != elements(x.shape):
        raise CompilerFault(f"{x.type} has no shape {shape}")
    if shape == x.shape:
        return x
    if x.number:
        raise CompilerFault("a number of the run has no other shape")
    if x.op == "reshape":
        return reshape(x.args[0], shape)
    return node("reshape", (contiguous(x),), shape, x.type.with_shape(*shape))


def is_contiguous(x: Expr) -> bool:
    """Whether a value's elements lie side by side in row-major order."""
    while x.op == "reshape":
        (x,) = x.args
    return x.op not in VIEWS


def contiguous(x: Expr) -> Expr:
    """The value itself, or a copy of one whose elements do not lie side by side in order."""
    return x if is_contiguous(x) else node("copy", (x,), None, x.type)


def positive(axis: int, rank: int) -> int:
    """The number of an axis from 0; a negative one counts from the end."""
    if not -rank <= axis < rank:
        raise CompilerFault(f"there is no axis {axis} of {rank}")
    return axis % rank


def slice_axis(x: Expr, axis: int, start: int, stop: int) -> Expr:
    """Elements `start` to `stop` along an axis that is not the batch."""
    axis = positive(axis, len(x.shape))
    dim = x.shape[axis]
    if isinstance(dim, Batch) or not 0 <= start < stop <= dim:
        raise CompilerFault(f"{x.type} has no elements {start}:{stop} along axis {axis}")
    shape = [stop - start if i == axis else each for i, each in enumerate(x.shape)]
    return node("slice", (x,), (axis, start, stop), x.type.with_shape(*shape))


def concat(parts: tuple[Expr, ...], axis: int) -> Expr:
    """Values beside one another along an axis that is not the batch."""
    axis = positive(axis, len(parts[0].shape))
    total = 0
    for part in parts:
        dim = part.shape[axis] if len(part.shape) == len(parts[0].shape) else BATCH
        beside = part.type.with_shape(*part.shape[:axis], 0, *part.shape[axis + 1 :])
        first = parts[0].type.with_shape(*parts[0].shape[:axis], 0, *parts[0].shape[axis + 1 :])
        if isinstance(dim, Batch) or beside != first:
            raise CompilerFault(f"{' and '.join(str(p.type) for p in parts)} do not join along axis {axis}")
        total += dim
    shape = [total if i == axis else dim for i, dim in enumerate(parts[0].shape)]
    return node("concat", parts, axis, parts[0].type.with_shape(*shape))


def one_hot(index: Expr, like: Expr) -> Expr:
    """1 where the place along the last axis of `like` is `index`, else 0."""
    if index.shape != like.shape[:-1] or index.type.dtype != "int64":
        raise CompilerFault(f"{index.type} does not index the last axis of {like.type}")
    return node("one_hot", (index,), None, like.type)


def walk(roots: Iterable[Expr]) -> list[Expr]:
    """Every node that the roots need, each once, arguments first; without recursion."""
    order: list[Expr] = []
    seen: set[Expr] = set()
    stack: list[tuple[Expr, bool]] = [(root, False) for root in reversed(list(roots))]
    while stack:
        expr, ready = stack.pop()
        if ready:
            order.append(expr)
        elif expr not in seen:
            seen.add(expr)
            stack.append((expr, True))
            stack.extend((arg, False) for arg in reversed(expr.args))
    return order


NUMBERS: dict[str, Callable[..., Any]] = FOLD | {
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "maximum": max,
    "minimum": min,
    "where": lambda c, a, b: a if c else b,
    "exp": math.exp,
    "log": math.log,
    "log1p": math.log1p,
    "rsqrt": lambda a: 1 / math.sqrt(a),
    "tanh": math.tanh,
    "erf": math.erf,
    "sigmoid": lambda a: 1 / (1 + math.exp(-a)) if a >= 0 else math.exp(a) / (1 + math.exp(a)),
    "softplus": lambda a: max(a, 0) + math.log1p(math.exp(-abs(a))),
    "sign": lambda a: (a > 0) - (a < 0),
    "abs": abs,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
}
