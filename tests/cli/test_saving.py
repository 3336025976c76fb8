"""A file that gets another text stays what it is, and keeps the old one where there is no room for it."""

import errno
import os
import stat
from pathlib import Path

import pytest

from specdl.cli import saving
from specdl.cli.saving import save
from specdl.core.errors import UsageError

OLD, LONGER, SHORTER = b"name: a\n", b"name: a much longer name\n", b"a\n"


@pytest.fixture(autouse=True)
def file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = Path("a.yaml")
    path.write_bytes(OLD)
    path.chmod(0o640)
    return path


def full(*args):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("text", [LONGER, SHORTER, b""])
@pytest.mark.parametrize("names", [1, 2])
def test_every_name_of_a_file_has_the_text_and_it_keeps_its_mode(file, text, names):
    others = [Path(f"other{number}") for number in range(1, names)]
    for each in others:
        each.hardlink_to(file)
    Path("link").symlink_to(file)
    save(Path("link"), OLD, text)
    assert Path("link").is_symlink()
    assert [each.read_bytes() for each in (file, *others)] == [text] * names
    assert file.stat().st_nlink == names
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert {each.name for each in Path().iterdir()} == {"a.yaml", "link", *(each.name for each in others)}


def test_a_file_with_one_name_is_replaced_in_one_step(file, monkeypatch):
    monkeypatch.setattr(saving, "write_over", None)
    save(file, OLD, LONGER)
    assert file.read_bytes() == LONGER


def test_an_owner_that_cannot_be_given_is_kept_by_writing_in_place(file, monkeypatch):
    number, stats = file.stat().st_ino, os.stat

    def foreign(path, **more):
        found = list(stats(path, **more))
        found[stat.ST_UID] += file.name == Path(path).name
        return os.stat_result(found)

    monkeypatch.setattr(os, "stat", foreign)
    monkeypatch.setattr(os, "chown", full)
    save(file, OLD, LONGER)
    assert (file.read_bytes(), file.stat().st_ino) == (LONGER, number)


def test_where_there_is_no_room_beside_the_file_is_as_it_was(file, monkeypatch):
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save(file, OLD, LONGER)
    assert file.read_bytes() == OLD
    assert [each.name for each in Path().iterdir()] == ["a.yaml"]


def test_where_there_is_no_room_for_what_is_longer_the_file_is_as_it_was(file, monkeypatch):
    Path("other").hardlink_to(file)
    put = saving.put

    def partly(opened, at, data):
        put(opened, at, data[:3])
        full()

    monkeypatch.setattr(saving, "put", partly)
    with pytest.raises(OSError, match="No space left"):
        save(file, OLD, LONGER)
    assert file.read_bytes() == OLD
    assert {each.name for each in Path().iterdir()} == {"a.yaml", "other"}


def test_where_the_disk_fails_in_between_the_text_is_kept_beside(file, monkeypatch):
    Path("other").hardlink_to(file)
    put = saving.put

    def once(opened, at, data):
        put(opened, at, data[:3] if at == 0 else data)
        if at == 0:
            full()

    monkeypatch.setattr(saving, "put", once)
    with pytest.raises(UsageError, match="could not be written as a whole") as told:
        save(file, OLD, LONGER)
    (beside,) = (each for each in Path().iterdir() if each.name.endswith(".tmp"))
    assert beside.read_bytes() == LONGER
    assert beside.name in told.value.message


def test_a_file_beside_that_is_anothers_is_left(file):
    beside = Path(f".a.yaml.{os.getpid()}.tmp")
    beside.write_text("another's")
    with pytest.raises(FileExistsError):
        save(file, OLD, LONGER)
    assert (file.read_bytes(), beside.read_text()) == (OLD, "another's")
