"""Nests by hand, of every shape that programs have."""

from __future__ import annotations

from specdl.backends.c.columns import emit_columns
from specdl.backends.c.copies import emit_copy
from specdl.backends.c.rows import emit_rows
from specdl.core.expr import Expr, apply, const, load, node, one_hot, samples, scalar
from specdl.core.formula import absolute, exp, log, maximum, sigmoid, sign, sqrt, tanh, where
from specdl.core.types import BATCH, Batch, Dim, TensorType
from specdl.loops.nests import Nest
from specdl.loops.statements import Copy, Map, Reduce, Statement, Total
from tests.backends.c.one_nest import Case, Emit

INDEX = TensorType((BATCH,), "int64")


def real(*shape: Dim) -> TensorType:
    return TensorType(shape, "float64")


def x_of(name: str, *shape: Dim) -> Expr:
    return load(name, real(*shape))


def case(
    kind: str,
    statements: list[Statement],
    stored: str,
    types: dict[str, TensorType],
    padded: str = "",
    places: dict[str, str] | None = None,
) -> Case:
    emits: dict[str, Emit] = {"rows": emit_rows, "columns": emit_columns, "copy": emit_copy}
    nest = Nest(kind, tuple(statements), frozenset(stored.split()), ())  # type: ignore[arg-type]
    return Case(nest, emits[kind], types, frozenset(padded.split()), places or {})


def softmax(cols: int, rows: Dim = BATCH, padded: str = "") -> Case:
    x, m, e, s = x_of("x", rows, cols), x_of("m", rows, 1), x_of("e", rows, cols), x_of("s", rows, 1)
    statements = [
        Reduce("m", "max", "row", x.shape, x),
        Map("e", x.shape, exp(x - m)),
        Reduce("s", "sum", "row", x.shape, e),
        Map("y", x.shape, e / s),
    ]
    return case("rows", statements, "y", {"x": x.type, "y": x.type}, padded)


def softmax_backward(cols: int, padded: str = "") -> Case:
    """In three axes, in place over dy, with the sum stored."""
    dy, y, s = x_of("dy", BATCH, 3, cols), x_of("y", BATCH, 3, cols), x_of("s", BATCH, 3, 1)
    statements = [Reduce("s", "sum", "row", dy.shape, dy * y), Map("dx", dy.shape, y * (dy - s))]
    types = {"dy": dy.type, "y": dy.type, "dx": dy.type, "s": s.type}
    return case("rows", statements, "dx s", types, padded, {"dx": "dy"})


def cross_entropy(cols: int, padded: str = "") -> Case:
    """By index, forward and backward: values of one column beside those of many."""
    x, m, e, s, n = (
        x_of("x", BATCH, cols),
        x_of("m", BATCH, 1),
        x_of("e", BATCH, cols),
        x_of("s", BATCH, 1),
        x_of("n", BATCH, 1),
    )
    t = one_hot(load("t", INDEX), x)
    picked = x_of("c", BATCH, 1)
    statements = [
        Reduce("m", "max", "row", x.shape, x),
        Map("e", x.shape, exp(x - m)),
        Reduce("s", "sum", "row", x.shape, e),
        Reduce("c", "sum", "row", x.shape, where(t > 0.5, x - m, 0.0)),
        Map("n", s.shape, log(s) - picked),
        Reduce("parts", "sum", "all", s.shape, n),
        Map("dx", x.shape, (e / s - t) * (1 / samples())),
    ]
    types = {"x": x.type, "t": INDEX, "parts": real(1000), "dx": x.type}
    return case("rows", statements, "parts dx", types, padded)


