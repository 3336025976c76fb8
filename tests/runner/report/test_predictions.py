import re

import numpy as np
import pytest

from specdl.runner.report.facts import Classes, Values
from specdl.runner.report.predictions import counts, fit, percent, section

TRUTH, PREDICTED = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 2, 1, 0, 2])


def confusion(labels=("a", "b", "c"), truth=TRUTH, predicted=PREDICTED, several=False):
    return "".join(map(str, section(Classes("head", "test", truth, predicted, labels), several)))


def test_rows_are_true_classes_and_columns_predicted_ones():
    facts = Classes("head", "test", TRUTH, PREDICTED, ("a", "b", "c"))
    assert counts(facts).tolist() == [[2, 0, 1], [1, 1, 0], [0, 0, 1]]


def test_the_matrix_is_a_table_with_headings():
    text = confusion()
    rows = re.findall(r'<tr><th scope="row">(.*?)</tr>', text)
    cells = [re.findall(r">([^<>]+)<", row) for row in (f">{row}" for row in rows)]
    assert cells == [
        ["a", "2", "0", "1", "66.7%"],
        ["b", "1", "1", "0", "50.0%"],
        ["c", "0", "0", "1", "100%"],
        ["precision", "66.7%", "100%", "50.0%", "66.7%"],
    ]
    assert "2 of 6 samples of the test part are wrong." in text
    assert "Most often: a taken for c (1), b taken for a (1)." in text


def test_classes_without_samples_have_no_rate():
    text = confusion(("a", "b", "c", "never"))
    assert '<th scope="row">never</th>' in text
    assert '<td class="rate">\u2013</td>' in text


def test_labels_are_escaped():
    assert "<script>" not in confusion(("<script>", "b", "c"))


def test_many_classes_are_a_list_of_mistakes():
    truth = np.arange(100).repeat(3)
    predicted = np.where(truth == 41, 7, truth)
    text = confusion(tuple(map(str, range(100))), truth, predicted)
    assert re.findall(r"<tr><td>(\d+)</td><td>(\d+)</td><td class=\"n\">(\d+)</td>", text) == [
        ("41", "7", "3")
    ]
    assert len(text) < 2000


def test_one_of_several_outputs_is_named():
    assert "Confusion matrix of head" in confusion(several=True)
    assert "of head" not in confusion()


def test_percentages_are_whole_only_where_nothing_is_missing():
    assert [percent(each) for each in (1.0, 0.99999, 0.5, 0.00001, 0.0, None)] == [
        "100%",
        "99.9%",
        "50.0%",
        "0.1%",
        "0%",
        "\u2013",
    ]


def values(truth, predicted):
    return [
        str(each) for each in section(Values("head", "test", np.array(truth), np.array(predicted)), False)
    ]


def test_equal_values_lie_on_the_diagonal():
    (text,) = values([[0.0], [5.0], [10.0]], [[0.0], [5.0], [10.0]])
    dots = re.findall(r"M([\d.]+) ([\d.]+)h0", text)
    ends = re.search(r'd="M([\d.]+) ([\d.]+)L([\d.]+) ([\d.]+)" class="diagonal"', text).groups()
    left, foot, right, head = map(float, ends)
    for x, y in ((float(x), float(y)) for x, y in dots):
        assert (x - left) / (right - left) == pytest.approx((foot - y) / (foot - head), abs=0.001)
    assert "Mean absolute error 0, root mean square 0, R\u00b2 1." in text


def test_a_scatter_for_each_of_a_few_columns_and_one_for_many():
    assert len(values(np.ones((5, 3)), np.ones((5, 3)))) == 3
    (text,) = values(np.ones((5, 9)), np.ones((5, 9)))
    assert "9 numbers per sample, shown together" in text
    assert "45 values" in text


def test_a_large_scatter_keeps_the_points_that_are_farthest_off():
    truth = np.linspace(0, 1, 50_001)[:, None]
    predicted = truth.copy()
    predicted[1234] = 100.0
    (text,) = values(truth, predicted)
    ys = [float(y) for _, y in re.findall(r"M([\d.]+) ([\d.]+)h0", text)]
    assert 1000 < len(ys) <= 1500
    assert min(ys) < 50
    assert len(text) < 40_000


def test_values_that_are_not_finite_are_left_out():
    (text,) = values([[1.0], [np.nan]], [[1.0], [2.0]])
    assert "1 value of the test part" in text
    assert "No value is finite" in values([[np.nan]], [[1.0]])[0]


def test_errors_are_measured():
    words = fit(np.array([0.0, 2.0]), np.array([1.0, 4.0]))
    assert words == "Mean absolute error 1.500, root mean square 1.581, R\u00b2 -1.500."
