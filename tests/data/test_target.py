import numpy as np
import pytest

from specdl.data.base import Need
from specdl.data.target import checked, written
from specdl.data.words import Where
from tests.data.helpers import classes, complaints, f32, i64, values

AT = ("data", "source")
ZERO = "  note: rows and columns count from 0"


def check(need, train, labels=(), **others):
    arrays = {"train": np.asarray(train), **{part: np.asarray(each) for part, each in others.items()}}
    return checked("target", arrays, labels, need, Where({}), AT)


def faults(need, train, labels=(), **others):
    arrays = {"train": np.asarray(train), **{part: np.asarray(each) for part, each in others.items()}}
    return complaints(checked, "target", arrays, labels, need, Where({}), AT)


def test_class_numbers_stay():
    numbers, labels = check(classes(3), [0, 2, 1], test=[1.0])
    assert numbers["train"].tolist() == [0, 2, 1]
    assert numbers["test"].tolist() == [1]
    assert labels == ()


def test_class_names_are_numbered_in_sorted_order():
    numbers, labels = check(classes(3), ["dog", "ant", "dog"], test=["ant"])
    assert labels == ("ant", "dog")
    assert numbers["train"].tolist() == [1, 0, 1]
    assert numbers["test"].tolist() == [0]


def test_two_class_names_may_be_values():
    numbers, labels = check(values(1), ["no", "yes"])
    assert numbers["train"].tolist() == [0, 1]
    assert labels == ("no", "yes")


@pytest.mark.parametrize(("train", "shown"), [([0, 3], "3"), ([1, -1], "-1"), ([0, 0.5], "0.5")])
def test_a_label_outside_the_classes(train, shown):
    assert faults(classes(3), train) == [
        (
            f"E412 $.data.source: row 1 of the training part has the label {shown}, "
            "and the model has 3 classes, numbered from 0 to 2"
        ),
        ZERO,
    ]


def test_labels_counted_from_one():
    assert faults(classes(3, encode="one_hot"), [1, 2, 3, 3]) == [
        (
            "E412 $.data.source: row 2 of the training part has the label 3, "
            "and the model has 3 classes, numbered from 0 to 2"
        ),
        ZERO,
        "  note: so is 1 more",
        "  help: number the classes from 0: subtract 1 from each label",
    ]


def test_every_part_is_told_of():
    told = faults(classes(2), [0, 5], test=[7])
    assert [line for line in told if line.startswith("E")] == [
        (
            "E412 $.data.source: row 1 of the training part has the label 5, "
            "and the model has 2 classes, numbered from 0 to 1"
        ),
        (
            "E412 $.data.source: row 0 of the test part has the label 7, "
            "and the model has 2 classes, numbered from 0 to 1"
        ),
    ]


def test_a_name_that_training_does_not_have():
    assert faults(classes(3), ["a", "b"], validation=["a", "z", "z"]) == [
        (
            "E412 $.data.source: row 1 of the validation part has the label `z`, "
            "which is none of the 2 classes of the training part"
        ),
        "  note: they are `a` and `b`",
        ZERO,
        "  note: so is 1 more",
    ]


def test_more_names_than_scores():
    assert faults(classes(2), ["a", "b", "c"]) == [
        "E412 $.data.source: `target` has 3 classes, and the model's output has 2",
        "  note: the classes are `a`, `b`, `c`",
    ]


def test_values_must_be_finite():
    assert faults(values(2), [[0, 1], [2, np.nan]]) == [
        (
            "E413 $.data.source: row 1, column 1 of `target` in the training part is nan: "
            "a finite number was expected"
        ),
        ZERO,
    ]
    assert faults(classes(2), [0, np.inf])[0] == (
        "E413 $.data.source: row 1 of `target` in the training part is inf: a finite number was expected"
    )


def test_class_numbers_where_a_vector_is_compared():
    assert faults(values(2), [0, 1]) == [
        "E414 $.data.source: `target` is one number per sample, and the loss compares it with [2]",
        '  help: "target": {"encode": "one_hot"}',
    ]


def test_vectors_where_a_class_number_is_wanted():
    told = [
        "E414 $.data.source: `target` is [3] per sample, and encode `{}` takes a class number",
        '  help: "encode": "value"',
    ]
    for encode in ("index", "one_hot"):
        found = faults(classes(3, encode=encode), np.eye(3))
        assert found == [told[0].format(encode), told[1]]


def test_names_where_values_are_wanted():
    assert faults(values(3), ["a", "b", "c"]) == [
        "E414 $.data.source: `target` is one of 3 class names, and the loss takes values",
        "  note: the names are `a`, `b`, `c`",
        '  help: "target": {"encode": "one_hot"}',
    ]


def test_dates_are_no_targets():
    assert faults(values(1), np.array(["2020-01-01"], "M8[D]")) == [
        "E414 $.data.source: `target` is an array of datetime64[D], and class names or numbers were expected"
    ]


def test_writing():
    labels = np.array([2, 0, 1])
    assert written(labels, "index", i64(), None).tolist() == [2, 0, 1]
    one_hot = written(labels, "one_hot", f32(3), np.array([0, 2]))
    assert one_hot.tolist() == [[0, 0, 1], [0, 1, 0]]
    assert one_hot.dtype == np.float32
    assert written(labels, "value", f32(1), None).tolist() == [[2], [0], [1]]
    assert written(labels[:, None], "one_hot", f32(3), None).shape == (3, 3)


def test_a_class_for_each_place_of_a_sequence():
    need = Need({"input": f32(2)}, {"target": f32(4, 3)}, {"target": "one_hot"}, {"target": 3})
    labels = np.array([[0, 1, 2, 0], [0, 0, 0, 2]])
    numbers, _ = check(need, labels)
    found = written(numbers["train"], "one_hot", f32(4, 3), None)
    assert found.shape == (2, 4, 3)
    assert np.array_equal(found.argmax(-1), labels)
    assert faults(need, [[0, 1, 5, 0]])[0] == (
        "E412 $.data.source: row 0, column 2 of `target` in the training part is 5, "
        "and the model has 3 classes, numbered from 0 to 2"
    )
