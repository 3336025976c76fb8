import pytest
from pydantic import ValidationError
from torch.optim.lr_scheduler import MultiStepLR

from specdl.ops.base import Horizon
from specdl.ops.schedules.piecewise_constant import PiecewiseConstant
from tests.ops.schedules.curves import curve, torch_curve


def test_agrees_with_torch():
    schedule = PiecewiseConstant(unit="steps", boundaries=(3, 4, 9), factors=(1, 0.5, 0.25, 0.125))
    assert curve(schedule, 12) == torch_curve(lambda o: MultiStepLR(o, [3, 4, 9], gamma=0.5), 12)


def test_report_d():
    # 0.1, from epoch 100 0.03, from epoch 175 0.01; batches of 50 of 1,000 points
    schedule = PiecewiseConstant(unit="epochs", boundaries=(100, 175), factors=(1, 0.3, 0.1))
    rates = [0.1 * factor for factor in curve(schedule, 5000, steps_per_epoch=20)]
    assert rates == pytest.approx([0.1] * 2000 + [0.03] * 1500 + [0.01] * 1500, rel=1e-15)


@pytest.mark.parametrize("steps_per_epoch", [1, 3, 7, 20, 49, 1000, 46_875])
def test_the_first_step_of_an_epoch_has_its_factor(steps_per_epoch):
    boundaries = tuple(float(epoch) for epoch in range(1, 200))
    schedule = PiecewiseConstant(unit="epochs", boundaries=boundaries, factors=tuple(map(float, range(200))))
    horizon = Horizon(200 * steps_per_epoch, steps_per_epoch)
    for epoch in range(1, 200):
        first = epoch * steps_per_epoch
        assert schedule.factor(first, horizon, {})[0] == epoch
        assert schedule.factor(first - 1, horizon, {})[0] == epoch - 1


def test_boundaries_within_an_epoch():
    schedule = PiecewiseConstant(unit="epochs", boundaries=(0.3, 1.1), factors=(1, 0.5, 0))
    assert curve(schedule, 13, steps_per_epoch=10) == [1] * 3 + [0.5] * 8 + [0] * 2


@pytest.mark.parametrize(
    ("boundaries", "factors", "message"),
    [
        ((3, 3), (1, 2, 3), "must increase, and 3 comes after 3"),
        ((3, 2), (1, 2, 3), "must increase, and 2 comes after 3"),
        ((3,), (1,), "one more element than `boundaries`: 2 for 1 boundaries, not 1"),
        ((3, 4), (1, 2, 3, 4), "3 for 2 boundaries, not 4"),
        ((0,), (1, 2), "greater than 0"),
        ((), (1,), "at least 1 item"),
        ((3,), (1, -0.1), "greater than or equal to 0"),
    ],
)
def test_refuses_what_does_not_fit(boundaries, factors, message):
    with pytest.raises(ValidationError, match=message):
        PiecewiseConstant(unit="steps", boundaries=boundaries, factors=factors)


@pytest.mark.parametrize("unit", [{}, {"unit": "epoch"}])
def test_the_unit_is_always_written(unit):
    with pytest.raises(ValidationError, match="unit"):
        PiecewiseConstant(boundaries=(1,), factors=(1, 2), **unit)
