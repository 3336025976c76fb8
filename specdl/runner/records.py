"""The files of a run that grow by lines: figures, which are exact, and times, which are not."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from specdl.runner.errors import RunError, file_errors
from specdl.runner.files import one_line
from specdl.runner.state import Mark
from specdl.runner.stored import Stored, misfit


class MetricsFile:
    """metrics.jsonl while a run trains: whole lines, flushed, and known by their checksum."""

    def __init__(self, path: Path, mark: Mark) -> None:
        """Open the file and cut off what comes after `mark`.

        Raises `RunError` (E705) where the file is not what `mark` knows of it.
        """
        self.path = path
        with file_errors(path, "written"):
            self.file = path.open("r+b" if path.exists() else "w+b")
            if not knows(self.file.read(mark.bytes), mark):
                self.file.close()
                raise RunError(f"`{path}` has lost or changed lines", code="E705")
            self.file.seek(mark.bytes)
            self.hash = hashlib.sha256(read_start(path, mark.bytes))
            self.file.truncate()
        self.bytes = mark.bytes

    def append(self, line: Mapping[str, Any]) -> None:
        """Write one line and hand it to the system."""
        text = one_line(line)
        with file_errors(self.path, "written"):
            self.file.write(text)
            self.file.flush()
        self.hash.update(text)
        self.bytes += len(text)

    def mark(self) -> Mark:
        """The end of what was written."""
        return Mark(self.bytes, self.hash.hexdigest())

    def sync(self) -> None:
        """Wait until the disk has every line: a checkpoint must not know of lines that get lost."""
        with file_errors(self.path, "written"):
            os.fsync(self.file.fileno())

    def close(self) -> None:
        self.file.close()


class TimingFile:
    """timing.jsonl: how long things took. It only ever grows; nothing depends on it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with file_errors(path, "written"):
            self.file = path.open("a+b")
            end = self.file.seek(0, os.SEEK_END)
            self.file.seek(max(end - 1, 0))
            if self.file.read(1) not in (b"", b"\n"):
                self.file.write(b"\n")  # ends a line that was cut off

    def append(self, line: Mapping[str, Any]) -> None:
        """Write one line and hand it to the system."""
        with file_errors(self.path, "written"):
            self.file.write(one_line(line))
            self.file.flush()

    def close(self) -> None:
        self.file.close()


def read_start(path: Path, count: int) -> bytes:
    """The first bytes of a file; none if there is no file."""
    if not path.exists():
        return b""
    with path.open("rb") as file:
        return file.read(count)


def knows(start: bytes, mark: Mark) -> bool:
    """Whether a file that begins so holds all that a mark was set behind."""
    return len(start) == mark.bytes and hashlib.sha256(start).hexdigest() == mark.sha256


def read_lines(path: Path, shape: type[Stored] = Stored) -> list[dict[str, Any]]:
    """The whole lines of a file of lines; a last line that was cut off is left out.

    Raises `RunError` (E705) for a line that is not of a shape.
    """
    if not path.exists():
        return []
    with file_errors(path, "read"):
        lines = path.read_bytes().split(b"\n")[:-1]
    try:
        found = [json.loads(line) for line in lines if line]
    except (ValueError, RecursionError) as error:
        raise RunError(f"`{path}` holds a line that is not JSON", code="E705") from error
    for number, line in enumerate(found, start=1):
        fault = misfit(shape, line)
        if fault:
            raise RunError(f"`{path}` is damaged: line {number} {fault}", code="E705")
    return found
