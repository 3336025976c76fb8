import gc

import pytest

from specdl.core import expr
from specdl.core import formula as f
from specdl.core.errors import CompilerFault
from specdl.core.expr import const, is_contiguous, is_number, load, samples, scalar, walk
from specdl.core.types import BATCH, Batch, TensorType
from specdl.program.numbers import compiled

X = TensorType((BATCH, 3))


def x(shape=(BATCH, 3), dtype="float32", name="x"):
    return load(name, TensorType(shape, dtype))


def test_equal_expressions_are_one_object():
    assert f.tanh(x()) * 2 is f.tanh(x()) * 2
    assert x() + 1 is not 1 + x()
    assert x(dtype="float64") is not x()
    assert const(0.0) is not const(-0.0)


def test_expressions_nobody_holds_are_let_go():
    gc.collect()
    before = len(expr._pool)
    made = f.exp(f.tanh(x() * 3.25))
    assert len(expr._pool) > before
    del made
    gc.collect()
    assert len(expr._pool) == before


@pytest.mark.parametrize(
    ("shapes", "wanted"),
    [
        ([(BATCH, 3), (3,)], (BATCH, 3)),
        ([(BATCH, 1), (BATCH, 3)], (BATCH, 3)),
        ([(BATCH, 3), ()], (BATCH, 3)),
        ([(1, 3), (BATCH, 1)], (BATCH, 3)),
        ([(2, 1, 4), (5, 1)], (2, 5, 4)),
        ([], ()),
    ],
)
def test_broadcast(shapes, wanted):
    assert expr.broadcast(shapes) == wanted
    assert expr.broadcast(shapes[::-1]) == wanted


@pytest.mark.parametrize("shapes", [[(BATCH, 3), (4,)], [(BATCH,), (3,)], [(Batch(2), 3), (BATCH, 3)]])
def test_shapes_that_do_not_broadcast(shapes):
    with pytest.raises(CompilerFault, match="do not broadcast"):
        expr.broadcast(shapes)


def test_types_of_maps():
    assert (x() > 0.0).type == TensorType((BATCH, 3), "bool")
    assert (x() * scalar("lr")).type == X
    assert f.where(x() > 0.0, 1.0, 0.0).type == X
    assert (scalar("t") > 1).type.dtype == "bool"
    with pytest.raises(CompilerFault, match=r"add of f32\[batch,3\] and f64\[batch,3\]"):
        x() + x(dtype="float64")


def test_numbers():
    lr, t = scalar("lr"), scalar("t")
    for number in (
        lr,
        const(2),
        samples(3),
        1 - 0.9**t,
        f.where(t > 1, lr, 0.5),
        f.sqrt(1 - 0.9**t),
        f.erf(lr),
    ):
        assert is_number(number)
    for value in (x(()), f.total(x()), f.tanh(x((), "float64")), f.where(t > 1, x(), x() * 2)):
        assert not is_number(value)


def test_numbers_of_every_function_can_be_computed():
    lr = scalar("lr")
    for name in sorted(expr.MAPS - {"where"}):
        count = 1 if name in expr.FUNCTIONS else 2
        number = expr.apply(name, *[lr] * count)
        assert is_number(number)
        assert isinstance(compiled(number)(0.5, 1, 1), float | int)


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (lambda: x() * 1, x),
        (lambda: 1 * x(), x),
        (lambda: x() / 1, x),
        (lambda: const(2) * 3 - 1, lambda: const(5)),
        (lambda: -const(2), lambda: const(-2)),
        (lambda: x() ** 2, lambda: x() * x()),
        (lambda: f.where(x() > 0.0, x(), x()), x),
    ],
)
def test_what_is_simplified(made, wanted):
    assert made() is wanted()


@pytest.mark.parametrize("made", [lambda: 1 / x(), lambda: x() + 0, lambda: x() - x(), lambda: x() * 0])
def test_what_could_hide_nan_is_not_simplified(made):
    assert made().op in ("div", "add", "sub", "mul")


