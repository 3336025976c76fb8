import json

import numpy as np
import pytest
import torch

from specdl.core.errors import DivergedError, ResourceError, SpecdlError
from specdl.data.order import Order
from specdl.ops.base import Horizon, Schedule
from specdl.ops.schedules.cosine import Cosine
from specdl.runner import loop as loop_module
from specdl.runner import snapshot
from specdl.runner.denormals import flushes
from specdl.runner.folder import RunFolder
from specdl.runner.signals import Interrupted, Stop
from specdl.runner.train import train
from specdl.spec.model import CheckpointEvery
from tests.runner.tools import BATCH, PER_EPOCH, ROWS, data, final, job, spec, steps_of


def lines(path):
    return [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]


class Counting(Schedule):
    """A schedule whose factor depends on how often it was asked."""

    type: str = "counting"

    def initial_state(self):
        return {"asked": 0.0}

    def factor(self, step, horizon, state):
        return 1 / (1 + state["asked"]), {"asked": state["asked"] + 1}


def test_trains_every_batch_in_its_order_at_its_rate(tmp_path):
    work = job(spec(epochs=2))
    train(work, tmp_path)
    trained = work.model.executable.trained
    assert [number for number, _, _ in trained] == list(range(1, 2 * PER_EPOCH + 1))
    order = Order(7, ROWS)
    expected = [
        order.indices(epoch, at, min(at + BATCH, ROWS)).tolist() for epoch in (0, 1) for at in (0, 8, 16)
    ]
    assert [rows for _, rows, _ in trained] == expected
    horizon = Horizon(2 * PER_EPOCH, PER_EPOCH)
    factors = [Cosine(unit="epochs").factor(step, horizon, {})[0] for step in range(2 * PER_EPOCH)]
    assert [rate for _, _, rate in trained] == [0.05 * factor for factor in factors]


@pytest.mark.parametrize(
    ("options", "rows"),
    [({"drop_last": True}, [8, 8]), ({"shuffle": False}, [8, 8, 6]), ({"batch_size": 22}, [22])],
)
def test_batches_are_as_the_data_says(tmp_path, options, rows):
    work = job(spec(epochs=1, data=options))
    train(work, tmp_path)
    trained = [index for _, index, _ in work.model.executable.trained]
    assert [len(index) for index in trained] == rows
    if options == {"shuffle": False}:
        assert [row for index in trained for row in index] == list(range(ROWS))


def test_every_batch_size_is_prepared_before_the_first_step(tmp_path):
    work = job(spec(epochs=1))
    train(work, tmp_path)
    assert work.model.executable.prepared == [1, 2, 6, 8]  # of validation, test, the last batch, the others


def test_figures_are_written_as_often_as_asked_and_at_the_end(tmp_path):
    train(job(spec(epochs=5, evaluate_every=2)), tmp_path)
    found = lines(tmp_path)
    assert [(line["step"], line["epoch"]) for line in found] == [(6, 2), (12, 4), (15, 5)]
    assert found[0].keys() == {"step", "epoch", "lr", "train", "validation"}
    assert found[0]["train"].keys() == {"loss", "mae"}


def test_without_evaluations_there_is_one_line_at_the_end(tmp_path):
    train(job(spec(epochs=3, evaluate_every=0)), tmp_path)
    assert [line["step"] for line in lines(tmp_path)] == [9]


def test_a_run_of_steps_ends_within_an_epoch(tmp_path):
    train(job(spec(epochs=None, steps=7, checkpoint_every=None)), tmp_path)
    assert [(line["step"], line["epoch"]) for line in lines(tmp_path)] == [(3, 1), (6, 2), (7, 7 / 3)]
    assert steps_of(tmp_path)[-1] == 7


def test_figures_are_of_the_whole_part(tmp_path):
    work = job()
    run = train(work, tmp_path)
    for name, part in work.data.parts.items():
        weights = work.model.executable.parameters
        output = part.inputs["input"] @ weights["fc.weight"].numpy().T + weights["fc.bias"].numpy()
        difference = output - part.targets["target"]
        assert run.metrics[name]["loss"] == pytest.approx((difference**2).mean(), rel=1e-12)
        assert run.metrics[name]["mae"] == pytest.approx(abs(difference).mean(), rel=1e-12)


def test_parts_that_are_not_there_are_left_out(tmp_path):
    run = train(job(samples=data(validation=0, test=0)), tmp_path)
    assert run.metrics.keys() == {"train"}
    assert "validation" not in lines(tmp_path)[0]


