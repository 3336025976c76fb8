import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits.xavier_normal import XavierNormal

PARAM = Param((200, 300), 300, 200)


@pytest.mark.parametrize("gain", [1.0, 0.5, "tanh", "sigmoid", "selu"])
def test_deviation_is_torchs(gain):
    values = XavierNormal(gain=gain).sample(PARAM, Stream(0))
    factor = torch.nn.init.calculate_gain(gain) if isinstance(gain, str) else gain
    torch.manual_seed(0)
    theirs = torch.nn.init.xavier_normal_(torch.empty(200, 300, dtype=torch.float64), factor)
    assert values.std() == pytest.approx(theirs.std().item(), rel=0.01)
    assert values.std() == pytest.approx(factor * math.sqrt(2 / 500), rel=0.01)
    assert values.mean() == pytest.approx(0, abs=factor * math.sqrt(2 / 500) / 80)


def test_is_a_function_of_the_stream():
    stream = Stream(4, "x")
    values = XavierNormal().sample(Param((3, 5), 5, 3), stream)
    assert np.array_equal(values, 0.5 * stream.normal((3, 5)))


def test_a_bias_has_the_fans_of_its_weight():
    values = XavierNormal().sample(Param((20_000,), 30, 20), Stream(0))
    assert values.std() == pytest.approx(0.2, rel=0.02)


@pytest.mark.parametrize("gain", [0.0, -1.0, "swish"])
def test_refuses_other_gains(gain):
    with pytest.raises(ValidationError, match="gain"):
        XavierNormal(gain=gain)
