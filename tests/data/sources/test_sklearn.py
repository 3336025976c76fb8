import sys

import numpy as np
import pytest

from specdl.data.sources.sklearn import SETS, Sklearn
from tests.data.helpers import classes, complaints, f32, loaded, reading, values

SPLIT = {"validation": 0.1, "test": 0.2}


@pytest.mark.parametrize("name", sorted(SETS))
def test_a_set_is_what_its_outline_says(name):
    outline = Sklearn(dataset=name).outline()
    width = outline.shape[0]
    need = values(1, input=f32(width)) if outline.target == "values" else classes(outline.classes, f32(width))
    raw = Sklearn(dataset=name).read(reading(need))
    part = raw.parts["train"]
    assert part.inputs["input"].shape == (outline.rows["train"], width)
    assert len(part.targets["target"]) == outline.rows["train"]
    if outline.target == "classes":
        assert set(part.targets["target"].tolist()) == set(range(outline.classes))
        assert len(raw.labels["target"]) == outline.classes
    else:
        assert raw.labels == {}


def test_digits_are_images_where_the_model_takes_images():
    data = loaded(Sklearn(dataset="digits"), classes(10, f32(1, 8, 8)))
    images = data.parts["train"].inputs["input"]
    assert images.shape == (1797, 1, 8, 8)
    assert images[0, 0, 0].tolist() == [0, 0, 5, 13, 9, 1, 0, 0]
    assert data.labels == {"target": tuple("0123456789")}


def test_without_scikit_learn(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    assert complaints(Sklearn(dataset="iris").read, reading(classes(3, f32(4)))) == [
        "E415 $.data.source.type: this source needs the package scikit-learn, which is not installed",
        '  help: pip install "specdl[sklearn]"',
    ]


def test_iris_trains_on_all_classes_though_it_is_sorted():
    from specdl.data.base import SplitSpec

    data = loaded(Sklearn(dataset="iris"), classes(3, f32(4)), split=SplitSpec(**SPLIT))
    assert {part: each.rows for part, each in data.parts.items()} == {
        "train": 105,
        "validation": 15,
        "test": 30,
    }
    for part in data.parts.values():
        assert set(np.unique(part.targets["target"])) == {0, 1, 2}
