import math

import pytest

from specdl.runner.report.history import Best, curves, figures, thinned

ROWS = [
    {
        "step": 20,
        "epoch": 1.0,
        "lr": 0.1,
        "train": {"accuracy": 0.5, "loss": 2.0},
        "validation": {"loss": 3.0},
    },
    {
        "step": 40,
        "epoch": 2.0,
        "lr": 0.1,
        "train": {"accuracy": 0.9, "loss": 1.0},
        "validation": {"loss": 1.5},
    },
    {
        "step": 60,
        "epoch": 3.0,
        "lr": 0.1,
        "train": {"accuracy": 0.8, "loss": 0.5},
        "validation": {"loss": 2.5},
    },
]


def test_a_curve_for_each_metric_with_the_loss_first():
    loss, accuracy = curves(ROWS, {})
    assert (loss.metric, loss.axis) == ("loss", "epoch")
    assert loss.lines == {
        "train": ((1.0, 2.0), (2.0, 1.0), (3.0, 0.5)),
        "validation": ((1.0, 3.0), (2.0, 1.5), (3.0, 2.5)),
    }
    assert accuracy.lines == {"train": ((1.0, 0.5), (2.0, 0.9), (3.0, 0.8))}


def test_best_looks_at_validation_where_there_is_one():
    loss, accuracy = curves(ROWS, {})
    assert loss.best == Best("validation", 2.0, 1.5)
    assert accuracy.best == Best("train", 2.0, 0.9)


def test_best_never_looks_at_the_test_part():
    (loss,) = curves([{"epoch": 1, "test": {"loss": 1.0}}], {})
    assert loss.best is None


def test_the_run_says_what_is_better():
    up, down, neither = (curves(ROWS, {"accuracy": each})[1] for each in (True, False, None))
    assert (up.best, down.best, neither.best) == (Best("train", 2.0, 0.9), Best("train", 1.0, 0.5), None)


def test_the_first_of_equal_figures_is_the_best():
    rows = [{"epoch": i, "train": {"loss": 1.0}} for i in (1, 2)]
    assert curves(rows, {})[0].best == Best("train", 1.0, 1.0)


def test_what_is_not_finite_is_left_out_and_told():
    rows = [*ROWS[:2], {"epoch": 3, "train": {"loss": None, "accuracy": math.nan}}]
    loss, accuracy = curves(rows, {})
    assert loss.lines["train"] == ((1.0, 2.0), (2.0, 1.0))
    assert loss.broken == {"train": (3.0,)}
    assert accuracy.broken == {"train": (3.0,)}


@pytest.mark.parametrize(
    ("row", "axis", "x"),
    [
        ({"epoch": 7, "step": 9}, "epoch", 7.0),
        ({"step": 9}, "step", 9.0),
        ({"epoch": None}, "evaluation", 1.0),
    ],
)
def test_what_is_counted(row, axis, x):
    (curve,) = curves([{**row, "train": {"loss": 1.0}}], {})
    assert (curve.axis, curve.lines["train"][0][0]) == (axis, x)


def test_flat_rows_say_the_same():
    assert figures({"epoch": 1, "train_loss": 1.0, "validation/mae": 2.0, "training": 3}) == {
        ("train", "loss"): 1.0,
        ("validation", "mae"): 2.0,
    }


def test_no_rows_no_curves():
    assert curves([], {}) == ()


def test_thinning_keeps_the_ends_and_the_extremes():
    points = tuple((float(i), float(i % 7)) for i in range(5000))
    points = (*points[:2500], (2500.0, 99.0), *points[2501:])
    kept = thinned(points, 400)
    assert len(kept) <= 402
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert (2500.0, 99.0) in kept
    assert list(kept) == sorted(kept)
    assert thinned(points[:400], 400) == points[:400]
