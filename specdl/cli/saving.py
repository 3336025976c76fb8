"""Another text for a file that is there: the file stays what it is, and nothing is lost on the way.

The text is written beside first. Where a new file can be all that the old one was, it takes its place
in one step. Where it cannot, for it would not have the old one's other names (hard links) or its owner,
the old one is written over, once the disk has been seen to have room for it.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import IO

from specdl.core.diagnostics import visible
from specdl.core.errors import UsageError


def save(path: Path, before: bytes, after: bytes) -> None:
    """Write a text in place of the one that a file has; raises `OSError` where that cannot be.

    A link is followed. If the disk fails while the file is written over, so that it has neither text, the
    new one stays beside it, and a `UsageError` names the place.
    """
    path = Path(os.path.realpath(path))
    aside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with aside.open("xb") as file:
        try:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        except OSError:
            aside.unlink()
            raise
    try:
        if made_alike(aside, path):
            aside.replace(path)
        else:
            write_over(path, after)
    finally:
        if path.read_bytes() not in (before, after):
            raise UsageError(torn(path, aside))
        aside.unlink(missing_ok=True)


def torn(path: Path, aside: Path) -> str:
    """What is told of a file that has neither its old text nor its new one."""
    names = visible(str(path)), visible(str(aside))
    return "`{}` could not be written as a whole; the text for it is in `{}`".format(*names)


def made_alike(new: Path, old: Path) -> bool:
    """Whether a new file could be given all that an old one has but its text, its mode and owner among it."""
    wanted, has = old.stat(), new.stat()
    if wanted.st_nlink > 1:
        return False
    if (wanted.st_uid, wanted.st_gid) != (has.st_uid, has.st_gid):
        try:
            os.chown(new, wanted.st_uid, wanted.st_gid)
        except OSError:
            return False
    shutil.copymode(old, new)
    return True


def write_over(path: Path, text: bytes) -> None:
    """Give a file another text in its place.

    What is longer than the old text is written first, behind it: where the disk is full nothing of the old
    one is lost then.
    """
    with path.open("r+b", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        try:
            put(file, size, text[size:])
        except OSError:
            file.truncate(size)
            raise
        put(file, 0, text[:size])
        file.truncate(len(text))
        os.fsync(file.fileno())


def put(file: IO[bytes], at: int, data: bytes) -> None:
    """Write bytes at an offset, all of them and onto the disk."""
    file.seek(at)
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) :]
    os.fsync(file.fileno())
