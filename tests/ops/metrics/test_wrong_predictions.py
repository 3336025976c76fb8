import pytest
import torch

from specdl.core.errors import ShapeError, SpecdlError
from specdl.core.types import BATCH, TensorType
from specdl.ops.metrics.accuracy import Accuracy
from specdl.ops.metrics.wrong_predictions import WrongPredictions

SCORES = torch.tensor([[0.1, 2.0, 0.3], [5.0, -1.0, 4.0], [0.0, 0.0, 1.0], [3.0, 2.0, 1.0]])


def wrong(output, target, **options):
    metric = WrongPredictions(**options)
    return metric.result(metric.sums(output, target), len(output))


@pytest.mark.parametrize(("target", "count"), [([1, 0, 2, 0], 0), ([1, 2, 2, 1], 2), ([0, 1, 0, 2], 4)])
def test_counts_predictions_of_another_class(target, count):
    target = torch.tensor(target)
    assert wrong(SCORES, target) == count
    assert wrong(SCORES, torch.nn.functional.one_hot(target, 3).float()) == count


def test_a_single_output_is_set_against_the_threshold():
    output = torch.tensor([[0.2], [0.5], [0.6], [7.0]])
    assert wrong(output, torch.tensor([[0.0], [1.0], [1.0], [0.0]])) == 2
    assert wrong(output, torch.tensor([[0.0], [1.0], [1.0], [0.0]]), threshold=0.3) == 1


def test_is_what_accuracy_leaves():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(9, 5, 7, generator=generator)
    target = torch.randint(7, (9, 5), generator=generator)
    right, predictions = Accuracy().sums(scores, target)
    assert wrong(scores, target) == predictions - right


def test_sums_of_batches_add_up():
    target = torch.tensor([1, 2, 2, 1])
    parts = [WrongPredictions().sums(SCORES[:3], target[:3]), WrongPredictions().sums(SCORES[3:], target[3:])]
    assert parts == [(1.0,), (1.0,)]


def test_a_prediction_from_nan_is_wrong():
    assert wrong(torch.tensor([[float("nan"), 0.0], [1.0, 0.0]]), torch.tensor([0, 0])) == 1


def test_refuses_what_accuracy_refuses():
    with pytest.raises(ShapeError, match=r"`wrong_predictions` of f32\[batch,3\] needs a target"):
        WrongPredictions().signature(TensorType((BATCH, 3)), TensorType((BATCH, 4)))
    with pytest.raises(SpecdlError, match="`wrong_predictions` of a single output"):
        WrongPredictions().sums(torch.zeros(2, 1), torch.tensor([[0.0], [0.5]]))
