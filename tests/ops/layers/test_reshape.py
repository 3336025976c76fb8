import pytest
import torch
from pydantic import ValidationError

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.layers.reshape import Reshape
from specdl.testing import check_op
from tests.ops.tools import agrees

CASES = [
    ((4, 6), (3, 2)),
    ((4, 6), (-1,)),
    ((2, 3, 5), (5, -1)),
    ((2, 3, 5), (1, 15, 1)),
    ((3, 1), (1, -1)),
    ((1, 1), (1,)),
]


@pytest.mark.parametrize(("shape", "target"), CASES)
def test_contract(shape, target):
    check_op(Reshape(shape=target), TensorType(shape))


@pytest.mark.parametrize(("shape", "target"), CASES)
def test_agrees_with_torch(shape, target):
    env = check_op(Reshape(shape=target), TensorType(shape))
    agrees(env, lambda x: torch.reshape(x, (shape[0], *target)), x="x")


def test_keeps_the_batch():
    assert Reshape(shape=(4, -1)).signature(TensorType((BATCH, 12))).out == {"y": TensorType((BATCH, 4, 3))}
    assert Reshape(shape=(1,)).signature(TensorType((BATCH,))).out == {"y": TensorType((BATCH, 1))}


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((5,), "`reshape` cannot give 12 elements the shape [5], got f32[batch,12]"),
        ((5, -1), "`reshape` cannot give 12 elements the shape [5, -1], got f32[batch,12]"),
        ((3, 2), "`reshape` cannot give 12 elements the shape [3, 2], got f32[batch,12]"),
        ((24, -1), "`reshape` cannot give 12 elements the shape [24, -1], got f32[batch,12]"),
    ],
)
def test_refuses(shape, message):
    with pytest.raises(ShapeError) as refusal:
        Reshape(shape=shape).signature(TensorType((BATCH, 12)))
    assert refusal.value.message == message


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((-1, -1), "only one size can be -1"),
        ((0, 3), "sizes are at least 1, or -1 for the one to be worked out"),
        ((-2,), "sizes are at least 1, or -1 for the one to be worked out"),
        ((), "at least 1 item"),
    ],
)
def test_refuses_shapes_that_mean_nothing(shape, message):
    with pytest.raises(ValidationError, match=message):
        Reshape(shape=shape)
