"""What follows a product, on one vector of its results."""

from __future__ import annotations

from specdl.backends.c.expressions import Expressions, Where
from specdl.backends.c.names import Layout, Names, Scope, Term
from specdl.backends.c.target import Target
from specdl.loops.nests import Nest
from specdl.loops.statements import Map


def epilogue(
    nest: Nest,
    layout: Layout,
    target: Target,
    names: Names,
    row: str,
    column: str,
    accumulator: str,
    tail: str,
) -> list[str]:
    """The maps of a `product` nest at one row, for a vector of columns from `column` on.

    `accumulator` names the `v` that the product is in; `tail` is a condition that is true where only
    `cols % LANES` lanes are valid. All stores come last.
    """
    inner, cols = Scope(), nest.product.grid.cols
    made = {nest.product.target: Term(accumulator, by_row=True, by_column=True)}
    expressions = Expressions(layout, target, names, lambda leaf, _over, _at: made.get(str(leaf.attr)))
    everywhere = {(False, False): names.top, (True, False): inner, (False, True): inner, (True, True): inner}
    at = Where(row, column, everywhere)
    for statement in nest.statements[1:]:
        assert isinstance(statement, Map)
        made[statement.target] = expressions.emit(statement.expr, statement.shape, at)
    for value, term in made.items():
        if value in nest.stored:
            inner.lines += expressions.store(value, cols, term, at, tail)
    return inner.lines
