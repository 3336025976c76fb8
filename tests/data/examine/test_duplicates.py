import numpy as np

from specdl.data.base import Need, Part, SplitSpec
from specdl.data.examine.duplicates import hashes
from tests.data.examine.helpers import of_csv, of_npy, points
from tests.data.helpers import classes, f32, i64

TRAIN = points(0, 1, 0, 1, 0, 1)


def test_rows_of_test_that_were_trained_on(tmp_path):
    test = [TRAIN[3], *points(0, 1, seed=1), TRAIN[1], TRAIN[0], TRAIN[5], TRAIN[5]]
    assert of_csv(tmp_path, classes(2), TRAIN, test=test) == [
        "W423 $.data.source: 5 of the 7 samples of the test part are in the training part too",
        "  note: line 2 of `t.csv` is line 5 of `a.csv`",
        "  note: line 5 of `t.csv` is line 3 of `a.csv`",
        "  note: line 6 of `t.csv` is line 2 of `a.csv`",
        "  note: so are 2 more",
    ]


def test_the_label_does_not_matter(tmp_path):
    test = [(*row[:2], 1 - row[2]) for row in TRAIN[:3]]
    assert of_csv(tmp_path, classes(2), TRAIN, test=test)[0].startswith("W423 $.data.source: 3 of the 3")


def test_one_row_may_repeat_by_chance_and_one_in_a_hundred(tmp_path):
    assert of_csv(tmp_path, classes(2), TRAIN, test=[TRAIN[0], *points(0, 1, seed=1)]) == []
    many = points(*[0, 1] * 100, seed=1)
    assert of_csv(tmp_path, classes(2), TRAIN, test=[*TRAIN[:2], *many[2:]]) == []
    assert of_csv(tmp_path, classes(2), TRAIN, test=[*TRAIN[:3], *many[3:]]) != []


def test_rows_that_are_nearly_alike_are_not(tmp_path):
    test = [(row[0] + 0.001, *row[1:]) for row in TRAIN]
    assert of_csv(tmp_path, classes(2), TRAIN, test=test) == []


def test_a_source_that_is_split(tmp_path):
    rows = points(*[0, 1] * 10)
    found = of_csv(tmp_path, classes(2), rows + rows, split=SplitSpec(test=0.5))
    assert found[0].startswith("W423 $.data.source: ")
    numbers = [int(each) for each in found[1].split() if each.isdigit()]
    assert abs(numbers[0] - numbers[1]) == 20


def test_inputs_of_few_values_must_repeat(tmp_path):
    grid = [(a, b, a ^ b) for a in (0, 1) for b in (0, 1)] * 3
    assert of_csv(tmp_path, classes(2), grid, test=grid[:4]) == []


def test_several_inputs_must_all_be_equal(tmp_path):
    need = Need({"p": f32(2), "q": f32(3)}, {"target": i64()}, {"target": "index"}, {"target": 2})
    draw = np.random.default_rng(0)
    p, q = draw.normal(size=(8, 2)), draw.normal(size=(8, 3))
    from specdl.data.sources.npz import ArrayNames, Npz
    from tests.data.examine.helpers import told

    def found(q_test):
        np.savez(tmp_path / "a.npz", p=p, q=q, y=np.arange(8) % 2)
        np.savez(tmp_path / "t.npz", p=p[:4], q=q_test, y=np.arange(4) % 2)
        return told(tmp_path, need, Npz(path="a.npz", test=ArrayNames(path="t.npz")))

    assert found(q[:4])[0].startswith("W423 $.data.source: 4 of the 4")
    assert found(draw.normal(size=(4, 3))) == []


def test_rows_of_an_array_are_named_by_number(tmp_path):
    x = np.random.default_rng(0).normal(size=(9, 4, 3))
    y = np.arange(9) % 2
    assert of_npy(tmp_path, classes(2, f32(4, 3)), x, y, test=(x[5:7], y[5:7])) == [
        "W423 $.data.source.train.x: 2 of the 2 samples of the test part are in the training part too",
        "  note: row 0 of the test part is row 5 of the training part",
        "  note: row 1 of the test part is row 6 of the training part",
    ]


def test_rows_with_one_hash_are_compared_number_by_number(tmp_path, monkeypatch):
    monkeypatch.setattr("specdl.data.examine.duplicates.hashes", lambda part: np.zeros(part.rows, np.uint64))
    test = [*points(0, 1, seed=1), *TRAIN[:2]]
    assert of_csv(tmp_path, classes(2), TRAIN, test=test)[0].startswith("W423 $.data.source: 2 of the 4")


def test_equal_rows_have_equal_hashes_and_others_hardly_ever():
    x = np.random.default_rng(1).integers(0, 2, size=(5000, 16)).astype(np.float32)
    found = hashes(Part({"x": x}, {}))
    assert len(np.unique(found)) == len(np.unique(x, axis=0))


def test_of_equal_training_rows_the_first_is_named(tmp_path):
    found = of_csv(tmp_path, classes(2), TRAIN + TRAIN, test=TRAIN[2:4])
    assert found[1:] == [
        "  note: line 2 of `t.csv` is line 4 of `a.csv`",
        "  note: line 3 of `t.csv` is line 5 of `a.csv`",
    ]
