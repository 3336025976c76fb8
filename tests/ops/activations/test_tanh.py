import pytest
import torch

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.activations.tanh import Tanh
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees, both, close

LARGE = torch.tensor([[-1e4, -20.0, -1e-300, 5e-324, 0.0, 1e-8, 19.0, 1e4]], dtype=torch.float64)


@pytest.mark.parametrize("shape", [*SHAPES, (3,)])
def test_contract_and_torch(shape):
    agrees(check_op(Tanh(), TensorType(shape)), torch.tanh, input="x")


def test_large_and_tiny_arguments():
    y = both(Tanh(), "forward", x=LARGE)["y"]
    close(y, torch.tanh(LARGE), 0.0)
    assert y[0, [0, -1]].tolist() == [-1.0, 1.0]
    assert y[0, [2, 3]].tolist() == [-1e-300, 5e-324]
    dx = both(Tanh(), "backward", x=LARGE, y=y, dy=torch.ones_like(y))["dx"]
    assert dx[0, [0, 4, -1]].tolist() == [0.0, 1.0, 0.0]
    assert bool(torch.isfinite(dx).all())


def test_refuses_indices():
    with pytest.raises(ShapeError) as refusal:
        Tanh().signature(TensorType((BATCH, 2), "int64"))
    assert refusal.value.message == "`tanh` needs real numbers, got i64[batch,2]"
