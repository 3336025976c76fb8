import pytest

from specdl.data.base import DataSpec
from specdl.runner.pace import Pace, group_after, pace
from specdl.spec.model import CheckpointEvery, TrainSpec


def made(rows=100, batch=30, **train):
    return pace(TrainSpec(**train), DataSpec(batch_size=batch), rows)


def test_epochs_are_counted_in_steps():
    assert made(epochs=3, evaluate_every=2, checkpoint_every=5) == Pace(12, 4, 8, 20)
    assert made(steps=3, evaluate_every=0) == Pace(3, 4, 0, None)
    assert made(steps=3, checkpoint_every=CheckpointEvery(steps=5)).checkpoint_every == 5


def test_whole_epochs_are_whole_numbers():
    assert [made(epochs=3).epoch(step) for step in (0, 4, 6)] == [0, 1, 1.5]
    assert type(made(epochs=3).epoch(4)) is int


@pytest.mark.parametrize(
    ("options", "evaluates", "saves"),
    [
        ({"epochs": 3}, [4, 8, 12], [12]),
        ({"epochs": 3, "evaluate_every": 0}, [12], [12]),
        ({"epochs": 3, "evaluate_every": 2, "checkpoint_every": 1}, [8, 12], [4, 8, 12]),
        (
            {"steps": 10, "evaluate_every": 0, "checkpoint_every": CheckpointEvery(steps=3)},
            [10],
            [3, 6, 9, 10],
        ),
    ],
)
def test_groups_of_steps_end_where_something_is_due(options, evaluates, saves):
    plan = made(**options)
    assert [step for step in range(plan.steps + 1) if plan.evaluates(step)] == evaluates
    assert [step for step in range(plan.steps + 1) if plan.saves(step)] == saves
    step, ends = 0, []
    while step < plan.steps:
        step += plan.ahead(step)
        ends.append(step)
    assert ends == sorted({*evaluates, *saves, plan.steps})


@pytest.mark.parametrize(
    ("count", "taken", "wanted", "expected"),
    [(1, 1.0, 0.02, 1), (8, 0.02, 0.02, 8), (8, 0.04, 0.02, 4), (8, 1e-5, 0.02, 16), (8, 0.0, 0.02, 16)],
)
def test_groups_grow_and_shrink_to_the_time_they_are_given(count, taken, wanted, expected):
    assert group_after(count, taken, wanted) == expected
