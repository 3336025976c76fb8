"""Expressions as C: one statement for each node, on vectors of lanes."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from specdl.backends.c.names import Layout, Names, Scope, Term
from specdl.backends.c.target import Target
from specdl.core.errors import CompilerFault
from specdl.core.expr import FUNCTIONS, Expr
from specdl.core.types import Dim
from specdl.loops.statements import form, grid_of

OPERATORS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "eq": "==",
}
CALLS = {name: f"v_{name}" for name in (*FUNCTIONS, "maximum", "minimum", "pow")}
MASKS = frozenset("lt le gt ge eq truth".split())


@dataclass(frozen=True)
class Where:
    """The vector of places that is computed: a row, and a first column of as many as there are lanes.

    Where rows lie in lanes: a first row, and a column.
    """

    row: str
    column: str
    scopes: Mapping[tuple[bool, bool], Scope]
    """Where to compute what depends on the row, and on the column."""
    flat: bool = False
    """Whether the places are counted through all rows: `column` is the first of them."""


Made = Callable[[Expr, tuple[Dim, ...], Where], Term | None]
"""What a load of a value is that the nest itself has computed; `None` for one that is read from memory."""


def literal(value: float, target: Target) -> str:
    """A number as C reads it, exactly as the target's type rounds it."""
    suffix = "f" if target.real == "float" else ""
    if suffix:
        try:
            (value,) = struct.unpack("f", struct.pack("f", value))
        except OverflowError:
            value = math.copysign(math.inf, value)
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    return repr(value) + suffix


class Expressions:
    """Emits expressions of one nest; what is the same is computed once in a scope."""

    def __init__(self, layout: Layout, target: Target, names: Names, made: Made) -> None:
        self.layout, self.target, self.names, self.made = layout, target, names, made

    def emit(self, root: Expr, over: tuple[Dim, ...], at: Where) -> Term:
        """`root`, which broadcasts to the shape `over`, at a place; arguments first, without recursion."""
        terms: dict[Expr, Term] = {}
        stack = [(root, False)]
        while stack:
            expr, ready = stack.pop()
            if expr in terms:
                continue
            known = None if ready else self._known(expr, at)
            args = arguments(expr)
            if known is not None:
                terms[expr] = known
            elif ready or not args:
                term = self._node(expr, [terms[arg] for arg in args], over, at)
                _scope(at, term).memo[expr] = terms[expr] = term
            else:
                stack.append((expr, True))
                stack.extend((arg, False) for arg in reversed(args))
        return terms[root]

    def _known(self, expr: Expr, at: Where) -> Term | None:
        """A number, or what a scope has computed already."""
        if expr.op == "const":
            return Term(f"S({literal(expr.attr, self.target)})")
        if expr.number:
            return Term(f"S({self.names.number(expr)})")
        return next((scope.memo[expr] for scope in at.scopes.values() if expr in scope.memo), None)

    def real(self, term: Term) -> str:
        """A term as real numbers: 1 and 0 for the result of a comparison."""
        return f"sel({term.text}, S(1), S(0))" if term.mask else term.text

    def summand(self, term: Term) -> str:
        """A term of a reduction; a product is rounded alone, in whatever order and loops a sum is taken."""
        return f"ROUNDED({term.text})" if term.product else self.real(term)

    def declare(self, term: Term, at: Where, ctype: str = "") -> Term:
        """The term under a name of its own."""
        name = self.names.fresh()
        kind = ctype or ("vi" if term.mask else "v")
        _scope(at, term).lines.append(f"const {kind} {name} = {term.text};")
        return replace(term, text=name)

    def _node(self, expr: Expr, args: list[Term], over: tuple[Dim, ...], at: Where) -> Term:
        if expr.op == "load":
            return self.made(expr, over, at) or self.declare(self.load(expr, over, at), at)
        if expr.op == "one_hot":
            return self.declare(self.one_hot(expr.args[0], at), at)
        if _is_hot(expr):
            return args[0]
        by_row, by_column = any(arg.by_row for arg in args), any(arg.by_column for arg in args)
        product = expr.op == "mul" or (expr.op == "neg" and args[0].product)
        if expr.op in ("add", "sub"):
            args = [alone(arg, by_row, by_column) for arg in args]
        mask, text = expr.op in MASKS, self._text(expr, args)
        return self.declare(Term(text, by_row, by_column, mask, product), at)

    def _text(self, expr: Expr, args: list[Term]) -> str:
        if expr.op == "truth":
            return f"{args[0].text} != S(0)"
        if expr.op == "where":
            chosen = args[0].text if args[0].mask else f"({args[0].text} != S(0))"
            return f"sel({chosen}, {self.real(args[1])}, {self.real(args[2])})"
        texts = [self.real(arg) for arg in args]
        if expr.op in ("add", "sub") and args[0].product and args[1].product:
            # of two products a compiler may round either with the sum: this one always is alone
            texts[1] = f"ROUNDED({texts[1]})"
        if expr.op in OPERATORS:
            return f"{texts[0]} {OPERATORS[expr.op]} {texts[1]}"
        if expr.op in CALLS:
            return f"{CALLS[expr.op]}({', '.join(texts)})"
        raise CompilerFault(f"there is no C for {expr.op}")

    def load(self, leaf: Expr, over: tuple[Dim, ...], at: Where) -> Term:
        """A stored value at a place."""
        value, kind, cols = str(leaf.attr), form(leaf.shape, grid_of(over), over), grid_of(leaf.shape).cols
        if not leaf.type.is_float:
            raise CompilerFault(f"`{value}` is {leaf.type}, which is no number to compute with")
        q = self.names.param(value)
        if kind == "scalar":
            return Term(f"S(*{q})")
        if kind == "row":
            return Term(f"LD({element(q, at.column)})", by_column=True)
        if cols == 1 and not at.flat:
            return Term(f"S(*({self.address(value, cols, at)}))", by_row=True)
        return Term(f"LD({self.address(value, cols, at)})", by_row=True, by_column=True)

    def address(self, value: str, cols: int, at: Where, *, written: bool = False) -> str:
        """Of a stored value's elements at a place."""
        q = self.names.param(value, written=written)
        if at.flat:
            return element(q, at.column)
        return element(q, times(at.row, self.layout.ld(value, cols)), at.column if cols > 1 else "")

    def store(self, value: str, cols: int, term: Term, at: Where, tail: str) -> list[str]:
        """A vector into a stored value; `tail` is where only the last, partial one of a row is to be put."""
        address, lanes = self.address(value, cols, at, written=True), self.target.lanes
        text = self.real(term)
        if cols == 1:
            return [f"*({address}) = {lane(text)};"]
        padded = self.layout.ld(value, cols) % lanes == 0 and self.layout.ld(
            value, cols
        ) >= self.target.padded(cols)
        if padded or cols % lanes == 0:
            return [f"ST({address}, {text});"]
        return stored_tail(address, text, tail if cols > lanes else "1", str(cols % lanes))

    def one_hot(self, index: Expr, at: Where) -> Term:
        """Where a column is the one that the row's stored index names."""
        if index.op != "load":
            raise CompilerFault(f"one_hot of {index}, which is not stored")
        cols = grid_of(index.shape).cols
        if self.layout.ld(str(index.attr), cols) != cols:
            raise CompilerFault(f"the indices {index} do not lie side by side")
        scope = at.scopes[True, False]
        if index not in scope.memo:
            found = Term(f"{self.names.param(str(index.attr))}[{at.row}]", by_row=True)
            scope.memo[index] = self.declare(found, at, "i64")
        # the difference is small, and exact, wherever it is a lane's
        lane = f"{scope.memo[index].text} - ({at.column})" if at.column else scope.memo[index].text
        real = self.target.real
        return Term(f"LANE == S(({real})({lane}))", by_row=True, by_column=True, mask=True)


