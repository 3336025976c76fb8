"""Schedules that do not fit into their run, in steps and in epochs."""

import pytest

from specdl.core.diagnostics import Remove, Replace
from tests.lint.tools import codes, data, found, messages

PER_EPOCH = 20


def piecewise(unit, *boundaries, last=0.1):
    factors = [1, *(0.5 for _ in boundaries[1:]), last]
    return {"type": "piecewise_constant", "unit": unit, "boundaries": list(boundaries), "factors": factors}


@pytest.mark.parametrize(
    ("unit", "boundaries", "wanted"),
    [
        ("epochs", [50, 99.9], []),
        ("epochs", [50, 100], ["W320"]),
        ("epochs", [50, 175], ["W320"]),
        ("steps", [1000, 1999], []),
        ("steps", [1000, 2000], ["W320"]),
        ("epochs", [1000, 1500], ["W321"]),
        ("epochs", [100, 175], ["W320"]),  # as steps both would be in the first tenth
        ("steps", [10, 15], []),  # in the first epoch, but no seventh of a hundred epochs
        ("steps", [10, 19], []),
        ("steps", [5000, 6000], ["W320"]),
    ],
)
def test_boundaries(unit, boundaries, wanted):
    assert codes(schedule=piecewise(unit, *boundaries), train={"epochs": 100}) == wanted


def test_what_a_boundary_beyond_the_end_is_told():
    (one,) = found(schedule=piecewise("epochs", 50, 100, 175), train={"epochs": 100})
    assert (
        one.message == "the boundaries at epochs 100 and 175 are never reached: the run ends after 100 epochs"
    )
    assert one.path == ("schedule", "boundaries", 1)
    assert one.fix.edits == tuple(
        Remove(("schedule", *place))
        for place in (("boundaries", 1), ("factors", 2), ("boundaries", 2), ("factors", 3))
    )


def test_a_schedule_none_of_which_is_reached_is_not_emptied():
    (one,) = found(schedule=piecewise("epochs", 200), train={"epochs": 100})
    assert (one.code, one.fix) == ("W320", None)


def test_steps_that_were_meant_as_epochs():
    small = data(3000, 10)  # 300 steps an epoch
    (one,) = found(schedule=piecewise("steps", 30, 60), train={"epochs": 90}, data=small)
    assert one.message == "the last boundary is at step 60, in the first of 90 epochs: an epoch has 300 steps"
    assert one.fix.edits == (Replace(("schedule", "unit"), "epochs"),)
    rising = piecewise("steps", 30, 60, last=2)
    assert codes(schedule=rising, train={"epochs": 90}, data=small) == []


def test_boundaries_are_measured_where_only_the_epochs_are_known():
    unknown = {"batch_size": 50}
    assert codes(schedule=piecewise("epochs", 175), train={"epochs": 100}, data=unknown) == ["W320"]
    assert codes(schedule=piecewise("steps", 175), train={"epochs": 100}, data=unknown) == []
    assert codes(schedule=piecewise("steps", 175), train={"steps": 100}, data=unknown) == ["W320"]


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, []),
        ({"length": 100}, []),
        ({"length": 99.5}, []),
        ({"length": 101}, []),
        ({"length": 150}, ["W322"]),
        ({"length": 150, "min": 0.99}, []),
        ({"length": 2000}, ["W321"]),
        ({"length": 90}, ["W323"]),
        ({"length": 90, "min": 0.1}, []),
    ],
)
def test_cosine(options, wanted):
    assert codes(schedule={"type": "cosine", "unit": "epochs", **options}, train={"epochs": 100}) == wanted


def test_what_a_cosine_that_is_too_long_ends_with():
    told = messages(schedule={"type": "cosine", "unit": "epochs", "length": 200}, train={"epochs": 100})
    assert told == [
        "the cosine of 200 epochs is never over: the run ends after 100 epochs, with the factor still at 0.5"
    ]


def test_a_last_factor_of_zero():
    told = messages(schedule=piecewise("epochs", 60, last=0), train={"epochs": 100})
    assert told == ["the learning rate is 0 from epoch 60 on: the last 40 epochs of the run change nothing"]
    assert codes(schedule=piecewise("epochs", 99.5, last=0), train={"epochs": 100}) == []


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"length": 50}, []),
        ({"length": 51}, ["W324"]),
        ({"length": 100}, ["W324"]),
        ({"length": 500}, ["W321"]),
        ({"length": 50_000}, ["W324"]),
        ({}, []),
    ],
)
def test_warmup(options, wanted):
    assert codes(schedule={"type": "warmup", "unit": "epochs", **options}, train={"epochs": 100}) == wanted


def test_what_follows_a_warmup_is_measured_from_its_end():
    def after(unit, then):
        schedule = {"type": "warmup", "unit": unit, "length": 10, "then": then}
        return found(schedule=schedule, train={"epochs": 100})

    assert after("epochs", piecewise("epochs", 89)) == []
    (one,) = after("epochs", piecewise("epochs", 90))
    assert one.path == ("schedule", "then", "boundaries", 0)
    assert one.message == (
        "the boundary at epoch 90 is never reached: 90 epochs of the run are left where this schedule begins"
    )
    assert after("epochs", piecewise("steps", 1799)) == []
    assert [each.code for each in after("epochs", piecewise("steps", 1800))] == ["W320"]
    assert after("steps", piecewise("epochs", 99.4)) == []
    assert [each.code for each in after("steps", piecewise("epochs", 99.5))] == ["W320"]


def test_what_follows_a_warmup_begins_with_a_whole_step():
    schedule = {"type": "warmup", "unit": "epochs", "length": 1.02, "then": piecewise("steps", 1978)}
    assert codes(schedule=schedule, train={"epochs": 100}) == []
    assert codes(schedule=schedule | {"then": piecewise("steps", 1979)}, train={"epochs": 100}) == ["W320"]


def test_a_warmup_over_the_whole_run_leaves_nothing_to_say_of_what_follows():
    schedule = {"type": "warmup", "unit": "epochs", "length": 100, "then": piecewise("epochs", 500)}
    (one,) = found(schedule=schedule, train={"epochs": 100})
    assert one.message == (
        "the warmup of 100 epochs never ends: the run ends after 100 epochs, "
        "and `piecewise_constant` never begins"
    )


@pytest.mark.parametrize(
    ("factors", "lr", "wanted"),
    [
        ([0.1, 0.01], 0.1, ["W325"]),
        ([1, 0.1], 0.1, []),
        ([0.5, 0.1], 0.1, []),
        ([1, 0.1], 1, []),
    ],
)
def test_learning_rates_in_place_of_factors(factors, lr, wanted):
    schedule = {"type": "piecewise_constant", "unit": "epochs", "boundaries": [60], "factors": factors}
    optimizer = {"type": "sgd", "lr": lr}
    assert codes(schedule=schedule, optimizer=optimizer, train={"epochs": 100}) == wanted


def test_learning_rates_become_factors():
    schedule = {"type": "piecewise_constant", "unit": "epochs", "boundaries": [30, 60]}
    schedule["factors"] = [0.1, 0.03, 0.001]
    (one,) = found(schedule=schedule, optimizer={"type": "sgd", "lr": 0.1}, train={"epochs": 100})
    assert one.fix.edits == (Replace(("schedule", "factors"), [1, 0.3, 0.01]),)
