import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits.xavier_uniform import XavierUniform

PARAM = Param((200, 300), 300, 200)


@pytest.mark.parametrize("gain", [1.0, 0.5, "tanh", "relu", "leaky_relu"])
def test_bound_is_torchs(gain):
    values = XavierUniform(gain=gain).sample(PARAM, Stream(0))
    factor = torch.nn.init.calculate_gain(gain) if isinstance(gain, str) else gain
    torch.manual_seed(0)
    bound = torch.nn.init.xavier_uniform_(torch.empty(200, 300, dtype=torch.float64), factor).abs().max()
    assert np.abs(values).max() == pytest.approx(bound.item(), rel=1e-3)
    assert np.abs(values).max() <= factor * math.sqrt(6 / 500)
    assert values.std() == pytest.approx(factor * math.sqrt(2 / 500), rel=0.01)
    assert values.mean() == pytest.approx(0, abs=factor * math.sqrt(2 / 500) / 80)


def test_is_a_function_of_the_stream():
    stream = Stream(4, "x")
    values = XavierUniform().sample(Param((3, 5), 5, 3), stream)
    assert np.allclose(values, math.sqrt(6 / 8) * (2 * stream.uniform((3, 5)) - 1), rtol=1e-15, atol=0)


def test_a_bias_has_the_fans_of_its_weight():
    values = XavierUniform().sample(Param((20_000,), 30, 20), Stream(0))
    assert np.abs(values).max() == pytest.approx(math.sqrt(6 / 50), rel=1e-3)


@pytest.mark.parametrize("gain", [0.0, -1.0, "tanhh", True])
def test_refuses_other_gains(gain):
    with pytest.raises(ValidationError, match="gain"):
        XavierUniform(gain=gain)
