import json
import os
import sys
import threading

import pytest

from specdl.core.errors import DivergedError
from specdl.runner.errors import RunError
from specdl.runner.folder import RunFolder
from specdl.runner.progress import Plain
from specdl.runner.train import train
from tests.runner.tools import data, final, job, spec, steps_of

STOPPED = 8


def stopped(path, **options):
    """A run that got as far as step 7, with checkpoints at 6 and 7."""
    work = job(spec(**options))
    work.model.executable.diverge_at = STOPPED
    with pytest.raises(DivergedError):
        train(work, path)
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """What an undisturbed run ends with."""
    path = tmp_path_factory.mktemp("runs") / "whole"
    train(job(), path)
    return final(path)


def test_the_folder_holds_what_the_contract_says(tmp_path):
    work = job()
    run = train(work, tmp_path / "deep" / "down")
    found = {str(file.relative_to(run.path)) for file in run.path.rglob("*") if file.is_file()}
    checkpoint = {
        f"checkpoints/step-00000018/{name}"
        for name in ("weights.safetensors", "optimizer.safetensors", "state.json")
    }
    assert found >= checkpoint | {
        "spec.json",
        "resolved.json",
        "environment.json",
        "data.json",
        "metrics.jsonl",
        "timing.jsonl",
        "result.json",
        "checkpoints/latest",
        "checkpoints/best",
    }
    assert (run.path / "spec.json").read_bytes() == work.spec
    environment = json.loads((run.path / "environment.json").read_text())
    assert environment["backend"] == "fake"
    assert environment["threads"] == 1
    assert environment.keys() >= {"specdl", "python", "torch", "platform", "processor", "cpus"}


def test_a_folder_with_a_run_is_refused_without_resume(tmp_path):
    train(job(), tmp_path)
    before = final(tmp_path)
    with pytest.raises(RunError, match=r"there is a run in .* already") as caught:
        train(job(), tmp_path)
    assert (caught.value.code, caught.value.exit_code) == ("E702", 2)
    assert "--resume" in caught.value.help
    assert final(tmp_path) == before


@pytest.mark.parametrize("resume", [False, True])
def test_a_folder_with_other_files_is_refused(tmp_path, resume):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(RunError, match="holds files, but no run") as caught:
        train(job(), tmp_path, resume=resume)
    assert caught.value.code == "E702"
    assert os.listdir(tmp_path) == ["thesis.tex"]


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(RunError, match="is a file, not a folder"):
        train(job(), tmp_path / "out")


def test_without_a_folder_each_run_gets_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    paths = [str(train(job(spec(epochs=1)), None).path) for _ in range(3)]
    assert paths == ["runs/lines", "runs/lines-2", "runs/lines-3"]
    (tmp_path / "runs" / "lines-9x").mkdir()
    assert str(train(job(spec(epochs=1)), None, resume=True).path) == "runs/lines-3"


def test_a_resumed_run_ends_as_an_undisturbed_one(tmp_path, whole):
    stopped(tmp_path)
    resumed = job()
    train(resumed, tmp_path, resume=True)
    assert resumed.model.executable.trained[0][0] == STOPPED
    assert final(tmp_path) == whole


def test_resume_begins_where_there_is_nothing(tmp_path, whole):
    train(job(), tmp_path / "new", resume=True)
    assert final(tmp_path / "new") == whole


def test_resume_begins_where_a_run_was_cut_off_as_it_began(tmp_path, whole):
    (tmp_path / "spec.json").write_text("{")
    (tmp_path / ".tmp-data.json").write_text("{")
    train(job(), tmp_path, resume=True)
    assert final(tmp_path) == whole


def test_resume_of_a_run_without_checkpoints_begins_again(tmp_path, whole):
    stopped(tmp_path)
    for step in steps_of(tmp_path):
        RunFolder(tmp_path).checkpoints.remove(step)
    with (tmp_path / "metrics.jsonl").open("a") as file:
        file.write('{"half')
    train(job(), tmp_path, resume=True)
    assert final(tmp_path) == whole


