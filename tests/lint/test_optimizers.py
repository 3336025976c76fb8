"""Settings of optimisers that cannot work."""

import pytest

from specdl.core.diagnostics import Replace
from tests.lint.tools import HEAD, codes, data, found, messages, model


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({"lr": 10}, []),
        ({"lr": 10.1}, ["W310"]),
        ({"lr": 1e-10}, []),
        ({"lr": 1e-11}, ["W310"]),
        ({"lr": 0.1, "momentum": 0.995}, []),
        ({"lr": 0.1, "momentum": 0.996}, ["W311"]),
        ({"lr": 0.1, "weight_decay": 0.99}, []),
        ({"lr": 0.1, "weight_decay": 1.0}, ["W313"]),
    ],
)
def test_sgd(options, wanted):
    assert codes(optimizer={"type": "sgd", **options}) == wanted


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ({}, []),
        ({"lr": 0.1}, []),
        ({"lr": 0.11}, ["W310"]),
        ({"lr": 5e-6}, []),
        ({"lr": 4e-6}, ["W310"]),
        ({"betas": [0.9, 0.9]}, []),
        ({"betas": [0.91, 0.9]}, ["W311"]),
        ({"betas": [0.0, 0.0]}, []),
        ({"betas": [0.995, 0.999]}, []),
        ({"betas": [0.998, 0.999]}, ["W311"]),
        ({"eps": 1.0}, []),
        ({"eps": 1.1}, ["W312"]),
        ({"eps": 1e-37}, []),
        ({"eps": 1e-38}, ["W312"]),
        ({"weight_decay": 2.0}, ["W313"]),
    ],
)
def test_adam(options, wanted):
    assert codes(optimizer={"type": "adam", **options}) == wanted


def test_short_runs_are_no_reason_to_find_fault_with_usual_settings():
    one_step = {"data": data(250, 50), "train": {"steps": 1}}
    assert codes(optimizer={"type": "adam", "lr": 1e-4}, **one_step) == []
    assert codes(optimizer={"type": "sgd", "lr": 0.1, "momentum": 0.99}, **one_step) == []


def test_a_single_layer_may_take_longer_steps_with_adam():
    alone = model(HEAD)
    assert codes(optimizer={"type": "adam", "lr": 5.0}, model=alone) == []
    assert codes(optimizer={"type": "adam", "lr": 11.0}, model=alone) == ["W310"]


def test_the_schedules_largest_factor_counts():
    schedule = {"type": "piecewise_constant", "unit": "epochs", "boundaries": [5], "factors": [1, 200]}
    (one,) = messages(schedule=schedule)
    assert one == (
        "a learning rate of 20 (`lr` of 0.1 times the schedule's 200) is far too large: "
        "usual ones for sgd are below 1"
    )
    small = {**schedule, "factors": [0.001, 0.0001]}
    assert codes(schedule=small, optimizer={"type": "sgd", "lr": 100.0}) == []
    later = {"type": "warmup", "unit": "epochs", "length": 1, "then": schedule}
    assert codes(schedule=later) == ["W310"]


def test_smallest_numbers_are_those_of_the_models_dtype():
    wide = model(dtype="float64")
    assert codes(optimizer={"type": "adam", "eps": 1e-300}, model=wide) == []
    assert codes(optimizer={"type": "adam", "eps": 1e-308}, model=wide) == ["W312"]


def test_a_rate_too_small_for_the_run_is_told_with_how_far_it_gets():
    (one,) = messages(optimizer={"type": "adam", "lr": 1e-6})
    assert one == (
        "a learning rate of 1e-06 is too small for adam to learn anything: "
        "in 200 steps no weight moves by more than about 0.0002"
    )
    unknown = {"batch_size": 50}
    assert codes(optimizer={"type": "adam", "lr": 1e-6}, data=unknown) == []
    assert codes(optimizer={"type": "adam", "lr": 1e-10}, data=unknown) == ["W310"]


def test_swapped_betas_are_swapped_back():
    (one,) = found(optimizer={"type": "adam", "betas": [0.999, 0.9]})
    assert one.fix.edits == (Replace(("optimizer", "betas"), [0.9, 0.999]),)
    assert not one.fix.sure
    assert one.help == '"betas": [0.9, 0.999]'
