import pytest
import torch
from torch.nn import functional

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.metrics.mae import MeanAbsoluteError


@pytest.mark.parametrize("shape", [(4, 7), (3, 1), (5,), (2, 3, 5)])
def test_agrees_with_torch(shape):
    generator = torch.Generator().manual_seed(0)
    output = torch.randn(shape, generator=generator, dtype=torch.float64)
    target = torch.randn(shape, generator=generator, dtype=torch.float64)
    metric = MeanAbsoluteError()
    figure = metric.result(metric.sums(output, target), shape[0])
    assert figure == pytest.approx(functional.l1_loss(output, target).item(), rel=1e-14)


def test_uneven_batches_weigh_by_their_size():
    output, target = torch.arange(10.0).reshape(5, 2), torch.zeros(5, 2)
    parts = [
        MeanAbsoluteError().sums(output[:4], target[:4]),
        MeanAbsoluteError().sums(output[4:], target[4:]),
    ]
    sums = tuple(sum(column) for column in zip(*parts, strict=True))
    assert MeanAbsoluteError().result(sums, 5) == pytest.approx(
        functional.l1_loss(output, target).item(), rel=1e-6
    )


def test_adds_in_float64():
    output, target = torch.full((1 << 20, 1), 0.1), torch.zeros(1 << 20, 1)
    each = float(functional.l1_loss(output[:1].double(), target[:1].double()))
    total, count = MeanAbsoluteError().sums(output, target)
    assert total / count == pytest.approx(each, rel=1e-12)
    assert type(total) is type(count) is float


def test_differences_are_taken_in_float64():
    output, target = torch.tensor([[2.0**24]]), torch.tensor([[0.5]])
    wide = functional.l1_loss(output.double(), target.double()).item()
    assert MeanAbsoluteError().sums(output, target) == (wide, 1.0)


@pytest.mark.parametrize(
    ("output", "target", "help"),
    [
        (TensorType((BATCH, 3)), TensorType((BATCH,), "int64"), '"target": {"encode": "one_hot"}'),
        (TensorType((BATCH, 1)), TensorType((BATCH,), "int64"), '"target": {"encode": "value"}'),
        (TensorType((BATCH, 3)), TensorType((BATCH, 4)), None),
        (TensorType((BATCH,), "int64"), TensorType((BATCH,), "int64"), None),
    ],
)
def test_refuses_unequal_types(output, target, help):
    with pytest.raises(ShapeError, match="`mae` needs an output and a target of one type: ") as caught:
        MeanAbsoluteError().signature(output, target)
    assert caught.value.help == help


def test_applies_to_equal_types():
    MeanAbsoluteError().signature(TensorType((BATCH, 3)), TensorType((BATCH, 3)))
