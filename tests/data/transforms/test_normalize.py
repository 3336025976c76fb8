import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pydantic import ValidationError

from specdl.core.errors import SpecdlError
from specdl.data.transforms import normalize
from specdl.data.transforms.normalize import Normalize
from tests.data.helpers import f32, i64


def run(transform, values, wanted=None):
    fitted = json.loads(json.dumps(transform.fit(values, wanted or f32(*values.shape[1:]))))
    return transform.apply(values, fitted)


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("per", "axes"), [("feature", (0,)), ("channel", (0, 2, 3)), ("all", (0, 1, 2, 3))])
def test_what_shares_a_mean_and_a_deviation(per, axes):
    x = RNG.normal(3, 7, (50, 3, 4, 2)) * np.arange(1, 4)[:, None, None]
    expected = (x - x.mean(axes, keepdims=True)) / x.std(axes, keepdims=True)
    np.testing.assert_allclose(run(Normalize(per=per), x), expected, rtol=1e-12, atol=1e-12)


def test_long_data_is_summed_in_blocks(monkeypatch):
    x = RNG.normal(1e3, 1, (100, 3)).astype(np.float32)
    monkeypatch.setattr(normalize, "ROWS", 7)
    y = run(Normalize(), x)
    np.testing.assert_allclose(y.mean(0), 0, atol=1e-10)
    np.testing.assert_allclose(y.std(0), 1, rtol=1e-10)


@given(x=arrays.arrays(np.float64, (5, 3), elements=st.floats(-1e100, 1e100)))
def test_results_are_finite(x):
    assert np.isfinite(run(Normalize(), x)).all()


def test_constant_features_become_zero():
    x = np.column_stack([np.full(9, 0.1, np.float32), np.full(9, -4), np.arange(9)])
    transform = Normalize()
    fitted = transform.fit(x, f32(3))
    assert fitted["std"][:2] == [1, 1]
    y = transform.apply(x, fitted)
    np.testing.assert_allclose(y[:, :2], 0, atol=1e-7)
    assert y[:, 2].std() == pytest.approx(1)
    rounded = np.full((7, 1), 0.1)  # whose measured mean is not 0.1, nor the deviation from it 0
    assert transform.fit(rounded, f32(1))["std"] == [1]
    assert transform.apply(np.array([[5.0, 1.0, 4.0]]), fitted)[0, 1] == 5


def test_figures_that_are_given():
    x = np.array([[2.0, 30.0], [4.0, 50.0]])
    assert run(Normalize(mean=(2.0, 30.0), std=(2.0, 10.0)), x).tolist() == [[0, 0], [1, 2]]
    assert run(Normalize(mean=1.0, std=1.0), x).tolist() == [[1, 29], [3, 49]]
    assert run(Normalize(mean=0.0), x).tolist() == [[2, 3], [4, 5]]  # divided by the measured deviation
    with pytest.raises(SpecdlError, match="`mean` has 3 numbers, and there are 2 of what `per` says"):
        Normalize(mean=(1.0, 2.0, 3.0)).fit(x, f32(2))


def test_as_many_figures_as_channels_are_told_what_they_are_for():
    with pytest.raises(SpecdlError, match="there are 12 of what `per` says") as caught:
        Normalize(mean=(1.0, 2.0, 3.0)).fit(np.zeros((5, 3, 4)), f32(3, 4))
    assert caught.value.help == '"per": "channel"'


def test_integers_and_bools_are_numbers():
    assert run(Normalize(), np.array([[0], [255]], np.uint8)).tolist() == [[-1], [1]]
    assert run(Normalize(), np.array([[False], [True]])).tolist() == [[-1], [1]]


def test_fits_inputs_of_floats_only():
    x = np.zeros((3, 4))
    assert Normalize().fits(x, f32(2, 2))
    assert not Normalize().fits(x, i64(4))
    assert not Normalize().fits(x, f32(4, 10))  # indices on their way to vectors


def test_refuses():
    with pytest.raises(SpecdlError, match=r"channels and positions, and these are \[2\]"):
        Normalize(per="channel").fit(np.zeros((3, 2)), f32(2))
    with pytest.raises(SpecdlError, match="takes numbers, and these samples are <U1"):
        Normalize().fit(np.array(["a"]), f32())
    with pytest.raises(SpecdlError, match=r"fitted on samples of another shape than \[4\]"):
        Normalize().apply(np.zeros((3, 4)), Normalize().fit(np.zeros((3, 2)), f32(2)))
    for options in ({"std": 0.0}, {"mean": ()}, {"per": "row"}):
        with pytest.raises(ValidationError):
            Normalize(**options)
