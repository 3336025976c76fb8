import math

import numpy as np
import pytest
import torch

from specdl.core.random import Stream
from specdl.ops.base import Param
from specdl.ops.inits.torch_default import TorchDefault


def test_weight_and_bias_have_the_bound_of_torchs_linear():
    torch.manual_seed(0)
    theirs = torch.nn.Linear(40, 5000)
    weight = TorchDefault().sample(Param((5000, 40), 40, 5000), Stream(0, "weight"))
    bias = TorchDefault().sample(Param((5000,), 40, 5000), Stream(0, "bias"))
    for ours, param in ((weight, theirs.weight), (bias, theirs.bias)):
        assert ours.shape == tuple(param.shape)
        assert np.abs(ours).max() == pytest.approx(param.abs().max().item(), rel=1e-3)
        assert ours.mean() == pytest.approx(0, abs=0.005)
        assert ours.std() == pytest.approx(1 / math.sqrt(3 * 40), rel=0.02)


def test_is_a_function_of_the_stream():
    stream = Stream(4, "x")
    values = TorchDefault().sample(Param((3, 4), 4, 3), stream)
    assert np.array_equal(values, stream.uniform((3, 4)) - 0.5)
