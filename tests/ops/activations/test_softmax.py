from fractions import Fraction
from math import exp

import pytest
import torch

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.activations.softmax import Softmax
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees, both, rendered

ROWS = [
    [1e4, -1e4, 0.0],
    [-1e4, -1e4, -1e4],
    [1e4, 1e4, 1e4 - 1],
    [1e4, 1e4 - 700, 1e4 - 30],
    [5e-324, 0.0, -5e-324],
]


@pytest.mark.parametrize("shape", SHAPES)
def test_contract_and_torch(shape):
    agrees(check_op(Softmax(), TensorType(shape)), lambda x: torch.softmax(x, -1), x="x")


def exact(row: list[float]) -> list[float]:
    """The softmax of a row from exact differences."""
    powers = [exp(float(Fraction(x) - Fraction(max(row)))) for x in row]
    return [power / sum(powers) for power in powers]


@pytest.mark.parametrize("row", ROWS)
def test_large_logits(row):
    x = torch.tensor([row], dtype=torch.float64)
    y = both(Softmax(), "forward", x=x)["y"]
    assert y[0].tolist() == pytest.approx(exact(row), rel=1e-14, abs=0)
    assert float(y.sum()) == pytest.approx(1, rel=1e-15)
    dy = torch.tensor([[1.0, -2.0, 0.5]], dtype=torch.float64)
    dx = both(Softmax(), "backward", x=x, y=y, dy=dy)["dx"]
    assert bool(torch.isfinite(dx).all())
    assert float(dx.sum()) == pytest.approx(0, abs=1e-15)


def test_large_logits_in_single_precision():
    y = rendered(Softmax(), "forward", {"x": torch.tensor(ROWS, dtype=torch.float64)}, "float32")["y"]
    for got, row in zip(y.tolist(), ROWS, strict=True):
        assert got == pytest.approx(exact(row), rel=1e-6, abs=1e-37)


def test_a_row_of_one_is_one():
    env = check_op(Softmax(), TensorType((3, 2, 1)))
    assert bool((env["y"] == 1).all())
    assert bool((env["dx"] == 0).all())


@pytest.mark.parametrize(
    ("type", "message"),
    [
        (TensorType((BATCH,)), "`softmax` needs a batch axis and a feature axis, got f32[batch]"),
        (TensorType((BATCH, 2), "int64"), "`softmax` needs real numbers, got i64[batch,2]"),
    ],
)
def test_refuses(type, message):
    with pytest.raises(ShapeError) as refusal:
        Softmax().signature(type)
    assert refusal.value.message == message
