"""The folder of compiled libraries: where it is, whether it can be trusted, and what is in it.

An entry is one file, `KEY.DIGEST.so`: the key stands for all that the library was made from,
the digest for what the file holds. It comes in by a rename, so no other process sees half of it,
and two that make the same one leave either's.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from specdl.backends.c.compiler import NativeError, Tell, say_once, silent
from specdl.core import leaving

HOUR, DAY = 3600.0, 86400.0
UNUSED_DAYS, MOST_BYTES = 90, 500_000_000
SUFFIX, WORK, ZIG, SWEPT = ".so", "work-", "zig", "swept"
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH

given_up: dict[str, str] = {}
"""Folders that this process does not use any more, and why."""


@dataclass(frozen=True)
class Folder:
    """A folder of entries; `private` if it is this process's own and ends with it."""

    path: Path
    private: bool

    @property
    def zig(self) -> Path:
        """Where zig keeps what it compiles of its own: the parts of libc that it links."""
        return self.path / ZIG


def folder(tell: Tell = silent) -> Folder:
    """The user's folder, made if it is not there, or why not in a line, and one of the process's own.

    Raises `NativeError` where there is no room for temporary files either.
    """
    path = place()
    if path is not None:
        reason = given_up.get(str(path)) or fault(path)
        if reason is None:
            return Folder(path, private=False)
        say_once(tell, f"the cache {path} is not used: {reason}; compiled code is kept for this process only")
    return Folder(temporary(os.getpid()), private=True)


def give_up(used: Folder, reason: str) -> None:
    """Let this process use its own folder from now on."""
    given_up[str(used.path)] = reason


def place() -> Path | None:
    """Where the user's cache is: `$SPECDL_CACHE`, else among the user's caches; None without a home."""
    given = os.environ.get("SPECDL_CACHE")
    if given:
        return Path(os.path.realpath(os.path.expanduser(given)))
    if sys.platform == "darwin":
        caches = os.path.expanduser("~/Library/Caches")
    else:
        caches = os.environ.get("XDG_CACHE_HOME", "")
        # a relative path there is invalid, says the standard that defines it
        caches = caches if os.path.isabs(caches) else os.path.expanduser("~/.cache")
    return Path(os.path.realpath(caches), "specdl") if os.path.isabs(caches) else None


def fault(path: Path) -> str | None:
    """Why a folder cannot be used; None if it is there, or was made, and nobody else writes to it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        inside = path.lstat()
        above = [parent.stat() for parent in path.parents]
        runs = not os.statvfs(path).f_flag & getattr(os, "ST_NOEXEC", 0)
    except OSError as error:
        return (error.strerror or str(error)).lower()
    if not stat.S_ISDIR(inside.st_mode):
        return "it is not a folder"
    if foreign(inside):
        return f"it is another user's, or others may write to it (chmod go-w {path})"
    if any(each.st_mode & stat.S_IWOTH and not each.st_mode & stat.S_ISVTX for each in above):
        return "others may write to a folder above it"
    return None if runs else "its file system does not let programs run"


def foreign(found: os.stat_result) -> bool:
    """Whether somebody else owns a file or may write to it."""
    return found.st_uid != os.getuid() or bool(found.st_mode & OTHERS_WRITE)


@functools.cache
def temporary(process: int) -> Path:
    """This process's own folder, removed when it ends. Raises `NativeError` if there is no room for it.

    A forked child is another process, and gets its own.
    """
    try:
        path = Path(tempfile.mkdtemp(prefix="specdl-"))
    except OSError as error:
        raise NativeError(
            f"there is no folder for compiled code: {error.strerror}", help="set TMPDIR to one"
        ) from error
    atexit.register(remove_own, path, process)
    leaving.undoing.append(functools.partial(remove_own, path, process))
    return path


def remove_own(path: Path, process: int) -> None:
    """Remove a process's folder, unless a forked child of it asks."""
    if os.getpid() == process:
        shutil.rmtree(path, ignore_errors=True)