def test_choosing_between_equal_values_keeps_the_shape():
    row = x((3,), name="r")
    assert f.where(x() > 0.0, row, row).shape == (BATCH, 3)


def test_a_product_takes_rows_of_any_rank():
    w = x((3, 5), name="w")
    assert (x((BATCH, 2, 3)) @ w).shape == (BATCH, 2, 5)
    assert (f.rows(x((BATCH, 2, 3))).T @ f.rows(x((BATCH, 2, 4), name="y"))).shape == (3, 4)
    for a, b in ((x(), x((4, 3))), (x(), x((3,))), (x((3,)), w), (x(), x((3, 5), "float64"))):
        with pytest.raises(CompilerFault, match="there is no product of"):
            a @ b


def test_views():
    q = x((4, 3))
    assert f.reshape_like(q, q) is q
    assert f.reshape_like(f.reshape_like(q, x((12,))), q) is q
    assert not is_contiguous(q.T)
    assert not is_contiguous(f.slice_axis(q, 1, 0, 2))
    assert is_contiguous(f.reshape_like(q.T, x((12,))))
    assert f.reshape_like(q.T, x((12,))).args[0].op == "copy"
    assert f.slice_axis(q, -1, 0, 2) is f.slice_axis(q, 1, 0, 2)
    assert f.concat((q, q), -1) is f.concat((q, q), 1)
    assert f.concat((q, q), -1).shape == (4, 6)


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (lambda: x((BATCH, 2, 3)).T, "only a matrix has a transpose"),
        (lambda: f.reshape_like(x(), x((BATCH, 4))), "has no shape"),
        (lambda: f.slice_axis(x(), 0, 0, 1), "has no elements 0:1 along axis 0"),
        (lambda: f.slice_axis(x(), 1, 2, 2), "has no elements 2:2 along axis 1"),
        (lambda: f.slice_axis(x(), 1, 0, 4), "has no elements 0:4 along axis 1"),
        (lambda: f.slice_axis(x(), 2, 0, 1), "there is no axis 2 of 2"),
        (lambda: f.concat((x(), x()), 0), "do not join along axis 0"),
        (lambda: f.concat((x(), x((BATCH, 2, 3))), 1), "do not join along axis 1"),
        (lambda: f.concat((x(), x(dtype="float64")), 1), "do not join along axis 1"),
        (lambda: f.one_hot(x((BATCH,)), x()), "does not index the last axis"),
        (lambda: f.one_hot(x((3,), "int64"), x()), "does not index the last axis"),
        (lambda: bool(x() > 0.0), "a formula cannot branch on a value"),
        (lambda: f.reshape_like(scalar("t"), x((1, 1))), "a number of the run has no other shape"),
        (lambda: f.size(x() @ x((4, 3), name="y").T @ x((4, BATCH), name="z")), "grow with the batch"),
    ],
)
def test_refuses(made, message):
    with pytest.raises(CompilerFault, match=message):
        made()


def test_walk_gives_arguments_first_each_once_and_does_not_recurse():
    value = x()
    for _ in range(5000):
        value = value * value + 1
    order = walk([value, value])
    assert len(order) == 2 + 2 * 5000
    place = {e: i for i, e in enumerate(order)}
    assert all(place[arg] < place[e] for e in order for arg in e.args)


def test_a_number_of_many_parts_takes_no_long_time():
    number = scalar("lr")
    for _ in range(200):
        number = number + number
    assert is_number(number)
    total = x((), "float64")
    for _ in range(3000):
        total = total + total
    assert not is_number(total)


def test_a_deep_expression_is_printed():
    deep = x()
    for _ in range(5000):
        deep = deep + f.tanh(x(name="y"))
    assert str(deep) == "add(" * 5000 + "x" + ", tanh(y))" * 5000
    assert str(x().T * samples(2)) == "mul(transpose(x), samples(2))"
