"""Checkpoints: whole or not there, checked by SHA-256, the newest few and the best kept.

A checkpoint is written into a folder beside, synced, and renamed. Folders whose names begin
with a dot are what an interrupted write left; `tidy` puts them right.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import safetensors
import safetensors.torch
import torch

from specdl.core.types import DType, TensorType
from specdl.plan.disk import file_bytes
from specdl.runner.errors import RunError, file_errors
from specdl.runner.files import replace_file, sync_folder, write_synced
from specdl.runner.state import State, Tensors, decode, described, digest, encode

NAME = re.compile(r"step-(\d{8,})")
NEW, OLD, GONE = ".new-", ".old-", ".gone-"
"""A checkpoint that is being written; one whose place is being taken; one that is being removed."""
FILES = {"weights": "weights.safetensors", "optimizer": "optimizer.safetensors"}
STATE = "state.json"


def tensors_bytes(tensors: Tensors) -> int:
    """The exact size of the file that tensors are written to."""
    types = {
        name: TensorType(tuple(tensor.shape), cast(DType, str(tensor.dtype).removeprefix("torch.")))
        for name, tensor in tensors.items()
    }
    return file_bytes(types)


def folder_name(step: int) -> str:
    """`step-00000100`; names sort as steps do."""
    return f"step-{step:08d}"


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as read: its folder, the state and the tensors by name."""

    path: Path
    state: State
    weights: Tensors
    optimizer: Tensors


@dataclass(frozen=True)
class Damage:
    """What is wrong with a checkpoint: the file, and what it is (`is missing`)."""

    file: Path
    what: str

    def error(self, help: str) -> RunError:
        return RunError(f"the checkpoint is damaged: `{self.file}` {self.what}", code="E705", help=help)


