"""Statements: formulas taken apart into elementwise maps, reductions, products and copies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from specdl.core.errors import CompilerFault
from specdl.core.expr import NUMBER_LEAVES, Expr
from specdl.core.types import Dim, product

Form = Literal["full", "row", "column", "scalar"]
"""How a value lies on a grid: an element for each place, for each column, for each row, or one for all."""
BLOCK = 16
"""Rows that a sum over everything takes at a time: on no cut between threads does its order depend."""


class NotNativeError(CompilerFault):
    """A formula that statements cannot say; its instruction is left to torch."""


@dataclass(frozen=True)
class Grid:
    """The places a statement runs over: rows, perhaps a multiple of the batch, and columns.

    A value of any rank counts as (product of all axes but the last, last axis); a vector as one
    row, a scalar as one place.
    """

    rows: Dim
    cols: int

    def __str__(self) -> str:
        return f"{self.rows}x{self.cols}"


@lru_cache(maxsize=4096)
def grid_of(shape: tuple[Dim, ...]) -> Grid:
    """The grid of a value of this shape."""
    cols = shape[-1] if shape else 1
    if not isinstance(cols, int):
        # a value with one element for each sample: one column
        return Grid(product(shape), 1)
    return Grid(product(shape[:-1]), cols)


def form(shape: tuple[Dim, ...], grid: Grid, over: tuple[Dim, ...]) -> Form:
    """How a value of a shape lies on the grid of the values of shape `over`, to which it broadcasts.

    Raises `NotNativeError` where it is none of the four forms.
    """
    padded = (1,) * (len(over) - len(shape)) + shape
    if padded == over:
        return "full"
    if all(dim == 1 for dim in padded):
        return "scalar"
    if padded[-1] == over[-1] and all(dim == 1 for dim in padded[:-1]):
        return "row"
    if padded[-1] == 1 and padded[:-1] == over[:-1]:
        return "column"
    raise NotNativeError(f"{shape} over {over} is neither whole, a row, a column nor a scalar ({grid})")


@dataclass(frozen=True)
class Map:
    """`target = expr`, element by element over the grid of the target.

    The leaves of `expr` are `load(value)` in one of the four forms, `one_hot(load(index))`, and
    numbers; the other nodes are `specdl.core.expr.MAPS` and `truth`.
    """

    target: str
    shape: tuple[Dim, ...]
    expr: Expr

    @property
    def grid(self) -> Grid:
        return grid_of(self.shape)

    def __str__(self) -> str:
        return f"{self.target} = {self.expr}"


@dataclass(frozen=True)
class Reduce:
    """`target` = the sum or the maximum of `expr`, which is as a map's, over a grid.

    Over the `row`: an element for each row. Over the `batch`: an element for each column. Over
    `all` of it, the sum only: an element for each `BLOCK` rows, which a `Total` then adds up.
    """

    target: str
    how: Literal["sum", "max"]
    over: Literal["row", "batch", "all"]
    shape: tuple[Dim, ...]
    """Of `expr`."""
    expr: Expr

    @property
    def grid(self) -> Grid:
        return grid_of(self.shape)

    def __str__(self) -> str:
        return f"{self.target} = {self.over}_{self.how}({self.expr})"


@dataclass(frozen=True)
class Total:
    """`target` = the sum of what a `Reduce` over all left, in order: a scalar."""

    target: str
    parts: str
    rows: Dim
    """Of the grid that was reduced."""

    @property
    def grid(self) -> Grid:
        return Grid(1, 1)

    def __str__(self) -> str:
        return f"{self.target} = total({self.parts})"


@dataclass(frozen=True)
class Operand:
    """A value as a matrix, perhaps transposed."""

    value: str
    cols: int
    """The columns of the value itself, before it is transposed."""
    transposed: bool = False

    def __str__(self) -> str:
        return f"{self.value}.T" if self.transposed else self.value


@dataclass(frozen=True)
class Product:
    """`target` (m, n) = a (m, k) times b (k, n)."""

    target: str
    a: Operand
    b: Operand
    m: Dim
    n: int
    k: Dim

    @property
    def grid(self) -> Grid:
        return Grid(self.m, self.n)

    def __str__(self) -> str:
        return f"{self.target} = {self.a} @ {self.b}"


@dataclass(frozen=True)
class Copy:
    """Columns of one value put into columns of another; both count as matrices of `rows` rows.

    A part of a concatenation, or a slice, along any axis.
    """

    target: str
    source: str
    rows: Dim
    cols: int
    source_at: int
    source_cols: int
    target_at: int
    target_cols: int

    @property
    def grid(self) -> Grid:
        return Grid(self.rows, self.cols)

    def __str__(self) -> str:
        to, of = (self.target_at, self.target_cols), (self.source_at, self.source_cols)
        return f"{self.target}[{to[0]}:{to[0] + self.cols}] = {self.source}[{of[0]}:{of[0] + self.cols}]"


Statement = Map | Reduce | Total | Product | Copy


def reads(statement: Statement) -> tuple[str, ...]:
    """The values that a statement reads, each once."""
    if isinstance(statement, Product):
        return tuple(dict.fromkeys((statement.a.value, statement.b.value)))
    if isinstance(statement, Copy):
        return (statement.source,)
    if isinstance(statement, Total):
        return (statement.parts,)
    return tuple(dict.fromkeys(str(leaf.attr) for leaf in leaves(statement.expr) if leaf.op == "load"))


def leaves(expr: Expr) -> Iterator[Expr]:
    """The loads and numbers that an expression needs, each once, in order of appearance.

    A number counts as a whole, with all that it is computed from.
    """
    seen: set[Expr] = set()
    stack = [expr]
    while stack:
        here = stack.pop()
        if here in seen:
            continue
        seen.add(here)
        if here.number or here.op == "load" or here.op in NUMBER_LEAVES:
            yield here
        else:
            stack.extend(reversed(here.args))