def alone(arg: Term, by_row: bool, by_column: bool) -> Term:
    """A side of a sum; a product is rounded by itself where it is computed for more places at once.

    Whether a compiler rounds it with the sum depends on which loops there are between them.
    """
    if not arg.product or (arg.by_row, arg.by_column) == (by_row, by_column):
        return arg
    return replace(arg, text=f"ROUNDED({arg.text})", product=False)


def _scope(at: Where, term: Term) -> Scope:
    return at.scopes[term.by_row, term.by_column]


def arguments(expr: Expr) -> tuple[Expr, ...]:
    """What has to be computed before a node."""
    if expr.op == "one_hot":
        return ()
    return expr.args[:1] if _is_hot(expr) else expr.args


def _is_hot(expr: Expr) -> bool:
    """Whether it asks where a one_hot is 1."""
    if expr.op != "gt" or expr.args[0].op != "one_hot" or expr.args[1].op != "const":
        return False
    return 0 <= float(expr.args[1].attr) < 1


def lane(text: str) -> str:
    """The first lane of a vector."""
    return f"{text if text.isidentifier() else f'({text})'}[0]"


def stored_tail(address: str, text: str, tail: str, count: str) -> list[str]:
    """A store of all lanes, or where `tail` holds of the first few."""
    partial = f"STN({address}, {text}, {count});"
    return [partial] if tail == "1" else [f"if ({tail}) {partial}", f"else ST({address}, {text});"]


def times(row: str, ld: int) -> str:
    """The offset of a row."""
    if ld == 1 or not row:
        return row
    return f"{row} * {ld}" if row.isidentifier() else f"({row}) * {ld}"


def element(*parts: str) -> str:
    """The address at a sum of offsets; empty ones count as zero."""
    return " + ".join(part for part in parts if part)