class Checkpoints:
    """The folder `checkpoints` of a run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def steps(self) -> list[int]:
        """The steps of which there is a checkpoint, good or not, in order."""
        if not self.path.is_dir():
            return []
        names = (NAME.fullmatch(each.name) for each in self.path.iterdir() if each.is_dir())
        return sorted(int(name[1]) for name in names if name)

    def nbytes(self) -> int:
        """The bytes of all files here."""
        return sum(each.stat().st_size for each in self.path.rglob("*") if each.is_file())

    def folder(self, step: int) -> Path:
        return self.path / folder_name(step)

    def write(self, state: State, weights: Tensors, optimizer: Tensors, epoch: float) -> Path:
        """Write a checkpoint, in place of one of the same step; its folder.

        Whenever this is cut off there is the whole new checkpoint or the one before. Raises
        `ResourceError` or `RunError` where it cannot be written.
        """
        folder = self.folder(state.step)
        aside = self.path / f"{NEW}{folder.name}"
        with file_errors(folder, "written"):
            try:
                fill(aside, state, weights, optimizer, epoch)
                self.put_in_place(aside, folder)
            finally:
                if aside.exists():
                    shutil.rmtree(aside, ignore_errors=True)
        return folder

    def put_in_place(self, aside: Path, folder: Path) -> None:
        """Rename a written checkpoint to its name, for good."""
        old = self.path / f"{OLD}{folder.name}"
        if folder.exists():
            folder.rename(old)
        aside.rename(folder)
        sync_folder(self.path)
        if old.exists():
            shutil.rmtree(old)

    def tidy(self) -> None:
        """Remove what interrupted writes left, and bring back what they had moved away."""
        if not self.path.is_dir():
            return
        for left in self.path.iterdir():
            if left.name.startswith(OLD) and not (name := self.path / left.name[len(OLD) :]).exists():
                left.rename(name)
            elif left.name.startswith((NEW, OLD, GONE)):
                shutil.rmtree(left)
            elif left.name.startswith(".tmp-"):
                left.unlink()

    def remove(self, step: int) -> None:
        """Remove a checkpoint; cut off, it is gone all the same."""
        gone = self.path / f"{GONE}{folder_name(step)}"
        self.folder(step).rename(gone)
        shutil.rmtree(gone)

    def point(self, name: str, step: int | None) -> None:
        """Make `latest` or `best` a small file that names a checkpoint's folder; None takes it away."""
        path = self.path / name
        with file_errors(path, "written"):
            if step is None:
                path.unlink(missing_ok=True)
            elif self.pointed(name) != step:
                replace_file(path, f"{folder_name(step)}\n".encode())

    def pointed(self, name: str) -> int | None:
        """The step that `latest` or `best` names; None if there is none, or no such checkpoint."""
        try:
            text = (self.path / name).read_text(encoding="ascii", errors="replace").strip()
        except OSError:
            return None
        match = NAME.fullmatch(text)
        return int(match[1]) if match and self.folder(int(match[1])).is_dir() else None

    def settle(self, state: State, keep: int) -> None:
        """Point `latest` and `best` to what a state knows, and remove what is no longer kept."""
        best = None if state.best is None else state.best.step
        self.point("latest", state.step)
        self.point("best", best if best is not None and self.folder(best).is_dir() else None)
        self.prune(keep, best)

    def prune(self, keep: int, best: int | None) -> None:
        """Keep the newest `keep` checkpoints and the best."""
        for step in self.steps()[:-keep]:
            if step != best:
                with file_errors(self.folder(step), "written"):
                    self.remove(step)

    def state(self, step: int) -> State | Damage:
        """The state of a checkpoint, without its tensors."""
        described = read_state(self.folder(step))
        return described if isinstance(described, Damage) else described[0]

    def read(self, step: int) -> Checkpoint | Damage:
        """A checkpoint with every checksum verified, or the first thing that is wrong with it.

        Raises `RunError` (E708) where a file is there but may not be read.
        """
        folder = self.folder(step)
        known = read_state(folder)
        if isinstance(known, Damage):
            return known
        state, claims = known
        if state.step != step:
            return Damage(folder / STATE, f"is of step {state.step}")
        found: dict[str, Tensors] = {}
        for kind, name in FILES.items():
            tensors = read_tensors(folder / name, claims[kind])
            if isinstance(tensors, Damage):
                return tensors
            found[kind] = tensors
        return Checkpoint(folder, state, found["weights"], found["optimizer"])


def fill(folder: Path, state: State, weights: Tensors, optimizer: Tensors, epoch: float) -> None:
    """Write the files of a checkpoint into a new folder, down to the disk."""
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    for kind, tensors in (("weights", weights), ("optimizer", optimizer)):
        write_synced(folder / FILES[kind], safetensors.torch.save(dict(tensors)))
    write_synced(folder / STATE, encode(state, described(weights), described(optimizer), epoch))
    sync_folder(folder)


def read_state(folder: Path) -> tuple[State, dict[str, Any]] | Damage:
    """state.json of a checkpoint: the state, and what is said of the tensors."""
    path = folder / STATE
    try:
        with file_errors(path, "read"):
            return decode(path.read_bytes()) if path.exists() else Damage(path, "is missing")
    except ValueError as error:
        return Damage(path, str(error))


def read_tensors(path: Path, claims: dict[str, dict[str, Any]]) -> Tensors | Damage:
    """The tensors of a file, if they are what state.json says of them."""
    if not path.exists():
        return Damage(path, "is missing")
    try:
        with file_errors(path, "read"):
            tensors: dict[str, torch.Tensor] = safetensors.torch.load(path.read_bytes())
    except (safetensors.SafetensorError, ValueError, KeyError, TypeError):
        return Damage(path, "is not whole")
    if tensors.keys() != claims.keys():
        return Damage(path, "has other tensors than when it was written")
    for name, tensor in tensors.items():
        claim = claims[name]
        same_type = [f"torch.{claim['dtype']}", claim["shape"]] == [str(tensor.dtype), list(tensor.shape)]
        if not same_type or digest(tensor) != claim["sha256"]:
            return Damage(path, f"has another `{name}` than when it was written")
    return tensors
