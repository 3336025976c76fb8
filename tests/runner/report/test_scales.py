import math

import pytest

from specdl.runner.report.scales import (
    Scale,
    bounds,
    duration,
    figure,
    log_ticks,
    tick_labels,
    ticks,
    wants_log,
)


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0, 1, (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)),
        (0, 20, (0.0, 5.0, 10.0, 15.0, 20.0)),
        (1, 20, (5.0, 10.0, 15.0, 20.0)),
        (0, 0.43, (0.0, 0.1, 0.2, 0.3, 0.4)),
        (-3.1, 2.7, (-2.0, 0.0, 2.0)),
        (2713.0, 15090.0, (5000.0, 7500.0, 10000.0, 12500.0, 15000.0)),
        (1e-7, 9e-7, (2e-7, 4e-7, 6e-7, 8e-7)),
        (0.3, 0.7000000001, (0.3, 0.4, 0.5, 0.6, 0.7)),
    ],
)
def test_ticks(low, high, wanted):
    assert ticks(low, high) == wanted


def test_ticks_never_say_minus_zero():
    assert [math.copysign(1, tick) for tick in ticks(-1, 1) if tick == 0] == [1.0]


@pytest.mark.parametrize(
    ("low", "high", "wanted"),
    [
        (0.9, 110, (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0)),
        (1e-4, 1.0, (0.0001, 0.001, 0.01, 0.1, 1.0)),
        (1e-20, 1.0, (1e-20, 1e-18, 1e-16, 1e-14, 1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0)),
    ],
)
def test_log_ticks(low, high, wanted):
    assert log_ticks(low, high) == wanted


def test_a_scale_maps_evenly_and_may_turn_around():
    scale = Scale(0, 10, 100, 0)
    assert [scale(each) for each in (0, 5, 10)] == [100, 50, 0]


def test_a_log_scale_maps_ratios_to_lengths():
    scale = Scale(0.01, 100, 0, 40, log=True)
    assert [scale(each) for each in (0.01, 0.1, 1, 100)] == pytest.approx([0, 10, 20, 40])


def test_bounds_leave_room_and_stop_at_zero():
    assert bounds([2.0, 12.0]) == (1.5, 12.5)
    assert bounds([0.1, 10.1]) == (0.0, 10.6)
    assert bounds([3.0, 3.0]) == (2.7, 3.3)
    assert bounds([0.0]) == (0.0, 0.5)
    assert bounds([math.nan, math.inf]) == (0.0, 1.0)


def test_bounds_of_a_log_scale_stay_above_zero():
    low, high = bounds([1.0, 1024.0], log=True)
    assert (low, high) == pytest.approx((2**-0.5, 1024 * 2**0.5))
    assert bounds([4.0], log=True) == (2.0, 8.0)


@pytest.mark.parametrize(
    ("values", "log"),
    [([1.0, 0.1], True), ([1.0, 0.2], False), ([1.0, 0.0], False), ([], False), ([math.nan, 5.0], False)],
)
def test_a_log_scale_is_for_figures_that_range_over_a_decade(values, log):
    assert wants_log(values) is log


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ((0.92, 0.94), ("0.92", "0.94")),
        ((5000.0, 12500.0), ("5,000", "12,500")),
        ((0.0, 2.5e-5), ("0", "2.5e-5")),
        ((-2.0, 0.0), ("-2", "0")),
    ],
)
def test_tick_labels(values, wanted):
    assert tick_labels(values) == wanted


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (0.966, "0.9660"),
        (12.3456, "12.35"),
        (1234.56, "1,235"),
        (-0.4894, "-0.4894"),
        (7.0, "7"),
        (1e9, "1,000,000,000"),
        (2.5e-9, "2.500e-9"),
        (math.nan, "not finite"),
        (None, "\u2013"),
        (True, "\u2013"),
        ("x", "\u2013"),
    ],
)
def test_figures(value, wanted):
    assert figure(value) == wanted


@pytest.mark.parametrize(
    ("seconds", "wanted"), [(0.0154, "0.0154 s"), (59.96, "60 s"), (3599.9, "1 h 0 min")]
)
def test_durations(seconds, wanted):
    assert duration(seconds) == wanted
