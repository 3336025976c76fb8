import os

import pytest

from specdl.core.errors import ResourceError
from specdl.runner import files
from specdl.runner.errors import RunError
from specdl.runner.files import replace_file
from specdl.runner.folder import RunFolder, last_path, new_path, opened


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    replace_file(path, b"old")

    def full(path, content):
        path.write_bytes(content[:1])
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(files, "write_synced", full)
    with pytest.raises(ResourceError, match="the disk is full") as caught:
        RunFolder(tmp_path).write("a.json", {"new": 1})
    assert caught.value.exit_code == 4
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_json_is_for_people_and_has_no_nan(tmp_path):
    RunFolder(tmp_path).write("a.json", {"ü": float("nan")})
    assert (tmp_path / "a.json").read_text(encoding="utf-8") == '{\n  "ü": null\n}\n'


def test_damaged_json_is_told_with_its_file(tmp_path):
    (tmp_path / "result.json").write_text("{")
    with pytest.raises(RunError, match=r"result\.json. is damaged") as caught:
        RunFolder(tmp_path).read("result.json")
    assert caught.value.code == "E705"
    assert RunFolder(tmp_path).read("data.json") is None


def test_a_folder_without_a_run_is_not_opened(tmp_path):
    with pytest.raises(RunError, match="holds no run"):
        opened(tmp_path)


def test_names_are_given_out_in_turn(tmp_path):
    runs = tmp_path / "runs"
    assert new_path("a.b", runs) == last_path("a.b", runs) == runs / "a.b"
    for name in ("a.b", "a.b-2", "a.b-10", "axb-11"):
        (runs / name).mkdir(parents=True)
        (runs / name / "resolved.json").write_text("{}")
    assert new_path("a.b", runs) == runs / "a.b-3"
    assert last_path("a.b", runs) == runs / "a.b-10"


def test_a_lock_ends_with_its_context(tmp_path):
    folder = RunFolder(tmp_path)
    with folder.locked(), pytest.raises(RunError, match="another process"), RunFolder(tmp_path).locked():
        pass
    with folder.locked():
        pass


def test_a_file_in_place_lasts_through_a_loss_of_power(tmp_path, monkeypatch):
    """Its content is on the disk before it has its name, and then the folder is, that has the name."""
    path, synced = tmp_path / "a.json", []
    monkeypatch.setattr(os, "fsync", lambda handle: synced.append((os.fstat(handle).st_ino, path.exists())))
    RunFolder(tmp_path).write("a.json", {})
    assert synced == [(path.stat().st_ino, False), (tmp_path.stat().st_ino, True)]
