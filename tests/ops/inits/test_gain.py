import pytest
import torch

from specdl.ops.inits._gain import gain_of


@pytest.mark.parametrize("nonlinearity", ["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"])
def test_gains_are_torchs(nonlinearity):
    assert gain_of(nonlinearity) == pytest.approx(torch.nn.init.calculate_gain(nonlinearity), rel=1e-15)


@pytest.mark.parametrize("slope", [0.0, 0.3, -2.0])
def test_leaky_relu_has_a_slope(slope):
    assert gain_of("leaky_relu", slope) == pytest.approx(torch.nn.init.calculate_gain("leaky_relu", slope))


def test_the_slope_is_of_leaky_relu_alone():
    assert gain_of("tanh", 0.3) == 5 / 3
