import pytest
import torch

from specdl.core.errors import ShapeError, SpecdlError
from specdl.core.types import BATCH, TensorType
from specdl.ops.metrics.accuracy import Accuracy

SCORES = torch.tensor([[0.1, 2.0, 0.3], [5.0, -1.0, 4.0], [0.0, 0.0, 1.0], [3.0, 2.0, 1.0]])


def accuracy(output, target, **options):
    metric = Accuracy(**options)
    return metric.result(metric.sums(output, target), len(output))


def test_counts_the_largest_score_as_the_prediction():
    assert accuracy(SCORES, torch.tensor([1, 0, 2, 0])) == 1.0
    assert accuracy(SCORES, torch.tensor([1, 2, 2, 1])) == 0.5
    assert accuracy(SCORES, torch.tensor([0, 1, 0, 2])) == 0.0


def test_reads_one_hot_targets():
    target = torch.nn.functional.one_hot(torch.tensor([1, 2, 2, 1]), 3).float()
    assert accuracy(SCORES, target) == 0.5


def test_agrees_with_a_count_by_hand():
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(50, 7, generator=generator)
    target = torch.randint(7, (50,), generator=generator)
    pairs = zip(scores.tolist(), target.tolist(), strict=True)
    right = sum(max(range(7), key=row.__getitem__) == t for row, t in pairs)
    assert accuracy(scores, target) == right / 50


def test_the_first_of_equal_scores_counts():
    assert accuracy(torch.tensor([[1.0, 1.0], [0.0, 0.0]]), torch.tensor([0, 1])) == 0.5


def test_counts_every_place_of_a_sample():
    scores = torch.stack([SCORES, SCORES.flip(1)])
    target = torch.tensor([[1, 0, 2, 0], [1, 1, 1, 1]])
    assert Accuracy().sums(scores, target) == (5.0, 8.0)


@pytest.mark.parametrize("shape", [(4, 1), (4,)])
@pytest.mark.parametrize("labels", [[0.0, 1.0, 1.0, 1.0], [-1.0, 1.0, 1.0, 1.0]])
def test_a_single_output_is_set_against_the_threshold(shape, labels):
    output = torch.tensor([0.2, 0.5, 0.6, 7.0]).reshape(shape)
    target = torch.tensor(labels).reshape(shape)
    assert accuracy(output, target) == 0.75
    assert accuracy(output, target, threshold=0.0) == 0.75
    assert accuracy(output, target, threshold=0.3) == 1.0
    assert accuracy(output, target, threshold=6.5) == 0.5


@pytest.mark.parametrize("shape", [(3, 1), (3,)])
def test_a_single_output_takes_class_numbers(shape):
    assert accuracy(torch.tensor([0.2, 0.9, 0.6]).reshape(shape), torch.tensor([0, 1, 0])) == 2 / 3


def test_sums_of_batches_add_up():
    target = torch.tensor([1, 2, 2, 1])
    parts = [Accuracy().sums(SCORES[:3], target[:3]), Accuracy().sums(SCORES[3:], target[3:])]
    assert [sum(column) for column in zip(*parts, strict=True)] == [2.0, 4.0]


def test_a_prediction_from_nan_is_wrong():
    output = torch.tensor([[float("nan"), 0.0], [1.0, 0.0]])
    assert accuracy(output, torch.tensor([0, 0])) == 0.5
    assert accuracy(output[:, :1], torch.tensor([[0.0], [1.0]])) == 0.5


def test_sums_are_numbers_of_python():
    assert [type(x) for x in Accuracy().sums(SCORES, torch.tensor([1, 0, 2, 0]))] == [float, float]


@pytest.mark.parametrize(
    ("output", "target"),
    [
        (TensorType((BATCH, 3)), TensorType((BATCH,), "int64")),
        (TensorType((BATCH, 3)), TensorType((BATCH, 3))),
        (TensorType((BATCH, 8, 3), "float64"), TensorType((BATCH, 8), "int64")),
        (TensorType((BATCH, 1)), TensorType((BATCH, 1))),
        (TensorType((BATCH, 1)), TensorType((BATCH,), "int64")),
        (TensorType((BATCH,)), TensorType((BATCH,))),
        (TensorType((BATCH,)), TensorType((BATCH,), "int64")),
    ],
)
def test_applies_to(output, target):
    Accuracy().signature(output, target)


@pytest.mark.parametrize(
    ("output", "target", "message"),
    [
        (
            TensorType((8, 3)),
            TensorType((8, 4)),
            r"^`accuracy` of f32\[8,3\] needs a target that is i64\[8\] of class numbers, or f32\[8,3\], got",
        ),
        (TensorType((8, 3)), TensorType((8, 3), "int64"), r"got i64\[8,3\]"),
        (TensorType((8, 5, 3)), TensorType((8,), "int64"), r"needs a target that is i64\[8,5\]"),
        (TensorType((8, 3), "int64"), TensorType((8,), "int64"), r"score for each class.*got i64\[8,3\]"),
        (TensorType(()), TensorType(()), r"score for each class.*got f32\[\]"),
    ],
)
def test_refuses_types_that_do_not_fit(output, target, message):
    with pytest.raises(ShapeError, match=message):
        Accuracy().signature(output, target)


def test_refuses_values_as_labels_of_a_single_output():
    with pytest.raises(SpecdlError, match="`accuracy` of a single output needs targets") as caught:
        Accuracy().sums(torch.zeros(2, 1), torch.tensor([[1.0], [151.0]]))
    assert caught.value.code == "E314"