def test_equal_runs_have_equal_files_and_times_are_elsewhere(tmp_path):
    train(job(), tmp_path / "a")
    train(job(), tmp_path / "b")
    assert final(tmp_path / "a") == final(tmp_path / "b")
    timing = (tmp_path / "a" / "timing.jsonl").read_text().splitlines()
    assert len(timing) == len(lines(tmp_path / "a"))
    train(job(spec(seed=8)), tmp_path / "c")
    assert final(tmp_path / "a")["weights"] != final(tmp_path / "c")["weights"]


@pytest.mark.parametrize(("name", "seconds"), [("GROUP", 0.0), ("GROUP", 10.0), ("LONGEST", 0.0)])
@pytest.mark.parametrize("every", [0, 1])
def test_how_steps_are_grouped_changes_nothing(tmp_path, monkeypatch, name, seconds, every):
    of = spec(evaluate_every=every, checkpoint_every=None, schedule=Counting())
    train(job(of), tmp_path / "a")
    monkeypatch.setattr(loop_module, name, seconds)
    train(job(of), tmp_path / "b")
    assert final(tmp_path / "a") == final(tmp_path / "b")


def test_groups_of_steps_go_on_over_the_ends_of_epochs(tmp_path, monkeypatch):
    monkeypatch.setattr(loop_module, "GROUP", 1e9)
    monkeypatch.setattr(loop_module, "LONGEST", 1e9)
    work, calls = job(spec(evaluate_every=0, checkpoint_every=None)), []
    one = work.model.executable.train
    work.model.executable.train = lambda *of: (calls.append((of[2], len(of[3]))), one(*of))[1]
    train(work, tmp_path)
    assert calls == [(0, 1), (1, 2), (3, 4), (7, 8), (15, 3)]


@pytest.mark.parametrize(
    ("every", "keep", "kept"), [(1, 2, {15, 18}), (2, 1, {18}), (CheckpointEvery(steps=5), 3, {10, 15, 18})]
)
def test_the_newest_checkpoints_and_the_best_are_kept(tmp_path, every, keep, kept):
    train(job(spec(checkpoint_every=every, keep=keep)), tmp_path)
    folder = RunFolder(tmp_path)
    best = folder.checkpoints.pointed("best")
    assert set(steps_of(tmp_path)) == kept | {best}
    assert folder.checkpoints.pointed("latest") == 18


def test_the_end_has_a_checkpoint_though_none_was_asked_for(tmp_path):
    train(job(spec(checkpoint_every=None)), tmp_path)
    assert steps_of(tmp_path)[-1] == 18


def test_checkpoints_come_by_the_clock_where_the_spec_is_silent(tmp_path, monkeypatch):
    monkeypatch.setattr(loop_module, "CLOCK", 0.0)
    monkeypatch.setattr(loop_module, "SHARE", 0)
    train(job(spec(checkpoint_every=None, keep=100)), tmp_path)
    assert set(range(3, 19, 3)) <= set(steps_of(tmp_path))


def test_checkpoints_come_when_the_spec_says_whatever_the_clock(tmp_path, monkeypatch):
    monkeypatch.setattr(loop_module, "CLOCK", 0.0)
    monkeypatch.setattr(loop_module, "SHARE", 0)
    train(job(spec(epochs=6, checkpoint_every=2, keep=100)), tmp_path)
    best = RunFolder(tmp_path).checkpoints.pointed("best")
    assert {6, 12, 18} <= set(steps_of(tmp_path)) <= {6, 12, 18, best}


def overfit():
    """Data on which validation is best long before training is."""
    samples = data()
    part = samples.parts["validation"]
    part.targets["target"][:] = part.inputs["input"] @ np.array([[0.6], [-0.6], [0.2]])
    return samples


@pytest.mark.parametrize("limit", [snapshot.LIMIT, 0])
def test_best_is_by_validation_and_kept_though_no_checkpoint_was_due(tmp_path, monkeypatch, limit):
    monkeypatch.setattr(snapshot, "LIMIT", limit)
    train(job(spec(epochs=12, checkpoint_every=12), overfit()), tmp_path)
    losses = {line["step"]: line["validation"]["loss"] for line in lines(tmp_path)}
    best = min(losses, key=losses.get)
    assert best < 36
    folder = RunFolder(tmp_path)
    assert folder.checkpoints.pointed("best") == best
    assert set(steps_of(tmp_path)) >= {best, 36}
    kept = folder.checkpoints.read(best)
    target = overfit().parts["validation"].targets["target"]
    output = overfit().parts["validation"].inputs["input"] @ kept.weights["fc.weight"].numpy().T
    difference = output + kept.weights["fc.bias"].numpy() - target
    assert losses[best] == pytest.approx((difference**2).mean(), rel=1e-12)
    result = json.loads((tmp_path / "result.json").read_text())
    assert result["best"] == {"step": best, "loss": losses[best]}


