import pytest
import torch
import torch.nn.functional as F

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.losses.mse import MSE
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees, both


@pytest.mark.parametrize("shape", [*SHAPES, (5,)])
def test_contract_and_torch(shape):
    env = check_op(MSE(), TensorType(shape), TensorType(shape))
    agrees(env, F.mse_loss, input="x", target="target")
    assert env["loss"].shape == ()
    assert "dtarget" not in env


def test_by_hand():
    x, target = torch.tensor([[1.0, 5.0]]).double(), torch.tensor([[0.0, 2.0]]).double()
    assert both(MSE(), "forward", x=x, target=target)["loss"] == 5
    assert both(MSE(), "backward", x=x, target=target)["dx"].tolist() == [[1, 3]]


@pytest.mark.parametrize(
    ("x", "target", "message"),
    [
        (
            (BATCH, 2),
            (BATCH, 3),
            "`mse` needs an output and a target of one type: f32[batch,2] and f32[batch,3]",
        ),
        ((BATCH, 1), (BATCH,), "`mse` needs an output and a target of one type: f32[batch,1] and f32[batch]"),
    ],
)
def test_refuses(x, target, message):
    with pytest.raises(ShapeError) as refusal:
        MSE().signature(TensorType(x), TensorType(target))
    assert refusal.value.message == message


@pytest.mark.parametrize("x", ["float32", "int64"])
def test_refuses_indices(x):
    with pytest.raises(ShapeError) as refusal:
        MSE().signature(TensorType((BATCH, 2), x), TensorType((BATCH, 2), "int64"))
    short = {"float32": "f32", "int64": "i64"}[x]
    message = f"`mse` needs an output and a target of one type: {short}[batch,2] and i64[batch,2]"
    assert refusal.value.message == message
