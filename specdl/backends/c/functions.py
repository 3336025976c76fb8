"""Nests as C functions: one for each distinct nest, whatever its values are called."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace

from specdl.backends.c.blas import Stored, emit_blas
from specdl.backends.c.body import Body, Extent, View
from specdl.backends.c.columns import emit_columns
from specdl.backends.c.copies import emit_copy
from specdl.backends.c.epilogues import epilogue
from specdl.backends.c.names import Names, Param
from specdl.backends.c.products import emit
from specdl.backends.c.rows import emit_rows
from specdl.backends.c.target import Target
from specdl.core.types import Batch, Dim
from specdl.loops.nests import Nest
from specdl.loops.statements import Operand, Product
from specdl.plan.nest_schedule import NestSchedule


@dataclass(frozen=True)
class Goal:
    """What code is made for: the target, and the rows and threads that it should be fastest with."""

    target: Target
    rows: int
    threads: int
    blas: bool = True
    """Whether there is a BLAS for large products."""


@dataclass(frozen=True)
class Function:
    """The text of a nest function behind its name, and how it is called."""

    text: str
    params: tuple[Param, ...]
    """What its pointers point to."""
    units: Extent
    grain: int
    scratch: int


def extent(dim: Dim) -> Extent:
    """An axis as the code counts it."""
    return Extent(times=dim.times) if isinstance(dim, Batch) else Extent(fixed=dim)


def function(nest: Nest, schedule: NestSchedule, goal: Goal) -> Function:
    """The function of a nest that is no torch call."""

    def place(value: str) -> Hashable:
        return schedule.place(value)

    names = Names(goal.target, schedule.dtype, place)
    body = emit_body(nest, schedule, goal, names)
    lines = (*names.declarations(), *body.lines)
    text = "".join(f"  {line}\n" for line in lines)
    return Function(text, names.params, body.units, body.grain, body.scratch)


def emit_body(nest: Nest, schedule: NestSchedule, goal: Goal, names: Names) -> Body:
    """The body for a nest's kind."""
    if nest.kind == "product":
        return emit_product(nest, schedule, goal, names)
    if nest.kind == "columns":
        return emit_columns(nest, schedule, goal.target, names)
    if nest.kind == "copy":
        return emit_copy(nest, schedule, goal.target, names)
    return emit_rows(nest, schedule, goal.target, names, goal.rows)


def emit_product(nest: Nest, schedule: NestSchedule, goal: Goal, names: Names) -> Body:
    """A product with what follows on its results."""
    product = nest.product
    a, b = factors(product, schedule, names.param)
    stored = None
    following = nest
    if nest.blas and product.target in nest.stored:
        stored = Stored(names.param(product.target, written=True), schedule.ld(product.target, product.n))
        following = replace(nest, stored=nest.stored - {product.target})

    def after(row: str, column: str, accumulator: str, tail: str) -> list[str]:
        return epilogue(following, schedule, goal.target, names, row, column, accumulator, tail)

    sizes = extent(product.m), product.n, extent(product.k)
    if nest.blas:
        return emit_blas(a, b, *sizes, stored, after, goal.target, goal.rows)
    return emit(a, b, *sizes, after, goal.target, goal.rows, goal.threads)


def factors(product: Product, schedule: NestSchedule, named: Callable[[str], str]) -> tuple[View, View]:
    """The factors of a product, by the names of what points to them."""
    a, b = view(product.a, schedule, named), view(product.b, schedule, named)
    # b counts along n first, where a counts along m
    return a, View(b.pointer, b.k, b.outer)


def view(operand: Operand, schedule: NestSchedule, named: Callable[[str], str]) -> View:
    """A factor as (rows, columns) with the strides of its rows and its columns."""
    pointer, ld = named(operand.value), schedule.ld(operand.value, operand.cols)
    return View(pointer, 1, ld) if operand.transposed else View(pointer, ld, 1)
