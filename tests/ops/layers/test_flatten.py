import pytest
import torch

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.layers.flatten import Flatten
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees


@pytest.mark.parametrize("shape", SHAPES)
def test_contract(shape):
    check_op(Flatten(), TensorType(shape))


@pytest.mark.parametrize(
    ("start", "end", "shape"),
    [
        (1, -1, (2, 3, 4, 5)),
        (1, 2, (2, 3, 4, 5)),
        (2, 3, (2, 3, 4, 5)),
        (2, 2, (2, 3, 4)),
        (1, -2, (1, 1, 2, 1)),
    ],
)
def test_agrees_with_torch(start, end, shape):
    env = check_op(Flatten(start_dim=start, end_dim=end), TensorType(shape))
    agrees(env, torch.nn.Flatten(start, end), input="x")


def test_keeps_the_batch():
    assert Flatten().signature(TensorType((BATCH, 3, 4, 5))).out == {"y": TensorType((BATCH, 60))}
    assert Flatten().signature(TensorType((BATCH, 3), "int64")).out == {"y": TensorType((BATCH, 3), "int64")}


@pytest.mark.parametrize(
    ("start", "end", "shape", "message"),
    [
        (1, -1, (BATCH,), "`flatten` finds no axes from 1 to -1, got f32[batch]"),
        (3, -1, (BATCH, 2, 3), "`flatten` finds no axes from 3 to -1, got f32[batch,2,3]"),
        (1, 3, (BATCH, 2, 3), "`flatten` finds no axes from 1 to 3, got f32[batch,2,3]"),
        (2, 1, (BATCH, 2, 3), "`flatten` finds no axes from 2 to 1, got f32[batch,2,3]"),
        (1, -9, (BATCH, 2, 3), "`flatten` finds no axes from 1 to -9, got f32[batch,2,3]"),
    ],
)
def test_refuses(start, end, shape, message):
    with pytest.raises(ShapeError) as refusal:
        Flatten(start_dim=start, end_dim=end).signature(TensorType(shape))
    assert refusal.value.message == message
