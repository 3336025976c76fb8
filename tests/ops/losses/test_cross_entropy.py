import math
from decimal import Decimal, localcontext

import pytest
import torch
import torch.nn.functional as F

from specdl.core.errors import ShapeError
from specdl.core.types import BATCH, TensorType
from specdl.ops.losses.cross_entropy import CrossEntropy
from specdl.testing import check_op
from tests.ops.tools import SHAPES, agrees, both, close, rendered


def classes_first(x):
    """Torch has the classes along axis 1."""
    return x.movedim(-1, 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_contract_and_torch_of_class_numbers(shape):
    env = check_op(CrossEntropy(), TensorType(shape), TensorType(shape[:-1], "int64"))
    agrees(env, lambda x, y: F.cross_entropy(classes_first(x), y), x="x", y="target")
    assert "dtarget" not in env


@pytest.mark.parametrize("shape", SHAPES)
def test_contract_and_torch_of_dense_targets(shape):
    env = check_op(CrossEntropy(), TensorType(shape), TensorType(shape))
    agrees(env, lambda x, y: F.cross_entropy(classes_first(x), classes_first(y)), x="x", y="target")


LOGITS = torch.tensor(
    [[1e4, -1e4, 0.0], [-1e4, -1e4, -1e4], [1e4, 1e4, 1e4 - 1], [0.0, -745.0, -30.0], [-1e4, 1e4, 1e4 + 3]],
    dtype=torch.float64,
)


def exact(logits: list[float], target: list[float]) -> Decimal:
    """Minus the logarithm of the softmax, weighted by the target, to 50 digits."""
    with localcontext(prec=50):
        x = [Decimal(each) - Decimal(max(logits)) for each in logits]
        log_sum = sum(each.exp() for each in x).ln()
        return sum((log_sum - each) * Decimal(p) for each, p in zip(x, target, strict=True))


@pytest.mark.parametrize("target", range(3))
@pytest.mark.parametrize("row", range(len(LOGITS)))
def test_large_logits_are_exact(row, target):
    x, index = LOGITS[row : row + 1], torch.tensor([target])
    hot = F.one_hot(index, 3).double()
    wanted = float(exact(x[0].tolist(), hot[0].tolist()))
    for y in (index, hot):
        loss = both(CrossEntropy(), "forward", x=x, target=y)["loss"]
        assert float(loss) == pytest.approx(wanted, rel=1e-14, abs=1e-15)
        close(both(CrossEntropy(), "backward", x=x, target=y)["dx"], torch.softmax(x, -1) - hot, 1e-14)


@pytest.mark.parametrize("dense", [False, True])
def test_large_logits_in_single_precision(dense):
    index = torch.tensor([1, 0, 2, 1, 0])
    target = F.one_hot(index, 3).double() if dense else index
    loss = rendered(CrossEntropy(), "forward", {"x": LOGITS, "target": target}, "float32")["loss"]
    rows = zip(LOGITS.tolist(), F.one_hot(index, 3).tolist(), strict=True)
    assert float(loss) == pytest.approx(float(sum(exact(*row) for row in rows)) / 5, rel=1e-6)
    dx = rendered(CrossEntropy(), "backward", {"x": LOGITS, "target": target}, "float32")["dx"]
    assert bool(torch.isfinite(dx).all())


def test_targets_that_are_no_distribution():
    x, target = torch.randn(3, 4).double(), torch.tensor([[0.5, 2.0, -1.0, 0.25]]).double().expand(3, 4)
    close(both(CrossEntropy(), "forward", x=x, target=target)["loss"], F.cross_entropy(x, target))


def test_nan_is_not_hidden():
    x = torch.tensor([[0.0, math.nan]]).double()
    loss = rendered(CrossEntropy(), "forward", {"x": x, "target": torch.tensor([0])})["loss"]
    assert math.isnan(loss)


@pytest.mark.parametrize(
    ("x", "target", "message"),
    [
        (
            TensorType((BATCH,)),
            TensorType((), "int64"),
            "`cross_entropy` needs a score for each class along the last axis, got f32[batch]",
        ),
        (
            TensorType((BATCH, 3), "int64"),
            TensorType((BATCH,), "int64"),
            "`cross_entropy` needs a score for each class along the last axis, got i64[batch,3]",
        ),
        (
            TensorType((50, 3)),
            TensorType((50, 2)),
            (
                "`cross_entropy` of f32[50,3] needs a target that is i64[50] of class numbers, or f32[50,3], "
                "got f32[50,2]"
            ),
        ),
        (
            TensorType((BATCH, 3)),
            TensorType((BATCH,)),
            (
                "`cross_entropy` of f32[batch,3] needs a target that is i64[batch] of class numbers, or "
                "f32[batch,3], got f32[batch]"
            ),
        ),
    ],
)
def test_refuses(x, target, message):
    with pytest.raises(ShapeError) as refusal:
        CrossEntropy().signature(x, target)
    assert refusal.value.message == message


def test_a_class_that_is_ruled_out_is_no_nan():
    scores = torch.tensor([[0.5, -torch.inf, 1.0], [2.0, 0.0, -torch.inf]], dtype=torch.float64)
    target = torch.tensor([2, 0])
    close(both(CrossEntropy(), "forward", x=scores, target=target)["loss"], F.cross_entropy(scores, target))
