import os
import sys
import tempfile
import time
from pathlib import Path

import pytest

from specdl.backends.c import cache
from specdl.backends.c.cache import DAY, Folder
from specdl.backends.c.compiler import NativeError
from tests.backends.c.compilers import isolate

KEY, OTHER = "a" * 40, "b" * 40


@pytest.fixture(autouse=True)
def place(monkeypatch, tmp_path):
    return isolate(monkeypatch, tmp_path)


@pytest.fixture
def told():
    return []


def stored(folder: Folder, key: str = KEY, content: bytes = b"library") -> Path:
    with cache.work(folder, 1) as (work,):
        made = work / "specdl.so"
        made.write_bytes(content)
        return cache.store(folder, key, made)


def test_the_folder_is_made_for_its_user_alone(place, told):
    assert cache.folder(told.append) == Folder(place, private=False)
    assert place.stat().st_mode & 0o777 == 0o700
    assert told == []


def test_what_is_stored_is_found(place):
    folder = cache.folder()
    path = stored(folder)
    assert cache.entry(folder, KEY) == path
    assert cache.entry(folder, OTHER) is None
    assert path.read_bytes() == b"library"
    assert [each.name for each in place.iterdir()] == [path.name]


def test_the_umask_does_not_open_an_entry():
    before = os.umask(0)
    try:
        assert stored(cache.folder()).stat().st_mode & 0o777 == 0o700
    finally:
        os.umask(before)


def test_storing_twice_leaves_one():
    folder = cache.folder()
    assert stored(folder) == stored(folder)
    assert cache.entry(folder, KEY) is not None


