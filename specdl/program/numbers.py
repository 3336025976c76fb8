"""Numbers that formulas use, each in a slot of the scalars buffer that calls read.

Nothing that changes from step to step is baked into a call: the learning rate, the
step's number and the batch size reach the kernels through slots, computed in double
precision by the host before a step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from specdl.core.expr import NUMBERS as FUNCTIONS
from specdl.core.expr import Expr, is_number, walk
from specdl.program.calls import CallList

Evaluate = Callable[[float, int, int], Any]
"""A number from the learning rate, the step's number and the rows of the batch."""


def slots(lists: Iterable[CallList]) -> tuple[Expr, ...]:
    """Every number that stands as an operand, once, in order of appearance."""
    found: dict[Expr, None] = {}
    for each in lists:
        for call in each.calls:
            for arg in call.args:
                if isinstance(arg, Expr) and is_number(arg):
                    found[arg] = None
    return tuple(found)


def compiled(expr: Expr) -> Evaluate:
    """A number's formula as nested closures, so that a step need not walk the graph."""
    if expr.op == "const":
        value = float(expr.attr)
        return lambda lr, t, rows: value
    if expr.op == "samples":
        times = int(expr.attr)
        return lambda lr, t, rows: float(times * rows)
    if expr.op == "scalar":
        return (lambda lr, t, rows: lr) if expr.attr == "lr" else (lambda lr, t, rows: t)
    function, inner = FUNCTIONS[expr.op], [compiled(arg) for arg in expr.args]
    if len(inner) == 1:
        (only,) = inner
        return lambda lr, t, rows: function(only(lr, t, rows))
    if len(inner) == 2:
        first, second = inner
        return lambda lr, t, rows: function(first(lr, t, rows), second(lr, t, rows))
    return lambda lr, t, rows: function(*[each(lr, t, rows) for each in inner])


def varies(expr: Expr) -> frozenset[str]:
    """Which of `lr` and `t` a number depends on."""
    return frozenset(str(each.attr) for each in walk([expr]) if each.op == "scalar")
