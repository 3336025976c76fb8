import numpy as np
import pytest

from specdl.runner.errors import RunError
from specdl.runner.folder import RunFolder
from specdl.runner.run import Loaded, Run, load
from specdl.runner.train import train
from tests.runner.tools import BATCH, data, job, spec


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "run"
    train(job(spec(epochs=12, lr=0.2, evaluate_every=1)), path)
    return path


def built(folder, resolved):
    work = job()
    assert resolved["optimizer"]["lr"] == 0.2
    assert isinstance(folder, RunFolder)
    return Loaded(work.model, work.prepare)


def test_metrics_are_the_last_of_each_part(path):
    run = load(path, built)
    assert run.metrics.keys() == {"train", "validation", "test"}
    assert run.metrics["train"] == run.history[-1]["train"]
    assert [line["step"] for line in run.history] == list(range(3, 37, 3))
    assert run.path == path
    assert run.finished


def test_a_loaded_run_computes_the_figures_it_was_left_with(path):
    run = load(path, built)
    for part in ("train", "validation", "test"):
        assert run.evaluate(data(), part) == run.metrics[part]


def test_the_best_checkpoint_can_be_asked_for(path):
    best = RunFolder(path).checkpoints.pointed("best")
    found = next(line["validation"]["loss"] for line in load(path, built).history if line["step"] == best)
    assert load(path, built, "best").evaluate(data(), "validation")["loss"] == found
    assert load(path, built, "step-00000036").evaluate(data()) == load(path, built).evaluate(data())


@pytest.mark.parametrize("rows", [1, BATCH, 2 * BATCH + 3])
def test_predicts_any_number_of_samples(path, rows):
    run = load(path, built)
    x = np.random.default_rng(0).normal(size=(rows, 3))
    parameters = run.model.executable.parameters
    expected = x @ parameters["fc.weight"].numpy().T + parameters["fc.bias"].numpy()
    np.testing.assert_allclose(run.predict(x), expected, rtol=1e-14)


def test_predictions_are_the_users_own(path):
    run = load(path, built)
    first = run.predict(np.ones((2, 3)))
    before = first.copy()
    run.predict(np.zeros((2, 3)))
    np.testing.assert_array_equal(first, before)


def test_a_folder_without_a_run_is_told(tmp_path):
    with pytest.raises(RunError, match="holds no run") as caught:
        load(tmp_path, built)
    assert caught.value.code == "E701"
    with pytest.raises(RunError, match="is not there"):
        load(tmp_path / "none", built)


def test_a_part_that_is_not_there_is_told(path):
    with pytest.raises(RunError, match=r"no part `test`: it has train, validation"):
        load(path, built).evaluate(data(test=0), "test")


def test_a_checkpoint_that_is_not_there_is_told(path):
    with pytest.raises(RunError, match=r"no checkpoint `step-1`: there are step-000000\d\d") as caught:
        load(path, built, "step-1")
    assert caught.value.code == "E705"


def test_a_damaged_checkpoint_is_told_with_the_file(tmp_path):
    train(job(spec(epochs=2, checkpoint_every=1, lr=0.2)), tmp_path)
    file = tmp_path / "checkpoints" / "step-00000006" / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(
        RunError, match=r"damaged: .*step-00000006/weights\.safetensors. is not whole"
    ) as caught:
        load(tmp_path, built)
    assert "step-00000003" in caught.value.help
    assert load(tmp_path, built, "step-00000003").predict([[0.0, 0.0, 0.0]]).shape == (1, 1)


def test_a_run_under_way_has_what_it_has(path, tmp_path):
    train(job(spec(epochs=1, lr=0.2)), tmp_path)
    (tmp_path / "result.json").unlink()
    run = Run(tmp_path, built(RunFolder(tmp_path), {"optimizer": {"lr": 0.2}}))
    assert not run.finished
    assert run.metrics.keys() == {"train", "validation"}
    (tmp_path / "metrics.jsonl").write_bytes(b'{"step"')
    assert run.metrics == {}
