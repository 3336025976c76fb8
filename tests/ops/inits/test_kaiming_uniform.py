import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits.kaiming_uniform import KaimingUniform

PARAM = Param((200, 300), 300, 200)
OPTIONS = [
    {},
    {"mode": "fan_out"},
    {"a": math.sqrt(5)},
    {"nonlinearity": "relu", "mode": "fan_out"},
    {"nonlinearity": "tanh"},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_bound_is_torchs(options):
    values = KaimingUniform(**options).sample(PARAM, Stream(0))
    torch.manual_seed(0)
    theirs = torch.nn.init.kaiming_uniform_(torch.empty(200, 300, dtype=torch.float64), **options)
    assert np.abs(values).max() == pytest.approx(theirs.abs().max().item(), rel=1e-3)
    assert values.std() == pytest.approx(theirs.std().item(), rel=0.01)
    assert values.mean() == pytest.approx(0, abs=values.std() / 80)


def test_is_a_function_of_the_stream():
    stream = Stream(4, "x")
    values = KaimingUniform(nonlinearity="linear").sample(Param((5, 3), 3, 5), stream)
    assert np.allclose(values, 2 * stream.uniform((5, 3)) - 1, rtol=1e-15, atol=0)


def test_a_bias_has_the_fans_of_its_weight():
    values = KaimingUniform(mode="fan_out").sample(Param((20_000,), 30, 24), Stream(0))
    assert np.abs(values).max() == pytest.approx(0.5, rel=1e-3)


@pytest.mark.parametrize(
    "options", [{"mode": "fan_avg"}, {"nonlinearity": "swish"}, {"a": 0.1, "nonlinearity": "relu"}]
)
def test_refuses_other_options(options):
    with pytest.raises(ValidationError, match=r"mode|nonlinearity"):
        KaimingUniform(**options)
