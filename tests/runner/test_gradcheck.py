"""The comparison itself, on losses whose slopes are known."""

import math

import pytest
import torch

import specdl
from specdl.core.errors import UsageError
from specdl.runner.gradcheck import Line, gradcheck, smooth
from tests.cli.conftest import spec

AXIS = torch.ones(1, dtype=torch.float64)


def outcome(loss, slope, at=0.0, tolerance=1e-6):
    """What is said of a slope of a function of one number."""
    parameter = torch.full((1,), at, dtype=torch.float64)
    line = Line(lambda: loss(parameter.item()), parameter, parameter.clone(), loss(at))
    found = line.compare(AXIS, slope, abs(slope), tolerance)
    assert parameter.item() == at
    return found


@pytest.mark.parametrize(("loss", "slope", "at"), [(math.exp, 1.0, 0.0), (math.sin, math.cos(2.0), 2.0)])
def test_a_right_slope(loss, slope, at):
    found = outcome(loss, slope, at)
    assert (found.status, found.kink, found.step) == ("ok", False, 2.0**-10)
    assert found.rel_error < 1e-11


@pytest.mark.parametrize("factor", [1 + 1e-5, 1 - 1e-5, 0.5, 0.0, -1.0])
def test_a_wrong_slope(factor):
    found = outcome(math.exp, factor)
    assert found.status == "wrong"
    assert found.rel_error == pytest.approx(abs(1 - factor) / max(1, abs(factor)), rel=1e-3)
    assert found.difference == pytest.approx(1.0, rel=1e-7)


def test_strong_curvature_is_no_kink():
    found = outcome(lambda x: math.sin(300 * x + 0.3), 300 * math.cos(0.3))
    assert (found.status, found.kink) == ("ok", False)
    assert found.step < 2.0**-10


@pytest.mark.parametrize("away", [1e-3, 3e-4, 1e-5])
def test_a_kink_within_reach_is_told_and_the_slope_still_judged(away):
    def loss(x):
        return math.exp(x) + max(x - away, 0.0)

    found = outcome(loss, 1.0)
    assert (found.status, found.kink) == ("ok", True)
    assert found.step <= away
    assert outcome(loss, 1.00001).status == "wrong"


@pytest.mark.parametrize(
    ("slope", "status"), [(0.0, "kink"), (1.0, "kink"), (0.5, "ok"), (1.1, "wrong"), (-0.1, "wrong")]
)
def test_right_on_a_kink_any_slope_between_the_sides_will_do(slope, status):
    assert outcome(lambda x: max(x, 0.0), slope).status == status


def test_a_slope_of_zero():
    assert outcome(lambda x: 3.0, 0.0).rel_error == 0.0
    assert outcome(lambda x: 3.0, 1e-3).status == "wrong"


def test_errors_of_smooth_functions_fall_by_sixteen():
    assert smooth([1.6e-4, 1e-5, 6e-7])
    assert not smooth([1e-4, 1e-5, 5e-6])
    assert not smooth([1e-4, 1e-12])
    assert smooth([1e-9])


def test_float32_is_refused():
    model = specdl.compile(spec(data={"batch_size": 8}))
    with pytest.raises(UsageError, match="float64"):
        gradcheck(model, torch.zeros(2, 6), torch.zeros(2, dtype=torch.int64))


def test_parameters_are_as_before():
    model = specdl.compile(spec(data={"batch_size": 8}), dtype="float64")
    before = {name: value.clone() for name, value in model.parameters.items()}
    x = torch.rand(5, 6, dtype=torch.float64)
    found = gradcheck(model, x, torch.tensor([0, 1, 2, 0, 1]), full=True)
    assert all(each.status == "ok" for each in found)
    assert all(torch.equal(model.parameters[name], value) for name, value in before.items())
