from fractions import Fraction

import pytest

from specdl.ops.base import Horizon


@pytest.mark.parametrize("steps_per_epoch", [1, 3, 49, 46_875])
def test_epochs_begin_at_whole_times(steps_per_epoch):
    horizon = Horizon(10**6 * steps_per_epoch, steps_per_epoch)
    for epoch in (0, 1, 100, 175, 999_999):
        assert horizon.at(epoch * steps_per_epoch, "epochs") == epoch
        assert horizon.first(epoch, "epochs") == epoch * steps_per_epoch
    assert horizon.length("epochs") == 10**6
    assert horizon.length("steps") == 10**6 * steps_per_epoch


@pytest.mark.parametrize("steps_per_epoch", [1, 7, 10, 30])
def test_first_is_the_first_step_at_or_after_a_time(steps_per_epoch):
    horizon = Horizon(10**4, steps_per_epoch)
    for hundredths in range(1, 2000, 7):
        exact = Fraction(hundredths, 100) * steps_per_epoch
        assert horizon.first(hundredths / 100, "epochs") == -(-exact.numerator // exact.denominator)
        assert horizon.first(hundredths / 100, "steps") == -(-hundredths // 100)


@pytest.mark.parametrize("time", [5.0, 5.1, 1e308])
def test_first_is_at_most_the_end(time):
    assert Horizon(50, 10).first(time, "epochs") == 50


def test_after_leaves_the_rest_and_at_least_a_step():
    assert Horizon(50, 10).after(20) == Horizon(30, 10)
    assert Horizon(50, 10).after(50) == Horizon(1, 10)
