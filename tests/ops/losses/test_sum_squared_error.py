import pytest
import torch
import torch.nn.functional as F

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.losses.mse import MSE
from specdl.ops.losses.sum_squared_error import SumSquaredError
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees, both


@pytest.mark.parametrize("shape", [*SHAPES, (5,)])
def test_contract_and_torch(shape):
    env = check_op(SumSquaredError(), TensorType(shape), TensorType(shape))
    agrees(env, lambda x, y: F.mse_loss(x, y, reduction="sum"), x="x", y="target")


def test_is_added_up_over_samples():
    assert (SumSquaredError.reduction, MSE.reduction) == ("sum", "mean")
    x, target = torch.tensor([[1.0, 5.0]]).double(), torch.tensor([[0.0, 2.0]]).double()
    assert both(SumSquaredError(), "forward", x=x, target=target)["loss"] == 10


def test_refuses():
    with pytest.raises(ShapeError) as refusal:
        SumSquaredError().signature(TensorType((BATCH, 2)), TensorType((BATCH,), "int64"))
    message = "`sum_squared_error` needs an output and a target of one type: f32[batch,2] and i64[batch]"
    assert refusal.value.message == message
