import pytest
from pydantic import ValidationError

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.layers.scale import Scale
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees


@pytest.mark.parametrize("shape", [*SHAPES, (3,), ()])
@pytest.mark.parametrize("factor", [0.3, -2.0, 1.0, 0.0, 1e-30])
def test_contract_and_torch(shape, factor):
    agrees(check_op(Scale(factor=factor), TensorType(shape)), lambda x: factor * x, x="x")


def test_refuses_indices():
    with pytest.raises(ShapeError) as refusal:
        Scale(factor=0.5).signature(TensorType((BATCH, 2), "int64"))
    assert refusal.value.message == "`scale` needs real numbers, got i64[batch,2]"


@pytest.mark.parametrize("factor", [float("inf"), float("nan"), "2"])
def test_refuses_what_is_no_number(factor):
    with pytest.raises(ValidationError):
        Scale(factor=factor)
