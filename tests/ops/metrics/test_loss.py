import pytest
import torch

from specdl.core.errors import CompilerFault
from specdl.core.types import BATCH, TensorType
from specdl.ops.metrics.loss import LossFigure
from specdl.ops.registry import CATALOGS


def test_a_spec_may_name_it():
    assert CATALOGS["metrics"].get("loss") is LossFigure


@pytest.mark.parametrize("target", [TensorType((BATCH,), "int64"), TensorType((BATCH, 3))])
def test_applies_to_whatever_a_loss_takes(target):
    LossFigure().signature(TensorType((BATCH, 3)), target)


def test_is_never_computed_from_one_output():
    with pytest.raises(CompilerFault, match="computed by the program"):
        LossFigure().sums(torch.zeros(2), torch.zeros(2))
    with pytest.raises(CompilerFault, match="computed by the program"):
        LossFigure().result((), 2)
