import numpy as np
import pytest
from pydantic import ValidationError

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits.uniform import Uniform

PARAM = Param((200, 300), 300, 200)


@pytest.mark.parametrize(("options", "low", "high"), [({}, 0, 1), ({"a": -0.5, "b": 0.25}, -0.5, 0.25)])
def test_fills_its_range_evenly(options, low, high):
    values = Uniform(**options).sample(PARAM, Stream(0, "init", "fc1.weight"))
    width = high - low
    assert values.shape == (200, 300)
    assert values.dtype == np.float64
    assert low <= values.min() < low + width / 1000
    assert high - width / 1000 < values.max() < high
    assert values.mean() == pytest.approx((low + high) / 2, abs=width / 200)
    assert values.var() == pytest.approx(width**2 / 12, rel=0.02)


def test_is_the_streams_uniform_numbers():
    stream = Stream(1, "x")
    assert Uniform(a=2.0, b=6.0).sample(Param((3, 4), 4, 3), stream).tolist() == (
        (2 + 4 * stream.uniform((3, 4))).tolist()
    )


@pytest.mark.parametrize(("a", "b"), [(1.0, 1.0), (2.0, -1.0)])
def test_refuses_bounds_out_of_order(a, b):
    with pytest.raises(ValidationError, match=f"`a` is {a:g} and must be below `b`, which is {b:g}"):
        Uniform(a=a, b=b)
