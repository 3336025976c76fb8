"""Row nests with rows in the lanes, for rows that are too short to fill a vector.

One row after another, a row of ten numbers takes a vector of sixteen, its sums go across lanes, and
what there is one of for each row, such as a logarithm, is computed sixteen times over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from specdl.backends.c.expressions import Expressions, Made, Where, element, times
from specdl.backends.c.levels import Levels
from specdl.backends.c.names import Layout, Names, Scope, Term, block
from specdl.backends.c.target import Target
from specdl.core.errors import CompilerFault
from specdl.core.expr import Expr
from specdl.core.types import Batch, Dim
from specdl.loops.nests import Nest
from specdl.loops.statements import BLOCK, Map, Reduce, Statement, form, grid_of

WIDEST = 4
"""Most vectors of a row: ten numbers take a third of the time, 64 four fifths, and tiles take stack."""


def fits_lanes(nest: Nest, target: Target) -> bool:
    """Whether the rows of a nest may lie in lanes: short ones of one length that are reduced."""
    if not isinstance(nest.rows, Batch) or not all(isinstance(s, Map | Reduce) for s in nest.statements):
        return False
    wide = {s.grid.cols for s in nest.statements} - {1}
    if len(wide) != 1 or max(wide) > WIDEST * target.lanes:
        return False
    return any(isinstance(s, Reduce) and s.over == "row" and s.grid.cols > 1 for s in nest.statements)


@dataclass(frozen=True)
class InLanes:
    """The code for blocks of `BLOCK` rows."""

    before: list[str]
    """What comes before the loop over blocks."""
    block: list[str]
    """The work on the rows from `b` on."""
    stack: int
    """Bytes of tiles."""


class RowsInLanes:
    """What becomes of `BLOCK` rows, as many at a time as there are lanes, in a loop over columns.

    What has a column is read and written through tiles, which hold a vector over the rows for each. A
    sum over a row is taken in the order of a row by itself; one over all adds up what lanes have gathered.
    """

    def __init__(self, nest: Nest, layout: Layout, target: Target, names: Names) -> None:
        self.nest, self.layout, self.target, self.names = nest, layout, target, names
        self.cols = max(s.grid.cols for s in nest.statements)
        self.levels = Levels(nest, 1, names.place)
        self.expressions = _Expressions(layout, target, names, self.find, self.read_tile)
        self.once, self.row = Scope(), Scope()
        self.made: dict[str, Term] = {}
        """Values computed so far that are in registers."""
        self.tiles: dict[str, str] = {}
        self.turned: list[str] = []
        """What fills the tiles that are read, before anything is written where they came from."""
        self.totals: dict[str, str] = {}
        self.level = 0

    def emitted(self) -> InLanes:
        """All levels of the nest; to be asked for once."""
        for level in range(self.levels.count):
            self.level = level
            self.narrow(self.levels.at(level, 1))
            self.wide(self.levels.at(level, self.cols))
        put = [line for s in self.nest.statements if s.target in self.nest.stored for line in self.put(s)]
        group = block(f"for (i64 i = b; i < b + {BLOCK}; i += LANES)", [*self.turned, *self.row.lines, *put])
        size, real = self.cols * self.target.lanes, self.target.real
        aligned = f"__attribute__((aligned({self.target.vector_bytes})))"
        tiles = [f"{real} {name}[{size}] {aligned};" for name in self.tiles.values()]
        begun = [f"v {name} = S(0);" for name in self.totals.values()]
        sums = [
            f"{self.names.param(value, written=True)}[b / {BLOCK}] = hsum({name});"
            for value, name in self.totals.items()
        ]
        stack = len(tiles) * self.cols * self.target.vector_bytes
        return InLanes([*self.once.lines, *tiles], [*begun, *group, *sums], stack)

    def narrow(self, statements: list[Statement]) -> None:
        """Statements with one element for each row: a vector."""
        at = self.where("", self.row)
        for statement in statements:
            assert isinstance(statement, Map | Reduce)
            term = self.expressions.emit(statement.expr, statement.shape, at)
            if isinstance(statement, Reduce) and statement.over == "all":
                self.row.lines.append(self.gather(statement, term))
            else:
                # the sum and the maximum of one element are the element
                self.made[statement.target] = replace(term, by_row=True)

    def wide(self, statements: list[Statement]) -> None:
        """Statements with an element for each column: a loop over those."""
        if not statements:
            return
        inner = Scope()
        at = self.where("c", inner)
        begun, ended, here = list[str](), list[str](), list[str]()
        for statement in statements:
            assert isinstance(statement, Map | Reduce)
            term = self.expressions.emit(statement.expr, statement.shape, at)
            if isinstance(statement, Map):
                self.made[statement.target] = term
                here.append(statement.target)
            elif statement.over == "all":
                inner.lines.append(self.gather(statement, term))
            else:
                self.reduce(statement, term, begun, inner, ended)
        for value in here:
            term = self.made.pop(value)
            if value in self.levels.kept or value in self.nest.stored:
                inner.lines.append(f"ST({self.tile(value)} + c * LANES, {self.expressions.real(term)});")
        loop = block(f"for (i64 c = 0; c < {self.cols}; c++)", inner.lines)
        self.row.lines += [*begun, *loop, *ended]

    def reduce(self, statement: Reduce, term: Term, begun: list[str], inner: Scope, ended: list[str]) -> None:
        """Gathers a reduction over the row: a sum in as many vectors as a row has lanes, with its zeros."""
        parts = self.names.fresh()
        if statement.how == "max":
            begun.append(f"v {parts} = S(-INFINITY);")
            inner.lines.append(f"{parts} = v_maximum({parts}, {self.expressions.real(term)});")
            self.made[statement.target] = Term(parts, by_row=True)
            return
        # what is added first is as it was, -0 too; the lanes beyond a row are 0
        zero = "S(0)" if self.cols > self.target.lanes else f"S(lane < {self.cols} ? -(real)0 : (real)0)"
        begun += [f"v {parts}[LANES];", f"FOR_LANES {parts}[lane] = {zero};"]
        inner.lines.append(f"{parts}[c % LANES] += {self.expressions.summand(term)};")
        name = self.names.fresh()
        ended.append(f"const v {name} = sum_of_lanes({parts});")
        self.made[statement.target] = Term(name, by_row=True)

    def gather(self, statement: Reduce, term: Term) -> str:
        """Adds to a sum over all, lane by lane."""
        name = self.totals.setdefault(statement.target, f"l{len(self.totals)}")
        return f"{name} += {self.expressions.real(term)};"

    def put(self, statement: Statement) -> list[str]:
        """Stores a value, after all reads: its place may be that of one that is read."""
        value = statement.target
        if value in self.totals:
            return []
        width = self.levels.cols.get(value, 1)
        q, ld = self.names.param(value, written=True), self.layout.ld(value, width)
        rows, padded = element(q, times("i", ld)), self.target.padded(self.cols)
        if width == 1:
            return [f"ST({rows}, {self.expressions.real(self.made[value])});"]
        if ld >= padded:
            return [f"transpose({self.tile(value)}, LANES, {rows}, {ld}, {self.cols}, LANES);"]
        turned, count = self.names.fresh(), f"{self.cols} * sizeof(real)"
        return [
            f"real {turned}[LANES * {padded}];",
            f"transpose({self.tile(value)}, LANES, {turned}, {padded}, {self.cols}, LANES);",
            f"FOR_LANES memcpy({element(rows, f'lane * {ld}')}, {turned} + lane * {padded}, {count});",
        ]

    # -- what is read

    def find(self, leaf: Expr, over: tuple[Dim, ...], at: Where) -> Term | None:
        """A value that the nest has made: in a register, in a tile, or computed once more."""
        value = str(leaf.attr)
        if value in self.made:
            return self.made[value]
        if value not in self.levels.of:
            return None
        if self.levels.of[value] >= self.level:
            raise CompilerFault(f"`{value}` is read before it is whole in {self.nest}")
        if value in self.tiles:
            return self.expressions.declare(column(self.tiles[value], at), at)
        return self.expressions.emit(*self.levels.again(value), at)

    def tile(self, value: str) -> str:
        """The tile of a value."""
        return self.tiles.setdefault(value, f"t{len(self.tiles)}")

    def read_tile(self, value: str, cols: int, at: Where) -> Term:
        """A column of a value that lies in memory row by row."""
        if value not in self.tiles:
            ld = self.layout.ld(value, cols)
            rows = element(self.names.param(value), times("i", ld))
            self.turned.append(f"transpose({rows}, {ld}, {self.tile(value)}, LANES, LANES, {cols});")
        return column(self.tiles[value], at)

    def where(self, column: str, inner: Scope) -> Where:
        """The rows from `i` on, in all columns alike or at one."""
        scopes = {
            (False, False): self.once,
            (True, False): self.row,
            (False, True): inner,
            (True, True): inner,
        }
        return Where("i", column, scopes)


def column(tile: str, at: Where) -> Term:
    """The vector over the rows in a tile, at a column."""
    return Term(f"LD({tile} + {at.column} * LANES)", by_row=True, by_column=True)


class _Expressions(Expressions):
    """Expressions on a vector over rows, at a column."""

    def __init__(
        self,
        layout: Layout,
        target: Target,
        names: Names,
        made: Made,
        tile: Callable[[str, int, Where], Term],
    ) -> None:
        super().__init__(layout, target, names, made)
        self.tile = tile

    def load(self, leaf: Expr, over: tuple[Dim, ...], at: Where) -> Term:
        value, kind, cols = str(leaf.attr), form(leaf.shape, grid_of(over), over), grid_of(leaf.shape).cols
        if kind == "scalar" or not leaf.type.is_float:
            return super().load(leaf, over, at)
        if kind == "row":
            return Term(f"S({self.names.param(value)}[{at.column}])", by_column=True)
        if cols == 1:
            return Term(f"LD({element(self.names.param(value), at.row)})", by_row=True)
        return self.tile(value, cols, at)

    def one_hot(self, index: Expr, at: Where) -> Term:
        scope = at.scopes[True, False]
        if index not in scope.memo:
            name, real = self.names.fresh(), self.target.real
            read = f"{self.names.param(str(index.attr))}[{at.row} + lane]"
            scope.lines += [f"v {name} = S(0);", f"FOR_LANES {name}[lane] = ({real}){read};"]
            scope.memo[index] = Term(name, by_row=True)
        hot = f"{scope.memo[index].text} == S(({self.target.real}){at.column or 0})"
        return Term(hot, by_row=True, by_column=bool(at.column), mask=True)
