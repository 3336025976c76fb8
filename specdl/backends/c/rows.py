"""Row nests: one row after another, with a pass over the row for each level of reductions.

Blocks of short rows are done by `lanes`, where a batch is long enough to have one.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from specdl.backends.c.body import Body, Extent
from specdl.backends.c.expressions import Expressions, Where, element, lane, literal
from specdl.backends.c.flat import emit_flat, is_flat
from specdl.backends.c.lanes import InLanes, RowsInLanes, fits_lanes
from specdl.backends.c.levels import Levels
from specdl.backends.c.names import Layout, Names, Scope, Term, block
from specdl.backends.c.target import Target
from specdl.core.errors import CompilerFault
from specdl.core.expr import Expr
from specdl.core.types import Batch, Dim
from specdl.loops.nests import Nest
from specdl.loops.statements import BLOCK, Map, Reduce, Statement, Total

STACK = 16384
"""Bytes of row buffers on the stack; where more are needed all are in scratch memory, no rows in lanes."""


def emit_rows(nest: Nest, layout: Layout, target: Target, names: Names, batch: int = BLOCK) -> Body:
    """The body of a `rows` nest, for up to `batch` samples.

    Its units are rows, or elements where rows do not matter.
    """
    if is_flat(nest, layout):
        return emit_flat(nest, layout, target, names)
    by_row = _Rows(nest, layout, target, names)
    if extent(nest.rows).at(batch) < BLOCK or not fits_lanes(nest, target):
        return by_row.body()
    lanes = RowsInLanes(nest, layout, target, names).emitted()
    return by_row.body(lanes if lanes.stack <= STACK else None)


def extent(dim: Dim) -> Extent:
    """The length of an axis."""
    return Extent(times=dim.times) if isinstance(dim, Batch) else Extent(fixed=dim)


@dataclass
class _Rows:
    """Values of one column are computed once for a row, in all lanes; the others in loops over vectors."""

    nest: Nest
    layout: Layout
    target: Target
    names: Names
    row: Scope = field(default_factory=Scope)
    made: dict[str, Term] = field(default_factory=dict)
    """Values computed in the row so far that are in registers."""

    def __post_init__(self) -> None:
        self.levels = Levels(self.nest, self.target.lanes, self.names.place)
        self.expressions = Expressions(self.layout, self.target, self.names, self.find)
        self.buffers: dict[str, str] = {}
        self.totals: dict[str, str] = {}
        self.level = 0

    def body(self, lanes: InLanes | None = None) -> Body:
        """The loop over rows, in blocks where something is summed over all of them or `lanes` does some."""
        for level in range(self.levels.count):
            self.level = level
            self.narrow(self.levels.at(level, 1))
            for cols in self.levels.widths(level):
                self.wide(cols, self.levels.at(level, cols))
        self.put_narrow()
        buffers, scratch = self.declare_buffers()
        units = extent(self.nest.rows)
        if not self.totals and lanes is None:
            return Body(
                (*buffers, *block("for (i64 i = lo; i < hi; i++)", self.row.lines)), units, 1, scratch
            )
        lines = [
            f"const i64 end = b + {BLOCK} < hi ? b + {BLOCK} : hi;",
            *(f"v {name} = S(0);" for name in self.totals.values()),
            *block("for (i64 i = b; i < end; i++)", self.row.lines),
            *self.put_totals(),
        ]
        if lanes is not None:
            buffers += lanes.before
            lines = [*block(f"if (b + {BLOCK} <= hi)", [*lanes.block, "continue;"]), *lines]
        return Body(
            (*buffers, *block(f"for (i64 b = lo; b < hi; b += {BLOCK})", lines)), units, BLOCK, scratch
        )

    # -- one element for each row

    def narrow(self, statements: list[Statement]) -> None:
        """Statements on a grid of one column."""
        at = self.where("", self.row)
        for statement in statements:
            if isinstance(statement, Total):
                self.made[statement.target] = self.total(statement)
                continue
            assert isinstance(statement, Map | Reduce)
            term = self.expressions.emit(statement.expr, statement.shape, at)
            if isinstance(statement, Reduce) and statement.over == "all":
                self.row.lines.append(
                    f"{self.accumulator(statement.target)} += {self.expressions.real(term)};"
                )
            else:
                # the sum and the maximum of one element are the element
                self.made[statement.target] = replace(term, by_row=True)

    def total(self, statement: Total) -> Term:
        """The sum of what each block left, in order."""
        parts, name, real = self.names.param(statement.parts), self.names.fresh(), self.target.real
        count = f"({extent(statement.rows).text} + {BLOCK - 1}) / {BLOCK}"
        self.row.lines += [
            f"{real} {name} = 0;",
            f"for (i64 b = 0; b < {count}; b++) {name} += {parts}[b];",
        ]
        return Term(f"S({name})", by_row=True)

    def accumulator(self, value: str) -> str:
        """What a sum over all is gathered in."""
        return self.totals.setdefault(value, f"g{len(self.totals)}")

    def put_totals(self) -> list[str]:
        """Stores what a block has gathered: sums of one column lie in every lane."""
        wide = {value: cols > 1 for value, cols in self.levels.width.items()}
        sums = {value: f"hsum({name})" if wide[value] else lane(name) for value, name in self.totals.items()}
        return [
            f"{self.names.param(value, written=True)}[b / {BLOCK}] = {text};" for value, text in sums.items()
        ]

    def put_narrow(self) -> None:
        """Stores last what there is one of for each row: no read of the row comes after it."""
        at = self.where("", self.row)
        for statement in self.nest.statements:
            value = statement.target
            if value in self.nest.stored and value in self.made and self.levels.is_narrow(value):
                self.row.lines += self.expressions.store(value, 1, self.made[value], at, "")

    # -- a vector of columns after another

    def wide(self, cols: int, statements: list[Statement]) -> None:
        """Statements of one width that need no more of one another than the vector they are at."""
        single = cols <= self.target.lanes
        inner = self.row if single else Scope()
        at = self.where("" if single else "j", inner)
        finish: list[str] = []
        done: list[str] = []
        here: dict[str, Term] = {}
        for statement in statements:
            assert isinstance(statement, Map | Reduce)
            term = self.expressions.emit(statement.expr, statement.shape, at)
            if isinstance(statement, Reduce):
                done += self.reduce(statement, term, inner, finish, single=single)
            else:
                self.made[statement.target] = here[statement.target] = term
        for value in self.levels.stores(self.level, cols):
            term = self.made.get(value) or self.buffered(value, at)
            inner.lines += self.expressions.store(value, cols, term, at, f"j > {cols - self.target.lanes}")
        if single:
            self.row.lines += finish
            return
        for value, term in here.items():
            if value in self.levels.kept:
                inner.lines.append(f"ST({self.buffer(value)} + j, {self.expressions.real(term)});")
            del self.made[value]
        loop = block(f"for (i64 j = 0; j < {cols}; j += LANES)", inner.lines)
        self.row.lines += [*done, *loop, *finish]

    def reduce(
        self, statement: Reduce, term: Term, inner: Scope, finish: list[str], *, single: bool
    ) -> list[str]:
        """Gathers a reduction over the row or over all; returns the lines that go before the loop."""
        low = "0" if statement.how == "sum" else literal(float("-inf"), self.target)
        text = self.expressions.summand(term)
        text = self.masked(text, low, self.levels.width[statement.target], inner)
        if statement.over == "all":
            inner.lines.append(f"{self.accumulator(statement.target)} += {text};")
            return []
        name, across = self.names.fresh(), "hsum" if statement.how == "sum" else "hmax"
        self.made[statement.target] = Term(name, by_row=True)
        if single:
            finish.append(f"const v {name} = S({across}({text}));")
            return []
        gathered = self.names.fresh()
        more = f"{gathered} + {text}" if statement.how == "sum" else f"v_maximum({gathered}, {text})"
        inner.lines.append(f"{gathered} = {more};")
        finish.append(f"const v {name} = S({across}({gathered}));")
        return [f"v {gathered} = S({low});"]

    def masked(self, text: str, low: str, cols: int, inner: Scope) -> str:
        """The vector, with what leaves the reduction as it is in the lanes beyond the row."""
        rest = cols % self.target.lanes
        if not rest:
            return text
        if cols < self.target.lanes:
            return f"sel(LANE < {rest}, {text}, S({low}))"
        name = self.names.fresh()
        inner.lines += [
            f"v {name} = {text};",
            f"if (j > {cols - self.target.lanes}) {name} = sel(LANE < {rest}, {name}, S({low}));",
        ]
        return name

    # -- what the nest itself has computed

    def find(self, leaf: Expr, over: tuple[Dim, ...], at: Where) -> Term | None:
        """A value in a register or in a row buffer, or computed once more; stored ones are read back."""
        value = str(leaf.attr)
        if value in self.made:
            return self.made[value]
        if value in self.levels.kept and self.levels.of[value] < self.level:
            return self.buffered(value, at)
        if value not in self.levels.of or value in self.nest.stored:
            return None
        if self.levels.of[value] >= self.level:
            raise CompilerFault(f"`{value}` is read before it is whole in {self.nest}")
        return self.expressions.emit(*self.levels.again(value), at)

    def buffered(self, value: str, at: Where) -> Term:
        """A vector of a row buffer."""
        text = f"LD({element(self.buffer(value), at.column)})"
        return self.expressions.declare(Term(text, by_row=True, by_column=True), at)

    def buffer(self, value: str) -> str:
        """The name of a row buffer."""
        return self.buffers.setdefault(value, f"h{len(self.buffers)}")

    def declare_buffers(self) -> tuple[list[str], int]:
        """The row buffers, and how many numbers of scratch memory they take."""
        sizes = {name: self.target.padded(self.levels.cols[value]) for value, name in self.buffers.items()}
        scalar = self.target.vector_bytes // self.target.lanes
        if sum(sizes.values()) * scalar <= STACK:
            real, align = self.target.real, self.target.vector_bytes
            return [
                f"{real} {name}[{size}] __attribute__((aligned({align})));" for name, size in sizes.items()
            ], 0
        lines, used = [], 0
        for name, size in sizes.items():
            lines.append(f"{self.target.real} *restrict {name} = scratch + {used};")
            used += size
        return lines, used

    def where(self, column: str, inner: Scope) -> Where:
        """The places of a row from a column on; if all are one vector, it is the same for each row."""
        by_column = inner if column else self.names.top
        return Where(
            "i",
            column,
            {
                (False, False): self.names.top,
                (True, False): self.row,
                (False, True): by_column,
                (True, True): inner,
            },
        )
