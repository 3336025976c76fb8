import numpy as np
import pytest

from specdl.core.types import BATCH, TensorType
from specdl.data.base import DataSpec
from specdl.data.elementwise import Filled, Scaled, elementwise
from specdl.data.steps import Steps
from specdl.data.transforms.normalize import Normalize
from specdl.data.transforms.one_hot import OneHot

X = 100 + 5 * np.random.default_rng(0).normal(size=(20, 2, 3))


def fitted(values, *transforms, gaps=()):
    """The data's spec, and what a run of it stores."""
    spec = DataSpec(batch_size=4, transforms=transforms)
    steps = Steps(spec)
    wanted = TensorType((BATCH, *values.shape[1:]))
    steps.fit({"x": lambda: values}, {"x": wanted}, {"x": gaps})
    return spec, steps.as_json()


def applied(steps, values):
    """The steps as they are described, on flat samples."""
    flat = values.reshape(len(values), -1).astype(np.float64)
    for step in steps:
        if isinstance(step, Filled):
            flat = np.where(np.isnan(flat), step.values, flat)
        else:
            flat = (flat - step.mean) / step.std
    return flat


@pytest.mark.parametrize("per", ["feature", "channel", "all"])
def test_normalize_is_arithmetic_on_each_number(per):
    spec, stored = fitted(X, Normalize(per=per), Normalize(mean=0.5, std=2.0))
    steps = elementwise(spec, stored, "x", 6)
    assert [type(step) for step in steps] == [Scaled, Scaled]
    assert all(step.mean.shape == step.std.shape == (6,) for step in steps)
    want = Steps.stored(spec, stored).change("x")(X)
    assert applied(steps, X).tobytes() == np.ascontiguousarray(want).tobytes()


def test_what_is_missing_is_filled_first():
    table = X.reshape(20, 6).copy()
    table[3, 1] = table[7, 4] = np.nan
    spec, stored = fitted(table, Normalize(), gaps=(1, 4))
    steps = elementwise(spec, stored, "x", 6)
    assert [type(step) for step in steps] == [Filled, Scaled]
    assert np.isnan(steps[0].values).tolist() == [True, False, True, True, False, True]
    want = Steps.stored(spec, stored).change("x")(table)
    assert applied(steps, table).tobytes() == want.tobytes()


def test_an_input_that_nothing_changes_has_no_steps():
    spec, stored = fitted(X, Normalize(inputs=("x",)))
    assert elementwise(spec, stored, "other", 6) == ()
    assert elementwise(DataSpec(batch_size=4), {}, "x", 6) == ()


def test_what_is_more_than_arithmetic():
    spec = DataSpec(batch_size=4, transforms=(OneHot(),))
    assert elementwise(spec, {"transforms": [{"x": {"classes": 3}}]}, "x", 6) is None


def test_figures_along_another_axis_are_left_alone():
    figures = np.ones((1, 2)).tolist()
    spec = DataSpec(batch_size=4, transforms=(Normalize(),))
    assert elementwise(spec, {"transforms": [{"x": {"mean": figures, "std": figures}}]}, "x", 6) is None
