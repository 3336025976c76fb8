import numpy as np
import pytest

from specdl.data.transforms.normalize import Normalize
from tests.data.examine.helpers import of_csv, of_npy
from tests.data.helpers import classes, f32, values

N = 24
DRAW = np.random.default_rng(0)
A, B = DRAW.normal(size=N).round(3), DRAW.normal(size=N).round(3)
Y = np.array([0, 1, 1] * (N // 3))


def rows(*columns):
    return list(zip(*(np.asarray(column).tolist() for column in columns), strict=True))


def test_good_columns(tmp_path):
    assert of_csv(tmp_path, classes(2), rows(A, B, Y)) == []


def test_a_column_that_never_changes(tmp_path):
    assert of_csv(tmp_path, classes(2), rows(A, np.full(N, 5.5), Y)) == [
        "W424 $.data.source: `b` is 5.5 in every training sample: nothing can be learnt from it"
    ]
    found = of_csv(tmp_path, classes(2, f32(3)), rows(A, np.zeros(N), np.ones(N), Y), "a,b,c,y")
    assert found == [
        (
            "W424 $.data.source: `b` and `c` are one value each in every training sample: "
            "nothing can be learnt from it"
        )
    ]


def test_constant_columns_of_pictures_and_of_few_rows_are_left_alone(tmp_path):
    assert of_csv(tmp_path, classes(2), rows(A, np.full(N, 5.5), Y)[:19]) == []
    x = np.zeros((N, 6))
    x[:, 0] = A
    assert of_npy(tmp_path, classes(2, f32(6)), x, Y) == []


def test_columns_of_very_different_reach(tmp_path):
    far = (B * 1e6).round()
    found = of_csv(tmp_path, classes(2), rows(A, far, Y))
    low, high = f"{far.min():.4g}", f"{far.max():.4g}"
    assert found == [
        (
            f"W425 $.data: `b` reaches from {int(float(low))} to {int(float(high))}, and `a` from "
            f"{A.min():.4g} to {A.max():.4g}: what the smaller one says is drowned"
        ),
        '  help: "transforms": ["normalize"]',
    ]
    assert of_csv(tmp_path, classes(2), rows(A, far, Y), transforms=(Normalize(),)) == []
    assert of_csv(tmp_path, classes(2), rows(A, B * 5000, Y)) == []


def test_reach_of_arrays_and_of_constants(tmp_path):
    x = np.stack([A, np.full(N, 7.0), B * 1e6], axis=1)
    (line, _) = of_npy(tmp_path, classes(2, f32(3)), x, Y)
    assert "column 2 of `input` reaches from" in line
    assert "and column 0 of `input` from" in line


def test_one_value_per_class_of_pixel_is_not_drowned(tmp_path):
    x = DRAW.integers(0, 256, size=(N, 5)).astype(float)
    x[:, 0] = 0
    x[3, 0] = 1
    assert of_npy(tmp_path, classes(2, f32(5)), x, Y) == []


@pytest.mark.parametrize("start", [0, 1, 1000])
def test_a_column_that_numbers_the_rows(tmp_path, start):
    ids = DRAW.permutation(N) + start
    assert of_csv(tmp_path, classes(2), rows(ids, B, Y)) == [
        (
            f"W427 $.data.source: `a` numbers the rows from {start} to {start + N - 1}: "
            "it says where a sample stands, not what it is"
        ),
        "  note: list the columns to learn from in `features`, without it",
    ]


def test_a_trend_is_learnt_from_numbers(tmp_path):
    numbers = np.arange(N)
    y = numbers * 0.5 + 3
    assert of_csv(tmp_path, values(1), rows(numbers, B, y)) == []
    assert of_csv(tmp_path, values(1), rows(numbers, B, y), "id,b,y")[0].startswith("W427")
    assert of_csv(tmp_path, values(1, input=f32(1)), rows(numbers, y), "id,y") == []
    twice = np.arange(N) // 2
    assert of_csv(tmp_path, classes(2), rows(twice, B, Y)) == []


def test_a_column_that_is_the_target(tmp_path):
    assert of_csv(tmp_path, classes(2), rows(A, Y, Y)) == [
        "W428 $.data.source: `b` equals `target` in every training sample: it gives the answer away"
    ]
    assert of_csv(tmp_path, values(1), rows(A, B, B))[0].startswith("W428 $.data.source: `b` equals `target`")


def test_a_column_that_is_the_target_under_other_names(tmp_path):
    assert of_csv(tmp_path, classes(2), rows(A, 7 - 3 * Y, Y)) == [
        "W428 $.data.source: `b` decides `target` in every training sample: it gives the answer away"
    ]
    names = np.array(["no", "yes"])[Y]
    assert of_csv(tmp_path, classes(2), rows(A, Y, names))[0].startswith("W428")


def test_a_column_that_nearly_is_the_target(tmp_path):
    nearly = Y.copy()
    nearly[-1] = 1 - nearly[-1]
    assert of_csv(tmp_path, classes(2), rows(A, nearly, Y)) == []
    assert of_csv(tmp_path, classes(2), rows(A, Y, Y)[:12]) == []
    finer = Y * 2 + np.arange(N) % 2 * Y
    assert of_csv(tmp_path, classes(2), rows(A, finer, Y)) == []


def test_a_line_is_no_leak(tmp_path):
    assert of_csv(tmp_path, values(1), rows(A, B, 2 * B + 1)) == []


def test_numbers_that_repeat_count_no_rows(tmp_path):
    ids = np.arange(N)
    ids[3] = 4
    assert of_csv(tmp_path, classes(2), rows(ids, B, Y)) == []


def test_a_constant_target_is_no_leak(tmp_path):
    assert of_csv(tmp_path, values(1), rows(A, np.ones(N), np.ones(N))) == [
        "W424 $.data.source: `b` is 1 in every training sample: nothing can be learnt from it"
    ]
