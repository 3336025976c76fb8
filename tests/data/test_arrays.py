import numpy as np
import pytest
import torch

from specdl.core.errors import UsageError
from specdl.data.arrays import from_arrays
from specdl.data.base import Need
from tests.data.helpers import classes, complaints, f32, i64, values

X, Y = np.zeros((3, 2)), np.array([0, 1, 0])


def test_pairs_by_part():
    raw = from_arrays({"train": (X, Y), "test": [X, None], "validation": None}, classes(2))
    assert list(raw.parts) == ["train", "test"]
    assert raw.parts["train"].inputs["input"] is X
    assert raw.parts["train"].targets["target"] is Y
    assert raw.parts["test"].targets == {}


def test_dicts_by_name():
    need = Need({"a": f32(2), "b": f32()}, {"t": i64(), "u": i64()}, {"t": "index", "u": "index"})
    raw = from_arrays({"train": ({"a": X, "b": Y}, {"t": Y, "u": Y})}, need)
    assert list(raw.parts["train"].inputs) == ["a", "b"]
    assert list(raw.parts["train"].targets) == ["t", "u"]


def test_tensors_and_lists():
    x = torch.ones(3, 2, requires_grad=True)
    raw = from_arrays({"train": (x, [0, 1, 0])}, classes(2))
    part = raw.parts["train"]
    assert part.inputs["input"].tolist() == [[1, 1]] * 3
    assert type(part.inputs["input"]) is np.ndarray
    assert part.targets["target"].tolist() == [0, 1, 0]


def test_columns_of_objects_that_are_numbers_or_text():
    part = from_arrays({"train": (np.array([[1.5], [2]], object), np.array(["a", "b"], object))}, classes(2))
    assert part.parts["train"].inputs["input"].dtype == np.float64
    assert part.parts["train"].targets["target"].dtype.kind == "U"


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({}, "data is given by part, `train`, `validation` and `test`, and `train` is missing"),
        (
            {"train": (X, Y), "val": (X, Y)},
            "data is given by part, `train`, `validation` and `test`, and not `val`",
        ),
        ({"train": X}, 'data["train"] is a ndarray, and a pair (x, y) was expected'),
        ({"train": (X, Y, Y)}, 'data["train"] is a tuple, and a pair (x, y) was expected'),
    ],
)
def test_data_that_is_not_given_by_part(arrays, told):
    with pytest.raises(UsageError) as caught:
        from_arrays(arrays, classes(2))
    assert str(caught.value) == told


def test_what_is_no_array():
    told = complaints(from_arrays, {"train": ([[1, 2], [3]], 5)}, classes(2))
    assert told[0].startswith("E414 $.data: `input` cannot be read as an array: setting an array element")
    assert told[1:] == [
        (
            "E414 $.data: `target` is a single value, "
            "and an array of numbers with a row for each sample was expected"
        ),
    ]
    assert complaints(from_arrays, {"train": (np.array([{}, {}]), Y)}, values(2)) == [
        (
            "E414 $.data: `input` is an array of object, "
            "and an array of numbers with a row for each sample was expected"
        ),
    ]
    assert complaints(from_arrays, {"train": (torch.zeros(3, 2, dtype=torch.bfloat16), Y)}, values(2))[
        0
    ].startswith("E414 $.data: `input` cannot be read as an array: ")