def test_best_is_by_training_where_there_is_no_validation(tmp_path):
    train(job(spec(epochs=12), data(validation=0)), tmp_path)
    losses = {line["step"]: line["train"]["loss"] for line in lines(tmp_path)}
    assert RunFolder(tmp_path).checkpoints.pointed("best") == min(losses, key=losses.get)


def test_the_best_of_equals_is_the_first(tmp_path):
    train(job(spec(epochs=6, lr=1e-300)), tmp_path)
    losses = {line["step"]: line["validation"]["loss"] for line in lines(tmp_path)}
    assert len(set(losses.values())) == 1
    assert RunFolder(tmp_path).checkpoints.pointed("best") == min(losses)


@pytest.mark.parametrize("at", [1, 2, 8])
def test_divergence_keeps_the_state_before_and_says_where(tmp_path, at):
    path = tmp_path / "run"
    reference = job(spec(checkpoint_every=None))
    reference.model.executable.diverge_at = at
    with pytest.raises(DivergedError) as caught:
        train(reference, path)
    error = caught.value
    assert error.exit_code == 3
    assert error.message == f"training diverged in epoch {(at - 1) // 3 + 1}, step {at}: `fc.y` is not finite"
    assert "--set optimizer.lr=0.005" in error.help
    assert steps_of(path)[-1] == at - 1
    kept = RunFolder(path).checkpoints.read(at - 1)
    assert torch.equal(kept.weights["fc.weight"], reference.model.executable.parameters["fc.weight"])
    told = json.loads((path / "diverged.json").read_text())
    assert (told["step"], told["message"]) == (at, f"step {at}: `fc.y` is not finite")
    assert not (path / "result.json").exists()
    # a resumption begins where it failed, and forgets the failure if there is none
    train(job(spec(checkpoint_every=None)), path, resume=True)
    train(job(spec(checkpoint_every=None)), tmp_path / "whole")
    assert final(path) == final(tmp_path / "whole")
    assert not (path / "diverged.json").exists()


@pytest.mark.parametrize("seconds", [0.0, 10.0])
def test_the_schedules_state_is_resumed(tmp_path, monkeypatch, seconds):
    monkeypatch.setattr(loop_module, "GROUP", seconds)

    def work(stop_at=None):
        made = job(spec(schedule=Counting(), evaluate_every=0))
        made.model.executable.diverge_at = stop_at
        return made

    with pytest.raises(DivergedError):
        train(work(stop_at=8), tmp_path / "a")
    resumed = work()
    train(resumed, tmp_path / "a", resume=True)
    assert resumed.model.executable.trained[0][2] == 0.05 / 8
    train(work(), tmp_path / "b")
    assert final(tmp_path / "a") == final(tmp_path / "b")


def test_figures_that_are_not_finite_are_null(tmp_path):
    samples = data()
    samples.parts["validation"].targets["target"][:] = np.nan
    run = train(job(samples=samples), tmp_path)
    assert lines(tmp_path)[0]["validation"]["loss"] is None
    assert np.isnan(run.metrics["validation"]["loss"])
    assert RunFolder(tmp_path).checkpoints.pointed("best") is None


def test_an_epoch_without_a_batch_is_refused(tmp_path):
    with pytest.raises(SpecdlError, match="leaves no batch") as caught:
        train(job(spec(data={"batch_size": 23, "drop_last": True})), tmp_path)
    assert caught.value.code == "E313"


def test_denormals_are_flushed_in_steps_and_nowhere_else(tmp_path):
    work = job(spec(epochs=1))
    seen = []
    work.model.executable.notes = lambda what: seen.append(flushes())
    train(work, tmp_path)
    assert set(seen) == {True}
    assert not flushes()


def test_a_disk_without_room_is_refused_before_training(tmp_path, monkeypatch):
    monkeypatch.setattr("specdl.runner.folder.free_disk", lambda path: 100)
    work = job()
    message = r"4 checkpoints would take [\d,]+ bytes, [\d,]+ bytes each.* has 100 bytes free"
    with pytest.raises(ResourceError, match=message) as caught:
        train(work, tmp_path)
    assert (caught.value.code, caught.value.exit_code) == ("E520", 4)
    assert work.model.executable.trained == []


def test_a_request_to_stop_is_obeyed_between_steps(tmp_path, monkeypatch):
    work = job()
    stops = []
    monkeypatch.setattr(
        "specdl.runner.train.Stop", lambda at_once: stops.append(made := Stop(at_once)) or made
    )
    work.model.executable.notes = lambda what: what == "step" and stops[0].request()
    with pytest.raises(Interrupted, match=r"stopped at step 1 of 18; go on with --resume --out") as caught:
        train(work, tmp_path)
    assert caught.value.checkpoint == tmp_path / "checkpoints" / "step-00000001"
    assert steps_of(tmp_path) == [1]
