import numpy as np

from specdl.data.base import Need
from specdl.data.sources import random
from specdl.data.sources.random import Random
from tests.data.helpers import classes, f32, f64, i64, loaded, reading, values


def test_inputs_are_normal_and_targets_what_the_loss_takes():
    part = Random(train=4000).read(reading(classes(3, f32(2, 5)))).parts["train"]
    x, y = part.inputs["input"], part.targets["target"]
    assert x.shape == (4000, 2, 5)
    assert x.dtype == np.float32
    assert abs(x.mean()) < 0.03
    assert abs(x.std() - 1) < 0.03
    assert sorted(set(y.tolist())) == [0, 1, 2]
    assert np.bincount(y).min() > 1100


def test_indices_values_and_dense_classes():
    need = Need(
        {"a": i64(7), "b": f64(2)},
        {"t": f32(3), "u": f32(5)},
        {"t": "value", "u": "one_hot"},
        {"u": 5},
        {"a": 65},
    )
    part = Random(train=200).read(reading(need)).parts["train"]
    assert part.inputs["a"].dtype == np.int64
    assert part.inputs["a"].min() >= 0
    assert part.inputs["a"].max() == 64
    assert part.inputs["b"].dtype == np.float64
    assert part.targets["t"].shape == (200, 3)
    assert part.targets["u"].shape == (200,)
    assert set(part.targets["u"].tolist()) == {0, 1, 2, 3, 4}


def test_token_targets_have_a_class_for_each_place():
    need = Need({"input": i64(8)}, {"target": i64(8)}, {"target": "index"}, {"target": 65}, {"input": 65})
    data = loaded(Random(train=10), need)
    assert data.parts["train"].targets["target"].shape == (10, 8)


def test_parts_inputs_and_targets_are_unlike():
    need = Need({"a": f32(4), "b": f32(4)}, {"target": f32(4)}, {"target": "value"})
    parts = Random(train=5, test=5).read(reading(need)).parts
    arrays = [p.inputs[name] for p in parts.values() for name in "ab"]
    arrays += [p.targets["target"] for p in parts.values()]
    assert len({array.astype(np.float64).tobytes() for array in arrays}) == 6


def test_drawing_in_blocks_changes_nothing(monkeypatch):
    whole = Random(train=50).read(reading(values(3))).parts["train"].inputs["input"]
    monkeypatch.setattr(random, "BLOCK", 7)
    assert np.array_equal(Random(train=50).read(reading(values(3))).parts["train"].inputs["input"], whole)
