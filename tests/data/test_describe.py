from specdl.data.base import TargetSpec
from specdl.data.describe import describe
from specdl.data.sources.disc import Disc
from specdl.data.sources.sklearn import Sklearn
from tests.data.helpers import classes, f32, loaded, values


def test_rows_bytes_and_classes():
    need = classes(3, encode="one_hot")
    found = describe(loaded(Disc(train=1000, test=10), need), need)
    assert found.rows == {"train": 1000, "test": 10}
    assert found.bytes == 1010 * (2 * 4 + 3 * 4)
    (counts,) = found.classes.values()
    assert list(counts) == ["outside", "inside", "2"]
    assert sum(counts.values()) == 1000
    assert counts["2"] == 0
    assert str(found) == (
        f"train 1,000 rows, test 10 rows\ntarget: outside {counts['outside']}, inside {counts['inside']}, 2 0"
    )


def test_classes_by_name():
    need = classes(3, f32(4))
    found = describe(loaded(Sklearn(dataset="iris"), need), need)
    assert found.classes == {"target": {"setosa": 50, "versicolor": 50, "virginica": 50}}


def test_an_array_that_is_input_and_target_counts_once():
    need = values(4, input=f32(4))
    target = TargetSpec.model_validate({"from": "input"})
    assert describe(loaded(Sklearn(dataset="iris"), need, target=target), need).bytes == 150 * 4 * 4


def test_values_have_no_classes():
    need = values(1, input=f32(10))
    found = describe(loaded(Sklearn(dataset="diabetes"), need), need)
    assert found.classes == {}
    assert str(found) == "train 442 rows"
