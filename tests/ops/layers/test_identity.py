import pytest
import torch

from specdl.core.types import BATCH, TensorType
from specdl.ops.layers.identity import Identity
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees


@pytest.mark.parametrize("shape", [*SHAPES, (3,)])
def test_contract_and_torch(shape):
    agrees(check_op(Identity(), TensorType(shape)), torch.nn.Identity(), input="x")


@pytest.mark.parametrize("type", [TensorType((BATCH, 2)), TensorType((BATCH,), "int64")])
def test_takes_anything(type):
    assert Identity().signature(type).out == {"y": type}
