"""Files that a spec names: where they may lie, and what they may be."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

from specdl.core.diagnostics import Finding, Note, visible
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.errors import FindingsError
from specdl.core.suggest import nearest

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
OPEN = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))
ABSENT = (errno.ENOENT, errno.ENOTDIR)


def resolve(name: str, folder: Path, allowed: tuple[Path, ...], path: DocumentPath) -> Path:
    """The real path of a file that a spec in `folder` names at `path` of its document.

    A spec may come from anybody, so what it reads stays where its user looks: below the
    spec's folder, the working folder or an allowed one, once symbolic links are followed.
    Raises `FindingsError`: E610 outside of these, E410 where there is no such file, E415 for
    folders, devices and whatever else is no regular file.
    """
    try:
        real = (folder / name).resolve()
        if not inside(real, folder, allowed):
            raise FindingsError([outside(name, real, path)])
        mode = real.stat().st_mode
    except (OSError, RuntimeError, ValueError) as error:
        raise FindingsError([no_file(name, folder, path, error)]) from None
    if not stat.S_ISREG(mode):
        kind = KINDS.get(stat.S_IFMT(mode), "no regular file")
        message = f"`{visible(name)}` is {kind}, and a file was expected"
        raise FindingsError([Finding("E415", message, path)])
    return real


class NotAFileError(OSError):
    """What a path leads to is no regular file; `kind` says in words what it is."""

    def __init__(self, mode: int) -> None:
        self.kind = KINDS.get(stat.S_IFMT(mode), "no regular file")
        super().__init__(errno.EINVAL, f"it is {self.kind}")


def open_file(path: Path) -> BinaryIO:
    """A regular file, opened for its bytes; never waits for somebody to write into a pipe.

    Looks before it opens, since opening a device may do something, and again at what it opened.
    Raises `NotAFileError` for all else, and `OSError` as `open` does.
    """
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise NotAFileError(mode)
    flags = (
        os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    )
    descriptor = os.open(path, flags)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise NotAFileError(mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def inside(real: Path, folder: Path, allowed: tuple[Path, ...]) -> bool:
    """Whether a real path lies below one of the folders that specs may read."""
    return any(real.is_relative_to(root.resolve()) for root in (folder, Path.cwd(), *allowed))


def outside(name: str, real: Path, path: DocumentPath) -> Finding:
    """That a file lies where specs may not read."""
    return Finding(
        "E610",
        f"`{visible(name)}` lies outside the folder of the spec and the working folder",
        path,
        help=f"--allow-path {visible(str(real.parent))}",
        notes=(Note(f"it is `{visible(str(real))}`"),),
    )


def no_file(name: str, folder: Path, path: DocumentPath, error: Exception) -> Finding:
    """That a file is not there, or that its path cannot be followed."""
    shown = visible(name)
    if not isinstance(error, OSError) or error.errno not in ABSENT:
        why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Finding("E415", f"`{shown}` cannot be read: {visible(why)}", path)
    place = (folder / name).parent
    try:
        others = [each.name for each in place.iterdir() if each.is_file()] if place.is_dir() else []
    except OSError:
        others = []
    like = nearest(Path(name).name, others)
    return Finding(
        "E410",
        f"there is no file `{shown}`",
        path,
        help=f"did you mean `{visible(str(Path(name).with_name(like)))}`?" if like else None,
        notes=(Note(f"looked for in `{visible(str(place.resolve()))}`"),),
    )
