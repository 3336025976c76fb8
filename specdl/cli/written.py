"""Files that a command was asked for."""

from __future__ import annotations

from pathlib import Path

from specdl.runner.errors import file_errors
from specdl.runner.files import replace_file


def write(path: Path, content: bytes) -> None:
    """Put a file in place, whole or not at all; a device, a pipe or a link is written to as it stands.

    Raises `RunError` (E708) where it cannot be written, and `ResourceError` (E520) where the disk
    is full.
    """
    with file_errors(path, "written"):
        if path.is_symlink() or (path.exists() and not path.is_file()):
            path.write_bytes(content)
        else:
            replace_file(path, content)
