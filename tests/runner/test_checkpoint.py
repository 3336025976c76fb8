import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from specdl.core.errors import ResourceError
from specdl.runner import checkpoint as module
from specdl.runner.checkpoint import FILES, STATE, Checkpoint, Checkpoints, Damage
from specdl.runner.errors import RunError
from specdl.runner.state import Best, Mark, State

WEIGHTS = {
    "a.weight": torch.arange(6.0).reshape(2, 3),
    "a.bias": torch.tensor(0.5),
    "n": torch.tensor([1, 2]),
}
OPTIMIZER = {"a.weight.m": torch.full((2, 3), 0.1, dtype=torch.float64)}
FULL = State(
    step=40,
    evaluated=36,
    lr=0.1 / 3,
    schedule={"best": 1 / 3},
    best=Best(12, 0.1 + 0.2),
    metrics=Mark(3, "ab"),
)
NAMES = [*FILES.values(), STATE]


@pytest.fixture
def folder(tmp_path):
    return Checkpoints(tmp_path / "checkpoints")


def write(folder, step=40):
    return folder.write(replace(FULL, step=step), WEIGHTS, OPTIMIZER, step / 10)


@pytest.mark.parametrize("optimizer", [OPTIMIZER, {}])
def test_what_is_written_is_read(folder, optimizer):
    path = folder.write(FULL, WEIGHTS, optimizer, 4)
    assert path == folder.path / "step-00000040"
    assert sorted(file.name for file in path.iterdir()) == sorted(NAMES)
    found = folder.read(40)
    assert isinstance(found, Checkpoint)
    assert found.state == FULL
    for have, want in ((found.weights, WEIGHTS), (found.optimizer, optimizer)):
        assert have.keys() == want.keys()
        assert all(
            torch.equal(have[name], want[name]) and have[name].dtype == want[name].dtype for name in want
        )


def test_views_of_one_arena_are_written_as_tensors_of_their_own(folder):
    arena = torch.arange(32.0)
    folder.write(FULL, {"a": arena[:4].view(2, 2), "b": arena[16:32]}, {}, 4)
    found = folder.read(40)
    assert torch.equal(found.weights["a"], arena[:4].view(2, 2))


def test_every_tensor_has_its_checksum(folder):
    state = json.loads((write(folder) / STATE).read_text())
    assert state["weights"].keys() == WEIGHTS.keys()
    assert state["weights"]["a.weight"] == {
        "dtype": "float32",
        "shape": [2, 3],
        "sha256": hashlib.sha256(WEIGHTS["a.weight"].numpy().tobytes()).hexdigest(),
    }


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("keep", [0, 0.3, 0.99])
def test_a_truncated_file_is_damage(folder, name, keep):
    file = write(folder) / name
    content = file.read_bytes()
    file.write_bytes(content[: int(keep * len(content))])
    found = folder.read(40)
    assert isinstance(found, Damage)
    assert found.file == file


@pytest.mark.parametrize("name", NAMES)
def test_a_missing_file_is_damage(folder, name):
    file = write(folder) / name
    file.unlink()
    assert folder.read(40) == Damage(file, "is missing")


@settings(max_examples=40)
@given(name=st.sampled_from(NAMES), place=st.floats(0, 1, exclude_max=True), flip=st.integers(1, 255))
def test_a_flipped_byte_is_damage_or_changes_nothing(tmp_path_factory, name, place, flip):
    folder = Checkpoints(tmp_path_factory.mktemp("flips"))
    file = write(folder) / name
    content = bytearray(file.read_bytes())
    content[int(place * len(content))] ^= flip
    file.write_bytes(content)
    found = folder.read(40)
    if isinstance(found, Damage):
        assert found.file.parent == file.parent
    else:
        assert found.state == FULL
        assert all(torch.equal(found.weights[name], WEIGHTS[name]) for name in WEIGHTS)
        assert all(torch.equal(found.optimizer[name], OPTIMIZER[name]) for name in OPTIMIZER)


