import pytest
import torch
import torch.nn.functional as F

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.losses.l1 import L1
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees, both


@pytest.mark.parametrize("shape", [*SHAPES, (5,)])
def test_contract_and_torch(shape):
    env = check_op(L1(), TensorType(shape), TensorType(shape))
    agrees(env, F.l1_loss, input="x", target="target")


def test_draws_its_inputs_away_from_the_kink():
    for seed in range(50):
        env = check_op(L1(), TensorType((7, 9)), TensorType((7, 9)), seed=seed)
        assert float((env["x"] - env["target"]).abs().min()) >= 0.01


def test_no_slope_where_equal():
    x = torch.tensor([[1.0, -1e4, 1e-9, 3.0]], dtype=torch.float64)
    target = torch.tensor([[1.0, 1e4, 0.0, 2.0]]).double()
    assert both(L1(), "forward", x=x, target=target)["loss"] == pytest.approx((2e4 + 1 + 1e-9) / 4, rel=1e-15)
    assert both(L1(), "backward", x=x, target=target)["dx"].tolist() == [[0, -0.25, 0.25, 0.25]]


def test_refuses():
    with pytest.raises(ShapeError) as refusal:
        L1().signature(TensorType((BATCH, 2)), TensorType((BATCH, 3)))
    message = "`l1` needs an output and a target of one type: f32[batch,2] and f32[batch,3]"
    assert refusal.value.message == message
