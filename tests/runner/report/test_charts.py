import re

import pytest

from specdl.runner.report.axes import axes
from specdl.runner.report.charts import SIZE, chart, heading
from specdl.runner.report.history import curves


def drawn(values, **more):
    rows = [{"epoch": i + 1, "train": {"loss": value}, **more} for i, value in enumerate(values)]
    (curve,) = curves(rows, {})
    return str(chart(curve))


def path(text):
    return re.search(r'class="line train"><path d="([^"]*)"', text).group(1)


def test_a_line_runs_from_the_left_end_to_the_right_end():
    numbers = [tuple(map(float, each.split())) for each in path(drawn([4.0, 3.0, 2.0]))[1:].split("L")]
    (left, top), (middle, _), (right, low) = numbers
    assert right == SIZE[0] - 14
    assert middle == pytest.approx((left + right) / 2, abs=0.02)
    assert top < low


def test_a_loss_that_falls_by_decades_is_straight_on_a_log_scale():
    text = drawn([1.0, 0.1, 0.01])
    ys = [float(each.split()[1]) for each in path(text)[1:].split("L")]
    assert ys[1] == pytest.approx((ys[0] + ys[2]) / 2, abs=0.02)
    assert "log scale" in text


def test_an_accuracy_is_never_on_a_log_scale():
    (curve,) = curves([{"epoch": i, "train": {"accuracy": 0.01 + i / 10}} for i in range(9)], {})
    assert "log scale" not in str(chart(curve))


def test_the_best_is_marked_and_told():
    text = drawn([4.0, 1.5, 2.0])
    assert "<title>best: 1.500 at epoch 2 (train)</title>" in text
    assert 'aria-label="loss by epoch: train from 4 to 2; best 1.500 at epoch 2"' in text
    assert 'class="key best">best 1.500<' in text


def test_figures_that_are_not_finite_are_told():
    assert "train not finite in 2 evaluations" in drawn([4.0, None, 2.0, float("nan")])


def test_many_points_are_a_line_without_marks():
    text = drawn([1 / (i + 1) for i in range(3000)])
    assert text.count("<circle") == 1
    assert len(text) < 10_000


def test_counts_have_whole_ticks():
    text = str(axes((1, 3), (0, 1), SIZE, whole=True).frame("epoch", ""))
    assert re.findall(r">([\d.]+)</text>", text)[:3] == ["1.0", "2.0", "3.0"] or re.findall(
        r">([\d.]+)</text>", text
    )[:3] == ["1", "2", "3"]


def test_headings():
    assert [heading(each) for each in ("mae", "accuracy.head")] == ["MAE", "Accuracy of head"]