DAMAGES = {
    "changed": lambda path: path.write_bytes(b"librarx"),
    "cut short": lambda path: path.write_bytes(b"lib"),
    "empty": lambda path: path.write_bytes(b""),
    "open to others": lambda path: path.chmod(0o722),
    "a link": lambda path: (path.rename(path.with_name("x")), path.symlink_to(path.with_name("x"))),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_an_entry_that_is_not_as_it_was_is_removed(damage, told):
    folder = cache.folder()
    path = stored(folder)
    damage(path)
    assert cache.entry(folder, KEY, told.append) is None
    assert not path.is_symlink()
    assert not path.exists()
    (line,) = told
    assert line.startswith(f"a compiled library in {folder.path} is compiled again: it is damaged")
    assert cache.entry(folder, KEY, told.append) is None
    assert len(told) == 1


def test_of_two_entries_the_whole_one_is_taken(told):
    folder = cache.folder()
    good, bad = sorted([stored(folder), stored(folder, content=b"made otherwise")], reverse=True)
    bad.write_bytes(b"")
    assert cache.entry(folder, KEY, told.append) == good
    assert len(told) == 1


def refused(told, *words):
    """The folder is this process's own, and the one line has these words."""
    folder = cache.folder(told.append)
    assert folder == cache.folder(told.append)
    assert folder.private
    assert folder.path.stat().st_mode & 0o777 == 0o700
    (line,) = told
    for word in (*words, "is not used: ", "; compiled code is kept for this process only"):
        assert word in line
    return folder


@pytest.mark.parametrize("mode", [0o777, 0o770, 0o1777, 0o702])
def test_a_folder_that_others_may_write_to(place, told, mode):
    place.mkdir()
    place.chmod(mode)
    refused(told, str(place), f"others may write to it (chmod go-w {place})")
    assert list(place.iterdir()) == []


def test_a_folder_of_another_user(monkeypatch, place, told):
    cache.folder()
    monkeypatch.setattr(os, "getuid", lambda: place.stat().st_uid + 1)
    refused(told, "it is another user's")


def test_a_folder_below_one_that_others_may_write_to(monkeypatch, tmp_path, told):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    monkeypatch.setenv("SPECDL_CACHE", str(shared / "mine"))
    refused(told, "others may write to a folder above it")
    # nobody takes away another's folder there
    shared.chmod(0o1777)
    assert not cache.folder().private


def test_a_file_in_place_of_the_folder(place, told):
    place.write_text("", encoding="utf-8")
    refused(told, "file exists")


def test_a_folder_that_cannot_be_made(place, tmp_path, monkeypatch, told):
    place.write_text("", encoding="utf-8")
    monkeypatch.setenv("SPECDL_CACHE", str(place / "below"))
    refused(told, str(place / "below"))


@pytest.mark.skipif(not hasattr(os, "ST_NOEXEC"), reason="the system does not tell of such file systems")
def test_a_file_system_that_runs_nothing(monkeypatch, told):
    class Told:
        f_flag = os.ST_NOEXEC

    monkeypatch.setattr(os, "statvfs", lambda _: Told)
    refused(told, "its file system does not let programs run")


def test_a_folder_that_was_given_up(told):
    folder = cache.folder()
    cache.give_up(folder, "no space left on device")
    refused(told, "no space left on device")


def test_no_room_for_temporary_files_either(monkeypatch, place, tmp_path):
    place.write_text("", encoding="utf-8")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    cache.temporary.cache_clear()
    with pytest.raises(NativeError, match="there is no folder for compiled code: No such file"):
        cache.folder()


def test_the_private_folder_goes_with_its_process(tmp_path):
    path = tmp_path / "own"
    path.mkdir()
    cache.remove_own(path, os.getpid() + 1)
    assert path.exists()
    cache.remove_own(path, os.getpid())
    assert not path.exists()


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SPECDL_CACHE", "~/mine")
    assert cache.place() == tmp_path / "mine"
    monkeypatch.setenv("SPECDL_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache.place() == tmp_path / "xdg" / "specdl"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache.place() == tmp_path / ".cache" / "specdl"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert cache.place() == tmp_path / ".cache" / "specdl"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert cache.place() == tmp_path / "Library" / "Caches" / "specdl"


def test_a_cache_from_here(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SPECDL_CACHE", "here")
    assert cache.place() == tmp_path / "here"


def test_no_home(monkeypatch, told):
    for name in ("SPECDL_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)
    assert cache.place() is None
    assert cache.folder(told.append).private
    assert told == []


def aged(path: Path, days: float) -> Path:
    when = time.time() - days * DAY
    os.utime(path, (when, when))
    return path


def test_use_is_noted():
    folder = cache.folder()
    path = aged(stored(folder), 80)
    assert cache.entry(folder, KEY) == path
    assert time.time() - path.stat().st_mtime < DAY


def test_what_was_not_used_for_long_goes():
    folder = cache.folder()
    old, young = aged(stored(folder), 91), aged(stored(folder, OTHER), 89)
    foreign = aged_file(folder.path / "notes.txt", 1000)
    cache.sweep(folder)
    assert not old.exists()
    assert young.exists()
    assert foreign.exists()


def aged_file(path: Path, days: float) -> Path:
    path.write_text("", encoding="utf-8")
    return aged(path, days)


def test_the_longest_unused_of_too_much_goes(monkeypatch):
    folder = cache.folder()
    ages = {"a": 3, "b": 1, "c": 4, "d": 2}
    paths = [aged(stored(folder, letter * 40, b"x" * 100), days) for letter, days in ages.items()]
    monkeypatch.setattr(cache, "MOST_BYTES", 250)
    cache.sweep(folder)
    assert [path.exists() for path in paths] == [False, True, False, True]


def test_what_is_in_use_stays(monkeypatch):
    folder = cache.folder()
    path = stored(folder)
    monkeypatch.setattr(cache, "MOST_BYTES", 0)
    cache.sweep(folder)
    assert path.exists()


def test_sweeping_is_done_once_a_day(place):
    folder = cache.folder()
    cache.sweep(folder)
    path = aged(stored(folder), 91)
    cache.sweep(folder)
    assert path.exists()
    aged(place / cache.SWEPT, 1.1)
    cache.sweep(folder)
    assert not path.exists()


def test_what_a_killed_process_left_goes(place):
    folder = cache.folder()
    left, busy = place / "work-left", place / "work-busy"
    for each in (left, busy):
        each.mkdir()
        (each / "specdl.c").touch()
    aged(left, 2)
    cache.sweep(folder)
    assert not left.exists()
    assert busy.exists()


def test_zigs_own_files_go_when_zig_is_not_used(place):
    folder = cache.folder()
    (folder.zig / "o").mkdir(parents=True)
    (folder.zig / "o" / "libc.o").write_bytes(b"x")
    aged(folder.zig, 91)
    cache.sweep(folder)
    assert [each.name for each in place.iterdir()] == [cache.SWEPT]