@pytest.mark.parametrize("name", FILES.values())
def test_every_flipped_byte_of_the_tensors_is_damage(folder, name):
    file = write(folder) / name
    content = file.read_bytes()
    begin = 8 + int.from_bytes(content[:8], "little")
    for place in range(begin, len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        file.write_bytes(changed)
        assert isinstance(folder.read(40), Damage), place


def test_a_file_of_another_checkpoint_is_damage(folder):
    first, second = (
        write(folder, 40),
        folder.write(replace(FULL, step=50), {"b": torch.ones(2)}, OPTIMIZER, 5),
    )
    shutil.copy(second / "weights.safetensors", first / "weights.safetensors")
    assert folder.read(40).what == "has other tensors than when it was written"
    shutil.copy(second / STATE, first / STATE)
    assert folder.read(40) == Damage(first / STATE, "is of step 50")


def test_a_checkpoint_of_the_same_step_is_replaced(folder):
    write(folder)
    folder.write(FULL, {"a.weight": torch.zeros(1)}, {}, 4)
    assert folder.read(40).weights.keys() == {"a.weight"}
    assert [path.name for path in folder.path.iterdir()] == ["step-00000040"]


def test_cut_off_while_it_is_replaced_the_one_before_comes_back(folder, monkeypatch):
    write(folder)
    rename = Path.rename

    def cut(path, target):
        if path.name.startswith(".new-"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", cut)
    with pytest.raises(KeyboardInterrupt):
        folder.write(FULL, {"a.weight": torch.zeros(1)}, {}, 4)
    monkeypatch.undo()
    folder.tidy()
    assert folder.read(40).weights.keys() == WEIGHTS.keys()


def test_a_half_written_one_is_cleaned_up_and_a_moved_one_brought_back(folder):
    write(folder, 40)
    (folder.path / ".new-step-00000050").mkdir()
    (folder.path / ".new-step-00000050" / "weights.safetensors").write_bytes(b"half")
    (folder.path / ".gone-step-00000030").mkdir()
    (folder.path / ".tmp-latest").write_text("step-0")
    folder.folder(40).rename(folder.path / ".old-step-00000040")
    folder.tidy()
    assert [path.name for path in folder.path.iterdir()] == ["step-00000040"]
    assert isinstance(folder.read(40), Checkpoint)


def test_what_was_moved_away_goes_when_the_new_one_is_there(folder):
    write(folder)
    shutil.copytree(folder.folder(40), folder.path / ".old-step-00000040")
    folder.tidy()
    assert folder.steps() == [40]
    assert len(list(folder.path.iterdir())) == 1


def test_pointers_name_checkpoints_that_are_there(folder):
    write(folder, 40)
    folder.point("latest", 40)
    assert (folder.path / "latest").read_text() == "step-00000040\n"
    assert folder.pointed("latest") == 40
    assert folder.pointed("best") is None
    folder.remove(40)
    assert folder.pointed("latest") is None
    folder.point("latest", None)
    assert not (folder.path / "latest").exists()


@pytest.mark.parametrize("text", ["", "step-", "../../etc", "step-00000041", "\xff"])
def test_a_pointer_that_is_no_name_points_nowhere(folder, text):
    write(folder, 40)
    (folder.path / "best").write_text(text, encoding="utf-8")
    assert folder.pointed("best") is None


def test_the_newest_and_the_best_are_kept(folder):
    for step in (10, 20, 30, 40):
        write(folder, step)
    folder.settle(replace(FULL, step=40, best=Best(10, 0.5)), keep=2)
    assert folder.steps() == [10, 30, 40]
    assert (folder.pointed("latest"), folder.pointed("best")) == (40, 10)


def test_steps_sort_as_numbers_beyond_eight_digits(folder):
    for step in (99999999, 100000000):
        write(folder, step)
    assert folder.steps() == [99999999, 100000000]


def test_a_full_disk_leaves_the_checkpoints_before(folder, monkeypatch):
    write(folder, 40)

    def full(path, content):
        path.write_bytes(content[:10])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(module, "write_synced", full)
    with pytest.raises(ResourceError, match="the disk is full") as caught:
        write(folder, 50)
    assert (caught.value.code, caught.value.exit_code) == ("E520", 4)
    assert [path.name for path in folder.path.iterdir()] == ["step-00000040"]
    assert isinstance(folder.read(40), Checkpoint)


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "checkpoints").write_text("a file stands here")
    with pytest.raises(RunError, match="cannot be written: Not a directory") as caught:
        write(Checkpoints(tmp_path / "checkpoints"))
    assert (caught.value.code, caught.value.exit_code) == ("E708", 2)
