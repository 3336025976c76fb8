import math

import pytest
import torch

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.activations.sigmoid import Sigmoid
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees, both, close, rendered

LARGE = torch.tensor([[-1e4, -745.0, -89.0, -40.0, -5e-324, 0.0, 40.0, 1e4]], dtype=torch.float64)


@pytest.mark.parametrize("shape", [*SHAPES, (3,)])
def test_contract_and_torch(shape):
    agrees(check_op(Sigmoid(), TensorType(shape)), torch.sigmoid, input="x")


def careful(x: float) -> float:
    """The logistic function with the exponential that cannot overflow."""
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def test_large_arguments_keep_their_digits():
    y = both(Sigmoid(), "forward", x=LARGE)["y"]
    for got, x in zip(y[0].tolist(), LARGE[0].tolist(), strict=True):
        assert got == pytest.approx(careful(x), rel=1e-14, abs=1e-320)
    dx = both(Sigmoid(), "backward", x=LARGE, y=y, dy=torch.ones_like(y))["dx"]
    assert bool(torch.isfinite(dx).all())
    close(dx, y * (1 - y))


def test_no_overflow_in_single_precision():
    y = rendered(Sigmoid(), "forward", {"x": LARGE}, "float32")["y"]
    assert y[0, [0, 1, -2, -1]].tolist() == [0.0, 0.0, 1.0, 1.0]
    assert float(y[0, 3]) == pytest.approx(math.exp(-40), rel=1e-6)


def test_refuses_indices():
    with pytest.raises(ShapeError) as refusal:
        Sigmoid().signature(TensorType((BATCH, 2), "int64"))
    assert refusal.value.message == "`sigmoid` needs real numbers, got i64[batch,2]"