def dense_cross_entropy(cols: int, padded: str = "") -> Case:
    x, m, e, s = x_of("x", BATCH, cols), x_of("m", BATCH, 1), x_of("e", BATCH, cols), x_of("s", BATCH, 1)
    t, p, c = x_of("t", BATCH, cols), x_of("p", BATCH, 1), x_of("c", BATCH, 1)
    statements = [
        Reduce("m", "max", "row", x.shape, x),
        Reduce("p", "sum", "row", x.shape, t),
        Map("e", x.shape, exp(x - m)),
        Reduce("s", "sum", "row", x.shape, e),
        Reduce("c", "sum", "row", x.shape, (x - m) * t),
        Reduce("parts", "sum", "all", s.shape, log(s) * p - c),
        Map("dx", x.shape, (e / s * p - t) * (1 / samples())),
    ]
    types = {"x": x.type, "t": t.type, "parts": real(1000), "dx": x.type, "p": p.type}
    return case("rows", statements, "parts dx p", types, padded)


def mse(cols: int, padded: str = "") -> Case:
    x, t, d = x_of("x", BATCH, cols), x_of("t", BATCH, cols), x_of("d", BATCH, cols)
    statements = [
        Map("d", x.shape, x - t),
        Reduce("parts", "sum", "all", x.shape, d * d),
        Map("dx", x.shape, d * (2 / samples(cols))),
    ]
    return case(
        "rows", statements, "parts dx", {"x": x.type, "t": x.type, "parts": real(1000), "dx": x.type}, padded
    )


def total(times: int = 1) -> Case:
    parts, norm = x_of("parts", 1000), x_of("sum")
    statements = [
        Total("sum", "parts", Batch(times)),
        Map("loss", (), norm / samples()),
        Map("double", (), sqrt(absolute(x_of("loss") + x_of("other"))) * 2.0),
    ]
    types = {"parts": parts.type, "loss": real(), "double": real(), "other": real()}
    return case("rows", statements, "loss double", types)


def adam(*shape: int) -> Case:
    p, g, m, v = (x_of(name, *shape) for name in "pgmv")
    t, lr = scalar("t"), scalar("lr")
    statements = [
        Map("m1", p.shape, 0.9 * m + (1 - 0.9) * g),
        Map("v1", p.shape, 0.999 * v + (1 - 0.999) * (g * g)),
        Map(
            "p1",
            p.shape,
            p
            - lr
            / (1 - 0.9**t)
            * (x_of("m1", *shape) / (sqrt(x_of("v1", *shape)) * (1 / sqrt(1 - 0.999**t)) + 1e-8)),
        ),
    ]
    types = dict.fromkeys("p g m v m1 v1 p1".split(), p.type)
    return case("rows", statements, "m1 v1 p1", types, places={"m1": "m", "v1": "v", "p1": "p"})


def bias(cols: int, padded: str = "") -> Case:
    """The sum over the batch, of what one row, one column and one number have part in, then an update."""
    dy, scale, gate = x_of("dy", BATCH, cols), x_of("scale", cols), x_of("gate", BATCH, 1)
    b, g, h = x_of("b", cols), x_of("g", cols), x_of("h", cols)
    statements = [
        Reduce("g", "sum", "batch", dy.shape, dy),
        Reduce("h", "sum", "batch", dy.shape, dy * scale * gate * x_of("k")),
        Reduce("top", "max", "batch", dy.shape, dy),
        Map("b1", b.shape, b - scalar("lr") * g),
        Map("h1", b.shape, h * scale + b),
    ]
    types = {
        "dy": dy.type,
        "scale": b.type,
        "gate": gate.type,
        "b": b.type,
        "b1": b.type,
        "h1": b.type,
        "top": b.type,
        "k": real(),
        "g": b.type,
    }
    return case("columns", statements, "b1 h1 top g", types, padded, {"b1": "b"})


