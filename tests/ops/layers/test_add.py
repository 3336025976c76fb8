import pytest

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.layers.add import Add
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees, close


@pytest.mark.parametrize("shape", [*SHAPES, (5,), ()])
@pytest.mark.parametrize("count", [2, 3, 5])
def test_contract(shape, count):
    env = check_op(Add(), *[TensorType(shape)] * count)
    assert env["y"].shape == shape


@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_with_torch(shape):
    env = check_op(Add(), *[TensorType(shape)] * 3)
    agrees(env, lambda a, b, c: a + b + c, a="x0", b="x1", c="x2")


def test_sums_from_the_left():
    env = check_op(Add(), *[TensorType((4, 7))] * 4)
    close(env["y"], ((env["x0"] + env["x1"]) + env["x2"]) + env["x3"], 0.0)


def test_one_may_be_added_to_itself():
    type = TensorType((BATCH, 3))
    assert Add().signature(type, type).out == {"y": type}


@pytest.mark.parametrize(
    ("types", "message", "help"),
    [
        ([], "`add` needs two values or more", "name them in `inputs`"),
        (
            [TensorType((BATCH, 4))],
            "`add` needs two values or more, got f32[batch,4]",
            "name them in `inputs`",
        ),
        (
            [TensorType((128, 256)), TensorType((128, 128))],
            "`add` needs equal types: f32[128,256] and f32[128,128]",
            None,
        ),
        (
            [TensorType((BATCH, 2)), TensorType((BATCH, 2)), TensorType((BATCH, 2), "int64")],
            "`add` needs equal types: f32[batch,2] and f32[batch,2] and i64[batch,2]",
            None,
        ),
    ],
)
def test_refuses(types, message, help):
    with pytest.raises(ShapeError) as refusal:
        Add().signature(*types)
    assert (refusal.value.message, refusal.value.help) == (message, help)
