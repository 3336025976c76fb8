"""Row nests in which rows do not matter: elementwise, over values that lie without gaps."""

from __future__ import annotations

from collections.abc import Iterator

from specdl.backends.c.body import Body, Extent
from specdl.backends.c.expressions import Expressions, Where, stored_tail
from specdl.backends.c.names import Layout, Names, Scope, Term, block
from specdl.backends.c.target import Target
from specdl.core.expr import walk
from specdl.core.types import Batch
from specdl.loops.nests import Nest
from specdl.loops.statements import BLOCK, Grid, Map, Reduce, Statement, form, grid_of, leaves


def is_flat(nest: Nest, layout: Layout) -> bool:
    """Whether a nest may run over the elements of all rows as if they were one.

    Rows that grow with the batch stay rows, as in the nests before and after, unless they are of one
    element, or summed up in blocks anyway.
    """
    grid = nest.statements[0].grid
    if grid == Grid(1, 1) or any(s.grid != grid for s in nest.statements):
        return False
    summed = _summed(nest)
    if summed and grid.rows == 1 and grid.cols > 1:
        return False
    if isinstance(grid.rows, Batch) and grid.cols > 1 and not summed:
        return False
    return all(_is_flat(statement, nest, layout) for statement in nest.statements)


def emit_flat(nest: Nest, layout: Layout, target: Target, names: Names) -> Body:
    """Units are elements, or rows where something is summed over blocks of them."""
    grid = nest.statements[0].grid
    if not _summed(nest):
        assert grid.cols == 1 or isinstance(grid.rows, int)
        units = (
            Extent(grid.rows.times * grid.cols)
            if isinstance(grid.rows, Batch)
            else Extent(0, grid.rows * grid.cols)
        )
        rest = "" if units.times else str(units.fixed % target.lanes)
        lines, _ = _loop(nest, layout, target, names, "lo", "hi", rest)
        return Body(tuple(lines), units, target.lanes, 0)
    loop, totals = _loop(nest, layout, target, names, f"b * {grid.cols}", "end", "")
    lines = [
        f"const i64 end = (b + {BLOCK} < hi ? b + {BLOCK} : hi) * {grid.cols};",
        *(f"v {name} = S(0);" for name in totals.values()),
        *loop,
        *(
            f"{names.param(value, written=True)}[b / {BLOCK}] = hsum({name});"
            for value, name in totals.items()
        ),
    ]
    units = Extent(grid.rows.times) if isinstance(grid.rows, Batch) else Extent(0, grid.rows)
    return Body(tuple(block(f"for (i64 b = lo; b < hi; b += {BLOCK})", lines)), units, BLOCK, 0)


def _loop(
    nest: Nest, layout: Layout, target: Target, names: Names, start: str, end: str, rest: str
) -> tuple[list[str], dict[str, str]]:
    """The loop over vectors, and what the sums are gathered in. `rest` is the length of the last if known."""
    inner, made, totals = Scope(), dict[str, Term](), dict[str, str]()
    expressions = Expressions(layout, target, names, lambda leaf, _over, _at: made.get(str(leaf.attr)))
    at = Where("", "j", {(False, False): names.top, (True, True): inner}, flat=True)
    beyond = f"{end} - j < LANES"
    for statement in nest.statements:
        assert isinstance(statement, Map | Reduce)
        term = expressions.emit(statement.expr, statement.shape, at)
        if isinstance(statement, Map):
            made[statement.target] = term
            continue
        name, text = names.fresh(), expressions.real(term)
        totals[statement.target] = f"g{len(totals)}"
        inner.lines += [
            f"v {name} = {text};",
            f"if ({beyond}) {name} = sel(LANE < ({target.real})({end} - j), {name}, S(0));",
            f"{totals[statement.target]} += {name};",
        ]
    for value, term in made.items():
        if value in nest.stored:
            address, text = expressions.address(value, 1, at, written=True), expressions.real(term)
            whole = rest == "0"
            inner.lines += (
                [f"ST({address}, {text});"]
                if whole
                else stored_tail(address, text, beyond, rest or f"{end} - j")
            )
    return block(f"for (i64 j = {start}; j < {end}; j += LANES)", inner.lines), totals


def _summed(nest: Nest) -> bool:
    return any(isinstance(s, Reduce) for s in nest.statements)


def _is_flat(statement: Statement, nest: Nest, layout: Layout) -> bool:
    if not isinstance(statement, Map | Reduce) or (isinstance(statement, Reduce) and statement.over != "all"):
        return False
    if any(node.op == "one_hot" for node in walk([statement.expr])):
        return False
    if (
        statement.target in nest.stored
        and isinstance(statement, Map)
        and not _dense(statement.target, statement.grid, layout)
    ):
        return False
    return all(_lies_flat(value, kind, grid, nest, layout) for value, kind, grid in _loads(statement))


def _loads(statement: Map | Reduce) -> Iterator[tuple[str, str, Grid]]:
    for leaf in leaves(statement.expr):
        if leaf.op == "load":
            kind = form(leaf.shape, statement.grid, statement.shape)
            yield str(leaf.attr), kind, grid_of(leaf.shape)


def _lies_flat(value: str, kind: str, grid: Grid, nest: Nest, layout: Layout) -> bool:
    if kind == "scalar":
        return True
    inside = any(s.target == value for s in nest.statements) and value not in nest.stored
    return kind == "full" and (inside or _dense(value, grid, layout))


def _dense(value: str, grid: Grid, layout: Layout) -> bool:
    return grid.rows == 1 or layout.ld(value, grid.cols) == grid.cols