def test_a_finished_run_is_left_as_it_is(tmp_path, capsys):
    train(job(), tmp_path)
    before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")}
    again = job()
    run = train(again, tmp_path, resume=True, progress=Plain(sys.stderr))
    assert "finished already" in capsys.readouterr().err
    assert again.model.executable.trained == []
    assert run.metrics["test"]
    assert {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*")} == before


def test_a_finished_run_predicts_with_its_own_weights_when_resumed(tmp_path):
    first = train(job(), tmp_path)
    again = train(job(), tmp_path, resume=True)
    x = [[1.0, 2.0, 3.0]]
    assert again.predict(x) == first.predict(x)


FILES = ["weights.safetensors", "optimizer.safetensors", "state.json"]


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("how", ["truncated", "flipped", "missing"])
def test_a_damaged_checkpoint_is_passed_over(tmp_path, whole, capsys, name, how):
    stopped(tmp_path)
    assert steps_of(tmp_path)[-2:] == [6, 7]
    damage(RunFolder(tmp_path).checkpoints.folder(7) / name, how)
    resumed = job()
    train(resumed, tmp_path, resume=True, progress=Plain(sys.stderr))
    told = capsys.readouterr().err
    assert "passed over" in told
    assert f"step-00000007/{name}" in told
    assert resumed.model.executable.trained[0][0] == 7
    assert final(tmp_path) == whole


def damage(file, how):
    content = bytearray(file.read_bytes())
    if how == "missing":
        file.unlink()
    elif how == "truncated":
        file.write_bytes(content[: len(content) // 2])
    else:
        content[-3] ^= 1
        file.write_bytes(content)


def test_where_no_checkpoint_is_good_it_says_which_file_and_what_to_do(tmp_path):
    stopped(tmp_path)
    for step in steps_of(tmp_path):
        damage(RunFolder(tmp_path).checkpoints.folder(step) / "state.json", "flipped")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RunError, match=r"the checkpoint is damaged: .*step-00000007/state\.json") as caught:
        train(job(), tmp_path, resume=True)
    assert caught.value.code == "E705"
    assert f"remove `{tmp_path / 'checkpoints'}`" in caught.value.help
    assert sorted(tmp_path.rglob("*")) == before


def test_a_finished_run_whose_last_checkpoint_is_damaged_is_finished_again(tmp_path, whole):
    train(job(), tmp_path)
    damage(RunFolder(tmp_path).checkpoints.folder(18) / "weights.safetensors", "flipped")
    train(job(), tmp_path, resume=True)
    assert final(tmp_path) == whole


def test_lost_figures_send_a_run_back_to_where_they_are_known(tmp_path, whole):
    stopped(tmp_path, evaluate_every=1, checkpoint_every=1, keep=9)
    metrics = tmp_path / "metrics.jsonl"
    metrics.write_bytes(metrics.read_bytes().splitlines(keepends=True)[0])
    resumed = job(spec(checkpoint_every=1, keep=9))
    train(resumed, tmp_path, resume=True)
    assert resumed.model.executable.trained[0][0] == 4
    assert final(tmp_path)["metrics"] == whole["metrics"]


def test_another_spec_is_refused_and_told_apart(tmp_path):
    stopped(tmp_path)
    with pytest.raises(RunError) as caught:
        train(job(spec(lr=0.5, epochs=7)), tmp_path, resume=True)
    assert (caught.value.code, caught.value.exit_code) == ("E703", 2)
    assert "`optimizer.lr` was 0.05 and is now 0.5" in caught.value.message
    assert "`train.epochs` was 6 and is now 7" in caught.value.message
    assert steps_of(tmp_path)[-1] == 7


def test_what_changes_no_result_may_change(tmp_path, whole):
    stopped(tmp_path)
    train(job(spec(checkpoint_every=3, keep=1)), tmp_path, resume=True)
    assert final(tmp_path) == whole


def test_other_data_is_refused(tmp_path):
    stopped(tmp_path)
    other = data()
    other.parts["validation"].inputs["input"][0, 0] += 1
    with pytest.raises(RunError, match="begun with other data: validation changed") as caught:
        train(job(samples=other), tmp_path, resume=True)
    assert caught.value.code == "E704"


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    stopped(tmp_path)
    work = job()
    parameters = work.model.executable.parameters
    parameters["fc.weight"] = parameters["fc.weight"].reshape(3, 1)
    with pytest.raises(RunError, match=r"holds the weights of another model: `fc\.weight`") as caught:
        train(work, tmp_path, resume=True)
    assert caught.value.code == "E706"


def test_a_folder_is_trained_in_by_one_process(tmp_path):
    tmp_path.joinpath("run").mkdir()
    lock = RunFolder(tmp_path / "run").locked()
    with lock, pytest.raises(RunError, match="another process is training") as caught:
        train(job(), tmp_path / "run")
    assert caught.value.code == "E707"
    train(job(), tmp_path / "run")


def test_another_machine_is_told_of(tmp_path, capsys):
    stopped(tmp_path)
    file = tmp_path / "environment.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"torch": "2.6.0"}))
    train(job(), tmp_path, resume=True, progress=Plain(sys.stderr))
    assert "note: torch was 2.6.0 and is" in capsys.readouterr().err


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(RunError, match="cannot be written: Permission denied"):
        train(job(), tmp_path / "run")


def test_trains_in_a_thread_where_no_signal_can_be_caught(tmp_path, whole):
    found = []
    thread = threading.Thread(target=lambda: found.append(train(job(), tmp_path)))
    thread.start()
    thread.join()
    assert found[0].finished
    assert final(tmp_path) == whole
