"""Column nests: sums over the batch, a vector of columns at a time, then maps over the row of sums."""

from __future__ import annotations

from dataclasses import dataclass, field

from specdl.backends.c.body import Body, Extent
from specdl.backends.c.expressions import Expressions, Where, literal
from specdl.backends.c.names import Layout, Names, Scope, Term, block
from specdl.backends.c.rows import extent
from specdl.backends.c.target import Target
from specdl.core.expr import Expr
from specdl.core.types import Dim
from specdl.loops.nests import Nest
from specdl.loops.statements import Map, Reduce

CHAINS = 4
"""Sums that a column is gathered in, so that an addition need not wait for the one before."""
SPAN = 256
"""Rows after which those sums are added up: long sums stay exact. A multiple of the chains."""


def emit_columns(nest: Nest, layout: Layout, target: Target, names: Names) -> Body:
    """The body of a `columns` nest: units are vectors of columns, in any shares."""
    return _Columns(nest, layout, target, names).body()


@dataclass
class _Columns:
    nest: Nest
    layout: Layout
    target: Target
    names: Names
    vector: Scope = field(default_factory=Scope)
    """What is computed once for a vector of columns."""
    made: dict[str, Term] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.expressions = Expressions(self.layout, self.target, self.names, self.find)
        self.reduces = [s for s in self.nest.statements if isinstance(s, Reduce)]
        self.grid = self.reduces[0].grid

    def body(self) -> Body:
        """The loop over vectors of columns."""
        self.gather()
        at = self.where("", self.vector, self.vector)
        for statement in self.nest.statements:
            if isinstance(statement, Map):
                self.made[statement.target] = self.expressions.emit(statement.expr, statement.shape, at)
        tail = f"j > {self.grid.cols - self.target.lanes}"
        for value, term in self.made.items():
            if value in self.nest.stored:
                self.vector.lines += self.expressions.store(value, self.grid.cols, term, at, tail)
        lines = block("for (i64 u = lo; u < hi; u++)", ["const i64 j = u * LANES;", *self.vector.lines])
        vectors = self.target.padded(self.grid.cols) // self.target.lanes
        return Body(tuple(lines), Extent(fixed=vectors), 1, 0)

    def gather(self) -> None:
        """The loop over rows, which leaves each reduction in a vector."""
        sums = [self.names.fresh() for _ in self.reduces]
        chains = [[self.names.fresh() for _ in range(CHAINS)] for _ in self.reduces]
        lows = [literal(0 if r.how == "sum" else float("-inf"), self.target) for r in self.reduces]
        rows = extent(self.grid.rows).text
        whole = [
            line for chain in range(CHAINS) for line in self.row(f"i + {chain}", [c[chain] for c in chains])
        ]
        rest = self.row("i", [c[0] for c in chains])
        span = [f"const i64 end = b + {SPAN} < {rows} ? b + {SPAN} : {rows};"]
        for names, low in zip(chains, lows, strict=True):
            span.append(f"v {', '.join(f'{name} = S({low})' for name in names)};")
        span += ["i64 i = b;", *block(f"for (; i + {CHAINS} <= end; i += {CHAINS})", whole)]
        span += block("for (; i < end; i++)", rest)
        for reduce, name, parts in zip(self.reduces, sums, chains, strict=True):
            first, second = self.joined(reduce, *parts[:2]), self.joined(reduce, *parts[2:])
            span.append(f"{name} = {self.joined(reduce, name, self.joined(reduce, first, second))};")
        self.vector.lines += [f"v {name} = S({low});" for name, low in zip(sums, lows, strict=True)]
        self.vector.lines += block(f"for (i64 b = 0; b < {rows}; b += {SPAN})", span)
        for reduce, name in zip(self.reduces, sums, strict=True):
            self.made[reduce.target] = Term(name, by_row=True, by_column=True)

    def row(self, row: str, chains: list[str]) -> list[str]:
        """One row added to the chains."""
        inner = Scope()
        at = self.where(row, inner, inner)
        for reduce, chain in zip(self.reduces, chains, strict=True):
            term = self.expressions.real(self.expressions.emit(reduce.expr, reduce.shape, at))
            inner.lines.append(f"{chain} = {self.joined(reduce, chain, term)};")
        return block("", inner.lines)

    def joined(self, reduce: Reduce, a: str, b: str) -> str:
        """Two parts of a reduction as one."""
        return f"({a} + {b})" if reduce.how == "sum" else f"v_maximum({a}, {b})"

    def find(self, leaf: Expr, _over: tuple[Dim, ...], _at: Where) -> Term | None:
        """What the nest has computed."""
        return self.made.get(str(leaf.attr))

    def where(self, row: str, by_row: Scope, inner: Scope) -> Where:
        """The vector of columns at `j`, in a row."""
        scopes = {
            (False, False): self.names.top,
            (False, True): self.vector,
            (True, False): by_row,
            (True, True): inner,
        }
        return Where(row, "j", scopes)
