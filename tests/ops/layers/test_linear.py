import pytest
import torch
import torch.nn.functional as F

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.base import Param
from specdl.ops.layers.linear import Linear
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees, close


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("bias", [True, False])
def test_contract(shape, bias):
    env = check_op(Linear(out_features=3, bias=bias), TensorType(shape))
    assert env["y"].shape == (*shape[:-1], 3)
    assert ("dbias" in env) == bias


@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_with_torch(shape):
    env = check_op(Linear(out_features=5), TensorType(shape), seed=3)
    agrees(env, F.linear, input="x", weight="weight", bias="bias")


def test_agrees_with_torch_without_bias():
    env = check_op(Linear(out_features=2, bias=False), TensorType((4, 7)))
    agrees(env, F.linear, input="x", weight="weight")


def test_gradient_of_the_bias_sums_every_axis_but_the_last():
    env = check_op(Linear(out_features=3), TensorType((2, 5, 4)))
    close(env["dbias"], env["dy"].sum((0, 1)))


def test_parameters_are_torchs():
    signature = Linear(out_features=3).signature(TensorType((BATCH, 6, 2)))
    assert signature.out == {"y": TensorType((BATCH, 6, 3))}
    assert signature.params == {"weight": Param((3, 2), 2, 3), "bias": Param((3,), 2, 3)}
    assert {k: p.shape for k, p in signature.params.items()} == {
        k: tuple(p.shape) for k, p in torch.nn.Linear(2, 3).named_parameters()
    }


@pytest.mark.parametrize(
    ("type", "message"),
    [
        (TensorType((8,)), "`linear` needs a batch axis and a feature axis, got f32[8]"),
        (TensorType((BATCH,)), "`linear` needs a batch axis and a feature axis, got f32[batch]"),
        (TensorType((BATCH, 4), "int64"), "`linear` needs real numbers, got i64[batch,4]"),
    ],
)
def test_refuses(type, message):
    with pytest.raises(ShapeError) as refusal:
        Linear(out_features=2).signature(type)
    assert refusal.value.message == message
    assert refusal.value.code == "E210"
