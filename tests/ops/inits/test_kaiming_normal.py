import math

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits.kaiming_normal import KaimingNormal

PARAM = Param((200, 300), 300, 200)
OPTIONS = [
    {},
    {"mode": "fan_out"},
    {"a": 0.5},
    {"nonlinearity": "relu", "mode": "fan_out"},
    {"nonlinearity": "selu"},
]


@pytest.mark.parametrize("options", OPTIONS)
def test_deviation_is_torchs(options):
    values = KaimingNormal(**options).sample(PARAM, Stream(0))
    torch.manual_seed(0)
    theirs = torch.nn.init.kaiming_normal_(torch.empty(200, 300, dtype=torch.float64), **options)
    assert values.std() == pytest.approx(theirs.std().item(), rel=0.01)
    assert values.mean() == pytest.approx(0, abs=values.std() / 80)


def test_is_a_function_of_the_stream():
    stream = Stream(4, "x")
    values = KaimingNormal().sample(Param((5, 8), 8, 5), stream)
    assert np.allclose(values, 0.5 * stream.normal((5, 8)), rtol=1e-15, atol=0)


def test_a_bias_has_the_fans_of_its_weight():
    values = KaimingNormal(mode="fan_out").sample(Param((20_000,), 30, 200), Stream(0))
    assert values.std() == pytest.approx(math.sqrt(2 / 200), rel=0.02)


@pytest.mark.parametrize(
    "options", [{"mode": "fan_avg"}, {"nonlinearity": "swish"}, {"a": 0.1, "nonlinearity": "relu"}]
)
def test_refuses_other_options(options):
    with pytest.raises(ValidationError, match=r"mode|nonlinearity"):
        KaimingNormal(**options)
