"""Going on with a run: is it the same run, and from which checkpoint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from specdl.backends.base import Executable
from specdl.core.record import record
from specdl.graph.build import build
from specdl.graph.meaning import FREE, digest
from specdl.graph.settled import settled
from specdl.runner.checkpoint import Checkpoint, Damage
from specdl.runner.errors import RunError
from specdl.runner.files import sealed
from specdl.runner.folder import DATA, RunFolder
from specdl.runner.records import knows, read_start
from specdl.runner.state import Tensors
from specdl.spec.document import Document
from specdl.spec.resolved import render
from specdl.spec.validate import validate

if TYPE_CHECKING:
    import torch

    from specdl.data.base import Array, Data

SHOWN = 5
MISSING = object()
MACHINE = ("torch", "machine", "processor", "threads", "backend")
"""What can change the last bits of a result."""


def require_same_spec(folder: RunFolder, resolved: Mapping[str, Any]) -> None:
    """Raise `RunError` (E703) if a run was begun with a spec of another meaning, saying what differs."""
    before = folder.read("resolved.json")
    now = json.loads(json.dumps(resolved))
    if not any(differences(before, now, ())):
        return
    began, goes_on = understood(before), understood(now)
    if began.hash is not None and began.hash == goes_on.hash:
        return
    found = list(differences(began.written, goes_on.written, ()))
    if not found:
        return
    shown = [f"`{dotted(path)}` was {told(old)} and is now {told(new)}" for path, old, new in found[:SHOWN]]
    if len(found) > SHOWN:
        shown.append(f"and {len(found) - SHOWN} more")
    message = f"the run in `{folder.path}` was begun with another spec: {'; '.join(shown)}"
    raise RunError(message, code="E703", help="name another folder with --out to begin a new run")


@record()
class Understood:
    """A resolved spec as this version writes it, and its hash; one that it cannot read stays, without one."""

    written: Any
    hash: str | None = None


def understood(resolved: Any) -> Understood:
    """What a resolved spec says: earlier versions kept blocks, and had fewer options."""
    spec, _ = validate(Document(resolved))
    graph = None if spec is None else build(spec)[0]
    if spec is None or graph is None:
        return Understood(resolved)
    written = json.loads(json.dumps(render(settled(spec, graph))))
    return Understood(written, digest(spec, graph))


def differences(before: Any, now: Any, path: tuple[str | int, ...]) -> Iterator[tuple[Any, Any, Any]]:
    """Path, old and new value of everything that differs and may not. A spec's nesting is bounded."""
    if path in FREE:
        return
    pairs: dict[str | int, tuple[Any, Any]] = {}
    if isinstance(before, dict) and isinstance(now, dict):
        pairs = {key: (before.get(key, MISSING), now.get(key, MISSING)) for key in {**before, **now}}
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = dict(enumerate(zip(before, now, strict=True)))
    elif type(before) is not type(now) or before != now:
        yield path, before, now
    for key, (old, new) in pairs.items():
        yield from differences(old, new, (*path, key))


def dotted(path: tuple[str | int, ...]) -> str:
    """`model.layers[0].out_features`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path)
    return text.removeprefix(".") or "the spec"


def told(value: Any) -> str:
    """A value in few words."""
    if value is MISSING:
        return "not there"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def describe_data(data: Data) -> dict[str, Any]:
    """data.json: each part's rows and checksum, what was fitted to the training part, and labels."""
    parts = {
        name: {"rows": part.rows, "sha256": checksum({**part.inputs, **part.targets})}
        for name, part in data.parts.items()
    }
    labels = {name: list(words) for name, words in data.labels.items()}
    return sealed({"parts": parts, "fitted": dict(data.fitted), "labels": labels})


def checksum(arrays: Mapping[str, Array]) -> str:
    """The SHA-256 over names, types and elements of arrays."""
    total = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        total.update(json.dumps([name, array.dtype.str, list(array.shape)]).encode())
        if array.size:
            total.update(array.reshape(-1).view("u1").data)
    return total.hexdigest()


def require_same_data(folder: RunFolder, described: Mapping[str, Any]) -> None:
    """Raise `RunError` (E704) if a run was begun with other samples."""
    before = folder.read(DATA)
    if before is None or before["parts"] == described["parts"]:
        return
    old, new = before["parts"], described["parts"]
    parts = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    message = f"the run in `{folder.path}` was begun with other data: {' and '.join(parts)} changed"
    raise RunError(message, code="E704", help="name another folder with --out to begin a new run")


def changes(folder: RunFolder, environment: Mapping[str, Any]) -> list[str]:
    """What differs between the machine a run began on and this one, in words."""
    before = folder.read("environment.json") or {}
    return [
        f"{key} was {before[key]} and is {environment.get(key)}"
        for key in MACHINE
        if key in before and before[key] != environment.get(key)
    ]


@dataclass(frozen=True)
class Found:
    """The newest good checkpoint, if there is one, and what is wrong with newer ones."""

    checkpoint: Checkpoint | None
    damaged: Mapping[int, Damage] = field(default_factory=dict)


def newest_good(folder: RunFolder) -> Found:
    """The checkpoint to go on from.

    It is whole, and metrics.jsonl still has every line that it knows of.
    """
    damaged: dict[int, Damage] = {}
    for step in reversed(folder.checkpoints.steps()):
        found = folder.checkpoints.read(step)
        if isinstance(found, Checkpoint):
            mark = found.state.metrics
            if knows(read_start(folder.metrics, mark.bytes), mark):
                return Found(found, damaged)
            found = Damage(folder.metrics, f"has lost or changed lines that `{found.path.name}` counts on")
        damaged[step] = found
    return Found(None, damaged)


def require_good(folder: RunFolder, found: Found) -> None:
    """Raise `RunError` (E705) if there are checkpoints, and all are damaged."""
    if found.checkpoint is None and found.damaged:
        newest = found.damaged[max(found.damaged)]
        raise newest.error(f"no checkpoint is good; to begin again, remove `{folder.checkpoints.path}`")


def restore(checkpoint: Checkpoint, executable: Executable, optimizer: bool = True) -> None:
    """Copy a checkpoint's tensors into an executable, all or none.

    Raises `RunError` (E706) if they are another model's.
    """
    pairs = [("weights", checkpoint.weights, executable.parameters)]
    if optimizer:
        pairs.append(("optimizer state", checkpoint.optimizer, executable.optimizer_state))
    for what, have, want in pairs:
        require_fitting(checkpoint, what, have, want)
    for _, have, want in pairs:
        for name, tensor in have.items():
            want[name].copy_(tensor)


def require_fitting(checkpoint: Checkpoint, what: str, have: Tensors, want: Tensors) -> None:
    """Raise `RunError` (E706) unless tensors have the names and shapes that a model wants, and are real."""
    wrong = [name for name in {**want, **have} if not fits(have.get(name), want.get(name))]
    if wrong:
        names = ", ".join(f"`{name}`" for name in wrong[:SHOWN])
        message = f"the checkpoint `{checkpoint.path}` holds the {what} of another model: {names} do not fit"
        raise RunError(message, code="E706")


def fits(have: torch.Tensor | None, want: torch.Tensor | None) -> bool:
    """Whether a tensor can be copied into another one; of both there is only one where a name is wrong."""
    return have is not None and want is not None and have.is_floating_point() and have.shape == want.shape
