"""Costly subexpressions that several statements use become statements of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from specdl.core.expr import Expr, load
from specdl.core.types import TensorType
from specdl.loops.flatten import HEAVY, TEMPORARY, Numbered, post_order, rebuilt
from specdl.loops.statements import Map, Reduce, Statement

SHARED = f"{TEMPORARY}shared"


def share(
    statements: Sequence[Numbered], keep: frozenset[str] = frozenset(), first: int = 0
) -> tuple[list[Numbered], dict[str, TensorType]]:
    """The same statements with every costly value computed once, and the types of the temporaries.

    If all that use one end in one nest, it costs nothing: it is never stored. What is assigned
    to a value of `keep` (what is handed on to the next step) is never read in its place.
    Temporaries are numbered from `first` on.
    """
    used = Counter(e for _, statement in statements for e in set(heavy(statement)))
    shared = {expr for expr, count in used.items() if count > 1}
    names: dict[Expr, Expr] = {}
    types: dict[str, TensorType] = {}
    out: list[Numbered] = []
    for number, statement in statements:
        if not shared or not isinstance(statement, Map | Reduce):
            out.append((number, statement))
            continue
        root = statement.expr
        whole = isinstance(statement, Map) and statement.target not in keep and root not in names
        for expr in outermost(root, shared, names):
            if expr is not root or not whole:
                name = f"{SHARED}{first + len(types)}"
                types[name] = expr.type
                out.append((number, Map(name, expr.shape, substituted(expr, names))))
                names[expr] = load(name, expr.type)
        out.append((number, replace(statement, expr=substituted(root, names))))
        if whole and root in shared:
            names[root] = load(statement.target, root.type)
    return out, types


def heavy(statement: Statement) -> Iterator[Expr]:
    """The costly nodes of a statement's expression, numbers left out."""
    if isinstance(statement, Map | Reduce):
        for expr in post_order([statement.expr], {}):
            if expr.op in HEAVY and not expr.number:
                yield expr


def outermost(root: Expr, shared: set[Expr], names: dict[Expr, Expr]) -> list[Expr]:
    """The shared nodes without a name that are reached first from a root."""
    found: list[Expr] = []
    stack, seen = [root], set[Expr]()
    while stack:
        expr = stack.pop()
        if expr in seen or expr in names or expr.number:
            continue
        seen.add(expr)
        if expr in shared:
            found.append(expr)
        else:
            stack.extend(reversed(expr.args))
    if found == [root]:
        # what is inside of a root that gets no temporary of its own
        return [*(each for arg in root.args for each in outermost(arg, shared, names)), root]
    return found


def substituted(root: Expr, names: dict[Expr, Expr]) -> Expr:
    """An expression with the named nodes in it read instead of computed."""
    become = dict(names)
    for expr in post_order([root], become):
        become[expr] = expr if expr.number or not expr.args else rebuilt(expr, become)
    return become[root]
