import numpy as np
import pytest

from tests.data.examine.helpers import of_csv, of_npy, points
from tests.data.helpers import classes, f32, i64

LACKS = "of the {} classes that the output counts, the training part has no sample of"


def test_a_class_without_training_samples(tmp_path):
    assert of_csv(tmp_path, classes(4), points(0, 2, 0, 2)) == [
        f"W420 $.data.source.target: {LACKS.format(4)} classes `1` and `3`"
    ]


def test_classes_are_named_where_they_have_names(tmp_path):
    rows = points("rose", "tulip", "rose", "tulip")
    assert of_csv(tmp_path, classes(3), rows) == [f"W420 $.data.source.target: {LACKS.format(3)} class `2`"]
    assert of_csv(tmp_path, classes(2), points(*(["rose"] * 42 + ["tulip"])))[0].startswith(
        "W422 $.data.source.target: the training part has 42 samples of class `rose`, and 1 of class `tulip`"
    )


def test_many_classes_are_counted(tmp_path):
    (line,) = of_csv(tmp_path, classes(20), points(*range(10)))
    assert line.endswith("classes `10`, `11`, `12`, `13`, `14` and 5 more")


def test_a_class_that_only_the_test_part_has(tmp_path):
    assert of_csv(tmp_path, classes(4), points(0, 1, 0), test=points(2, 1, 2, seed=1)) == [
        "W421 $.data.source.target: the training part has no sample of class `2`, and the test part has 2",
        f"W420 $.data.source.target: {LACKS.format(4)} class `3`",
    ]


@pytest.mark.parametrize(("most", "said"), [(20, False), (21, True)])
def test_uneven_from_twenty_to_one(tmp_path, most, said):
    found = of_csv(tmp_path, classes(2), points(*([1] * most + [0])))
    assert (found != []) == said
    if said:
        assert found == [
            (
                "W422 $.data.source.target: "
                "the training part has 21 samples of class `1`, and 1 of class `0`: 21 to 1"
            ),
            "  note: answering class `1` always is right for 95.5 % of the training part",
        ]


def test_the_baseline_is_that_of_the_part_that_judges(tmp_path):
    rows, test = points(*([1] * 60 + [0, 0])), points(0, 1, 1, 1, seed=1)
    assert of_csv(tmp_path, classes(2), rows, test=test)[-1] == (
        "  note: answering class `1` always is right for 75.0 % of the test part"
    )


def test_one_hot_targets_and_labels_of_several_places(tmp_path):
    assert of_csv(tmp_path, classes(3, encode="one_hot"), points(0, 2, 0, 2))[0].startswith("W420")
    need = classes(3, f32(2))
    need = type(need)(need.inputs, {"target": i64(4)}, need.encode, need.classes)
    x = np.random.default_rng(0).normal(size=(5, 2))
    y = np.array([[0, 1, 0, 1]] * 5)
    assert of_npy(tmp_path, need, x, y) == [f"W420 $.data.source.train.y: {LACKS.format(3)} class `2`"]


def test_vocabularies_are_left_alone(tmp_path):
    assert of_csv(tmp_path, classes(1001), points(0, 1, 0)) == []


def test_even_classes_are_fine(tmp_path):
    assert of_csv(tmp_path, classes(2), points(0, 1, 0, 1)) == []


def test_the_baseline_is_that_of_validation_where_there_is_one(tmp_path):
    from specdl.data.base import SplitSpec

    rows = points(*([1] * 95 + [0, 0]))
    found = of_csv(tmp_path, classes(2), rows, split=SplitSpec(validation=0.2, test=0.3))
    assert found[-1].endswith("of the validation part")
