"""What can be wrong with a run folder, in the user's words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from specdl.core.errors import ResourceError, SpecdlError

FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}


class RunError(SpecdlError):
    """A run folder or a checkpoint cannot be used as asked; nothing in it was changed.

    Codes: E701 no run there; E702 a folder that is taken; E703 another spec; E704 other data;
    E705 a damaged checkpoint or record; E706 a checkpoint of another model; E707 a folder that
    another process trains in; E708 a file that cannot be read or written.
    """

    exit_code = 2


def damaged(path: Path, what: str) -> RunError:
    """The error for a file of a run that is not what it was: `what` it is (`is not JSON`)."""
    return RunError(f"`{path}` is damaged: it {what}", code="E705")


def no_room(what: str) -> ResourceError:
    """The error for a disk that is full, or too small for what a run writes."""
    help = "free some space, or name another folder with --out"
    return ResourceError(what, code="E520", help=help)


@contextmanager
def file_errors(path: Path, doing: str) -> Iterator[None]:
    """Turn faults of the file system into errors for people; `doing` is `written` or `read`.

    Raises `ResourceError` (E520) where the disk is full, else `RunError` (E708).
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise no_room(f"the disk is full: `{path}` could not be written") from error
        reason = error.strerror or str(error)
        help = "name another folder with --out" if doing == "written" else None
        raise RunError(f"`{path}` cannot be {doing}: {reason}", code="E708", help=help) from error
