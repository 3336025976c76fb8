import numpy as np
import pytest
from pydantic import ValidationError

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits.normal import Normal

PARAM = Param((200, 300), 300, 200)


@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (-2.0, 0.02)])
def test_has_its_mean_and_deviation(mean, std):
    values = Normal(mean=mean, std=std).sample(PARAM, Stream(0, "init", "fc1.weight"))
    assert values.shape == (200, 300)
    assert values.dtype == np.float64
    assert values.mean() == pytest.approx(mean, abs=std / 80)
    assert values.std() == pytest.approx(std, rel=0.01)
    assert np.mean(np.abs(values - mean) < 2 * std) == pytest.approx(0.9545, abs=0.003)


def test_is_the_streams_normal_numbers():
    stream = Stream(1, "x")
    assert np.array_equal(Normal().sample(Param((3, 4), 4, 3), stream), stream.normal((3, 4)))


def test_no_deviation_is_the_mean():
    assert Normal(mean=0.5, std=0.0).sample(Param((3,), 1, 3), Stream(0)).tolist() == [0.5] * 3


def test_refuses_a_negative_deviation():
    with pytest.raises(ValidationError, match="std"):
        Normal(std=-1.0)
