"""The folder of a run: what was trained, on what, and what came of it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from specdl.plan.disk import room_wanted
from specdl.plan.machine import free_disk, readable
from specdl.runner.checkpoint import Checkpoints
from specdl.runner.errors import RunError, damaged, file_errors, no_room
from specdl.runner.files import SEAL, pretty, replace_file, unsealed
from specdl.runner.stored import DataFile, DivergedFile, EnvironmentFile, ResultFile, Stored, misfit

try:
    import fcntl

    LOCKS = True
except ImportError:  # Windows has no such locks; a run there is not guarded against a second one
    LOCKS = False

DATA, RESULT, DIVERGED = "data.json", "result.json", "diverged.json"
SHAPES: Mapping[str, type[Stored]] = {
    DATA: DataFile,
    "environment.json": EnvironmentFile,
    RESULT: ResultFile,
    DIVERGED: DivergedFile,
}
PACKAGES = ("torch", "numpy", "safetensors", "pydantic")
BEFORE_RUN = re.compile(r"spec\.\w+|environment\.json|data\.json|\.tmp-.*")
"""What a run that was cut off while its folder was made may have left."""


class RunFolder:
    """The paths of a run folder, and its small files."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self.checkpoints = Checkpoints(self.path / "checkpoints")
        self.metrics, self.timing = self.path / "metrics.jsonl", self.path / "timing.jsonl"

    def exists(self) -> bool:
        """Whether there is a run in the folder, finished or not."""
        return (self.path / "resolved.json").is_file()

    def empty(self) -> bool:
        """Whether a new run may be put here: nothing is in the folder, or there is none."""
        with file_errors(self.path, "read"):
            return not self.path.exists() or (self.path.is_dir() and not any(self.path.iterdir()))

    def startable(self) -> bool:
        """Whether nothing is here but what making a run's folder leaves when it is cut off."""
        return self.empty() or all(BEFORE_RUN.fullmatch(each.name) for each in self.path.iterdir())

    def create(self, spec: bytes, suffix: str, files: Mapping[str, Any]) -> None:
        """Make the folder with the spec as given and JSON files by name, `resolved.json` last.

        Raises `RunError` where it cannot be written, `ResourceError` where the disk is full.
        """
        with file_errors(self.path, "written"):
            self.path.mkdir(parents=True, exist_ok=True)
            replace_file(self.path / f"spec{suffix}", spec)
        for name, content in files.items():
            self.write(name, content)

    def write(self, name: str, content: Any) -> None:
        """Put a JSON file in place, whole."""
        with file_errors(self.path / name, "written"):
            replace_file(self.path / name, pretty(content))

    def read(self, name: str) -> Any:
        """What a JSON file of the folder holds, or None if it is not there.

        Raises `RunError` (E705) where that is not what this kind of file holds, or was changed since
        it was written.
        """
        path = self.path / name
        if not path.is_file():
            return None
        with file_errors(path, "read"):
            content = path.read_bytes()
        try:
            found = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise damaged(path, "is not JSON") from error
        fault = misfit(SHAPES[name], found) if name in SHAPES else None
        if fault:
            raise damaged(path, fault)
        if name != DATA or SEAL not in found:  # a run of before this was sealed
            return found
        try:
            return unsealed(found)
        except ValueError as error:
            raise damaged(path, str(error)) from error

    def drop(self, name: str) -> None:
        """Remove a file that no longer holds true."""
        with file_errors(self.path / name, "written"):
            (self.path / name).unlink(missing_ok=True)

    def require_room(self, size: int, count: int) -> None:
        """Raise `ResourceError` (E520) unless `count` checkpoints of a size fit beside what is here.

        Those that are here already are among them.
        """
        with file_errors(self.path, "read"):
            free, held = free_disk(self.path), self.checkpoints.nbytes()
        if free is not None and free + held < size * count:
            there = f", and {readable(held)} of them are there" if held else ""
            raise no_room(
                f"{room_wanted(size, count)}{there}; the disk of `{self.path}` has {readable(free)} free"
            )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes from training in the folder; a lock ends with its process.

        Raises `RunError` (E707) where another process has it.
        """
        if not LOCKS:
            yield
            return
        handle = os.open(self.path, os.O_RDONLY)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                message = f"another process is training in `{self.path}`"
                raise RunError(message, code="E707", help="wait for it, or name another folder") from None
            except OSError:
                pass  # a file system without locks, as some networks have: better unguarded than not at all
            yield
        finally:
            os.close(handle)


def opened(path: str | os.PathLike[str]) -> RunFolder:
    """The folder of a run that is there; raises `RunError` (E701) if none is."""
    folder = RunFolder(path)
    if not folder.exists():
        what = "holds no run" if folder.path.exists() else "is not there"
        raise RunError(f"`{folder.path}` {what}", code="E701", help="specdl train SPEC --out DIR makes a run")
    return folder


def new_path(name: str, parent: Path) -> Path:
    """Where a run goes that was given no folder: `runs/<name>`, or `runs/<name>-2` if that is taken."""
    number, path = 1, parent / name
    while not RunFolder(path).empty():
        number += 1
        path = parent / f"{name}-{number}"
    return path


def last_path(name: str, parent: Path) -> Path:
    """The folder that `new_path` gave out last, or else the first it would."""
    wanted = re.compile(re.escape(name) + r"(?:-(\d+))?")
    found: dict[int, Path] = {}
    for path in parent.iterdir() if parent.is_dir() else ():
        match = wanted.fullmatch(path.name)
        if match and RunFolder(path).exists():
            found[int(match[1] or 1)] = path
    return found[max(found)] if found else parent / name


def environment(extra: Mapping[str, Any]) -> dict[str, Any]:
    """What a run ran on: versions, system, processor; and what the caller knows (backend, threads)."""
    import torch

    from specdl import __version__

    versions = {package: importlib.metadata.version(package) for package in PACKAGES}
    return {
        "specdl": __version__,
        "python": platform.python_version(),
        **versions,
        "platform": platform.platform(),
        "machine": platform.machine(),
        "processor": processor(),
        "cpus": os.cpu_count(),
        "threads": torch.get_num_threads(),
        **extra,
    }


def processor() -> str:
    """The processor's name, as far as the system tells."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor()