def entry(used: Folder, key: str, tell: Tell = silent) -> Path | None:
    """The library of a key, if it is there and whole; one that is not is removed, and a line says so."""
    with os.scandir(used.path) as listed:
        found = sorted(each.path for each in listed if each.name.startswith(key + "."))
    for path in map(Path, found):
        try:
            if whole(path):
                touch(path)
                return path
        except OSError:  # removed meanwhile, or it cannot be read
            continue
        discard(path, "it is damaged, or others may write to it", tell)
    return None


def remove_entries(used: Folder, key: str) -> None:
    """Remove what there is of a key."""
    with suppress(OSError):
        for path in used.path.glob(f"{key}.*"):
            path.unlink(missing_ok=True)


def whole(path: Path) -> bool:
    """Whether an entry is ours alone and holds what its name says."""
    found = path.lstat()
    return stat.S_ISREG(found.st_mode) and not foreign(found) and path.name.split(".")[1] == digest(path)


def digest(path: Path) -> str:
    """SHA-256 of what a file holds."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def touch(path: Path) -> None:
    """Note that a path is used; a cache that can only be read does without."""
    try:
        if time.time() - path.stat().st_mtime > HOUR:
            os.utime(path)
    except OSError:
        return


def discard(path: Path, reason: str, tell: Tell = silent) -> None:
    """Remove an entry that cannot be used."""
    tell(f"a compiled library in {path.parent} is compiled again: {reason}")
    path.unlink(missing_ok=True)


def store(used: Folder, key: str, library: Path) -> Path:
    """Move a library that lies in a work folder in as the entry of a key. Raises OSError."""
    # the compiler made it under the user's umask
    library.chmod(0o700)
    with library.open("rb") as file:
        os.fsync(file.fileno())
        name = f"{key}.{hashlib.file_digest(file, 'sha256').hexdigest()}{SUFFIX}"
    return library.replace(used.path / name)


@contextmanager
def work(used: Folder, count: int) -> Iterator[list[Path]]:
    """So many empty folders beside the entries, for this process alone, gone afterwards. Raises OSError."""
    with (
        tempfile.TemporaryDirectory(prefix=WORK, dir=used.path, ignore_cleanup_errors=True) as path,
        leaving.undone(functools.partial(shutil.rmtree, path, ignore_errors=True)),
    ):
        folders = [Path(path, str(number)) for number in range(count)]
        for each in folders:
            each.mkdir()
        yield folders


def sweep(used: Folder) -> None:
    """Once a day, remove what was not used for long, and the longest unused of what is too much.

    What was used in the last hour stays: another process may be at it.
    """
    now, stamp = time.time(), used.path / SWEPT
    try:
        if used.private or (stamp.exists() and now - stamp.stat().st_mtime < DAY):
            return
        stamp.touch()
        parts = sorted(measured(used), reverse=True)
    except OSError:
        return
    kept = 0
    for used_at, size, path in parts:
        kept += size
        abandoned = path.name.startswith(WORK) and now - used_at > DAY
        old = now - used_at > UNUSED_DAYS * DAY
        if abandoned or ((old or kept > MOST_BYTES) and now - used_at > HOUR):
            kept -= size
            remove(path)


def measured(used: Folder) -> Iterator[tuple[float, int, Path]]:
    """Everything in a folder that may be removed: when it was used, its bytes, its path."""
    with os.scandir(used.path) as listed:
        for each in listed:
            if each.name.endswith(SUFFIX) or each.name == ZIG or each.name.startswith(WORK):
                found = each.stat(follow_symlinks=False)
                inside = Path(each.path).rglob("*") if each.is_dir(follow_symlinks=False) else ()
                size = found.st_size + sum(file.lstat().st_size for file in inside)
                yield found.st_mtime, size, Path(each.path)


def remove(path: Path) -> None:
    """Remove a file or a folder; a folder under another name, so that nobody finds half of it."""
    try:
        if path.is_dir() and not path.is_symlink():
            away = path.with_name(f"{WORK}{path.name}-{os.getpid()}")
            path.rename(away)
            shutil.rmtree(away, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    except OSError:
        return