def mixed(cols: int, padded: str = "") -> Case:
    """Maps in all four forms; a cheap value computed twice and a dear one kept; widths 1, 7 and another."""
    x, b, c = x_of("x", BATCH, cols), x_of("b", cols), x_of("c", BATCH, 1)
    y, z, a, w = x_of("y", BATCH, cols), x_of("z", BATCH, cols), x_of("a", BATCH, 1), x_of("w", BATCH, 7)
    hot = one_hot(load("t", INDEX), w)
    statements = [
        Map("y", x.shape, x + b),
        Map("z", x.shape, tanh(y) * c),
        Map("r", x.shape, where(y <= 0.0, 0.0, z)),
        Reduce("a", "sum", "row", x.shape, y * z * x_of("k")),
        Map("a1", a.shape, sigmoid(a) + c),
        Map("o", x.shape, y * z - a / (absolute(x_of("a1", BATCH, 1)) + 1.0)),
        Map(
            "u",
            w.shape,
            where(node("truth", (apply("gt", scalar("t"), const(1.0)),), None, real()), hot, w) + a,
        ),
        Reduce("top", "max", "row", w.shape, x_of("u", BATCH, 7)),
        Map("q", x.shape, maximum(x_of("top", BATCH, 1), y)),
    ]
    types = {"x": x.type, "b": b.type, "c": c.type, "t": INDEX, "w": w.type, "k": real()}
    types |= {"r": x.type, "a1": c.type, "o": x.type, "u": w.type, "top": c.type, "q": x.type}
    return case("rows", statements, "r a1 o u top q", types, padded, {"u": "w"})


def overlaid(cols: int) -> Case:
    """A value that lies where one is read that a later pass still needs."""
    x, m, y = x_of("x", BATCH, cols), x_of("m", BATCH, 1), x_of("y", BATCH, cols)
    statements = [
        Map("y", x.shape, x * 3.0),
        Reduce("m", "max", "row", x.shape, x),
        Map("z", x.shape, x - m + y),
    ]
    return case("rows", statements, "y z", {"x": x.type, "y": x.type, "z": x.type}, places={"y": "x"})


def regular(*shape: int) -> Case:
    """The derivative of |p|, and the sum of it and of its squares."""
    p, d = x_of("p", *shape), x_of("d", *shape)
    statements = [
        Map("d", p.shape, sign(p) * absolute(p)),
        Reduce("parts", "sum", "all", p.shape, d),
        Reduce("squares", "sum", "all", p.shape, p * p),
    ]
    return case(
        "rows",
        statements,
        "d parts squares",
        {"p": p.type, "d": p.type, "parts": real(1000), "squares": real(1000)},
    )


def copied(cols: int, padded: str = "") -> Case:
    copy = Copy("to", "of", BATCH, cols, 3, cols + 5, 2, cols + 4)
    return case("copy", [copy], "to", {"of": real(BATCH, cols + 5), "to": real(BATCH, cols + 4)}, padded)


def tokens(cols: int) -> Case:
    """An index for each place of a sequence; a bias for each column."""
    x, t = x_of("x", BATCH, 3, cols), load("t", TensorType((BATCH, 3), "int64"))
    picked = where(one_hot(t, x) > 0.5, x + x_of("b", cols), 0.0)
    statements = [
        Reduce("c", "sum", "row", x.shape, picked),
        Map("o", x.shape, x_of("c", BATCH, 3, 1) * one_hot(t, x)),
        Reduce("parts", "sum", "all", (BATCH, 3, 1), x_of("c", BATCH, 3, 1)),
    ]
    types = {"x": x.type, "t": t.type, "b": real(cols), "o": x.type, "parts": real(1000)}
    return case("rows", statements, "o parts", types, "x")


def reduced_rows(cols: int) -> list[Case]:
    """Rows of one length that are reduced: in place, dense, padded, with one number for each row beside."""
    return [
        softmax(cols),
        softmax(cols, padded="x y"),
        softmax_backward(cols),
        softmax_backward(cols, "dy y dx"),
        cross_entropy(cols),
        cross_entropy(cols, "x dx"),
        dense_cross_entropy(cols, "x"),
        overlaid(cols),
        tokens(cols),
    ]
