"""Batches, evaluations and checkpoints against the length of the run."""

import pytest

from specdl.core.advice import Run
from specdl.core.diagnostics import Add, Replace
from specdl.data.base import DataSpec
from specdl.lint.subject import run_of
from specdl.runner.pace import pace
from specdl.spec.model import TrainSpec
from tests.lint.tools import codes, data, found, messages


@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("train", [TrainSpec(epochs=3), TrainSpec(steps=7)])
@pytest.mark.parametrize("rows", [5, 8, 9, 15, 16])
def test_a_run_is_as_long_as_the_runner_makes_it(rows, train, drop_last):
    spec = DataSpec(batch_size=5, drop_last=drop_last)
    real = pace(train, spec, rows)
    run = run_of(train, spec, {"train": rows})
    assert (run.steps, run.steps_per_epoch) == (real.steps, real.steps_per_epoch)
    assert run.epochs == real.epoch(real.steps)
    sizes = {min(5, rows - at) for at in range(0, rows, 5)}
    assert set(run.batches) == ({5} if drop_last else sizes)


def test_what_the_spec_does_not_tell_is_unknown():
    spec = DataSpec(batch_size=5)
    assert run_of(TrainSpec(epochs=3), spec, {}) == Run(epochs=3)
    assert run_of(TrainSpec(steps=3), spec, {}) == Run(steps=3)


@pytest.mark.parametrize(
    ("rows", "wanted"), [(1, ["W330"]), (49, ["W330"]), (50, []), (51, ["W331"]), (52, []), (101, ["W331"])]
)
def test_batches_that_are_never_full_or_end_with_one(rows, wanted):
    assert codes(data=data(rows, 50), train={"epochs": 100}) == wanted


def test_a_last_batch_of_one_that_is_left_out_or_weighs_as_much_as_one_sample():
    assert codes(data=data(1001, drop_last=True)) == []
    assert codes(data=data(1001, 1)) == []
    sums = {"data": data(1001, target={"encode": "one_hot"}), "loss": {"type": "sum_squared_error"}}
    assert codes(**sums) == []
    assert codes(**sums | {"loss": {"type": "mse"}}) == ["W331"]


def test_the_way_out_of_a_last_batch_of_one():
    (one,) = found(data=data(1001))
    assert one.fix.edits == (Add(("data",), "drop_last", True),)
    (one,) = found(data=data(1001, drop_last=False))
    assert one.fix.edits == (Replace(("data", "drop_last"), True),)
    assert one.message.startswith("the last batch of each epoch is 1 sample: 1,001 = 20 * 50 + 1, ")


def test_rows_of_opened_data_count_where_the_spec_tells_none():
    csv = {"source": {"type": "csv", "path": "a.csv", "target": "y"}, "batch_size": 50}
    assert codes(data=csv) == []
    assert codes({"train": 1001}, data=csv) == ["W331"]
    assert codes({"train": 49}, data=csv) == ["W330"]


@pytest.mark.parametrize(
    ("rows", "epochs", "wanted"), [(100, 2, ["W332"]), (100, 3, []), (200, 1, ["W332"]), (250, 1, [])]
)
def test_few_steps(rows, epochs, wanted):
    assert codes(data=data(rows, 50), train={"epochs": epochs}) == wanted


def test_few_steps_that_are_asked_for_are_meant():
    assert codes(train={"steps": 1}) == []


@pytest.mark.parametrize(
    ("train", "wanted"),
    [
        ({"epochs": 10, "evaluate_every": 10}, []),
        ({"epochs": 10, "evaluate_every": 11}, ["W333"]),
        ({"steps": 200, "evaluate_every": 10}, []),
        ({"steps": 199, "evaluate_every": 10}, ["W333"]),
        ({"epochs": 10, "checkpoint_every": 10}, []),
        ({"epochs": 10, "checkpoint_every": 11}, ["W334"]),
        ({"epochs": 10, "checkpoint_every": {"steps": 200}}, []),
        ({"epochs": 10, "checkpoint_every": {"steps": 201}}, ["W334"]),
        ({"steps": 10, "checkpoint_every": {"steps": 11}}, ["W334"]),
    ],
)
def test_what_is_due_after_the_end(train, wanted):
    assert codes(train=train) == wanted


def test_evaluations_in_steps_of_unknown_epochs():
    assert codes(data={"batch_size": 50}, train={"steps": 10, "evaluate_every": 9}) == []
    assert messages(data={"batch_size": 50}, train={"epochs": 10, "evaluate_every": 11}) == [
        "the first evaluation is due after epoch 11: the run ends after 10"
    ]
