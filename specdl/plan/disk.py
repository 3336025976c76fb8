"""What a run's checkpoints take on the disk, to the byte, before the run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from specdl.core.diagnostics import Finding, Fix, Note, Replace
from specdl.core.types import BYTES, DType, TensorType
from specdl.core.wording import counted
from specdl.plan.machine import free_disk, readable
from specdl.program.program import Program

NAMES: dict[DType, str] = {
    "float32": "F32",
    "float64": "F64",
    "bfloat16": "BF16",
    "int64": "I64",
    "bool": "BOOL",
}
"""What safetensors calls each dtype."""
LENGTH = 8
"""Bytes before the header that hold its length, of which the header's own length is a multiple."""


def file_bytes(tensors: Mapping[str, TensorType]) -> int:
    """The exact size of a safetensors file.

    Its header is JSON without blanks but for those that fill it up; tensors of larger elements
    come first, then by name.
    """
    entries, offset = {}, 0
    for name in sorted(tensors, key=lambda name: (-BYTES[tensors[name].dtype], name)):
        type = tensors[name]
        end = offset + type.nbytes()
        entries[name] = {"dtype": NAMES[type.dtype], "shape": list(type.shape), "data_offsets": [offset, end]}
        offset = end
    header = len(json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode())
    return LENGTH + -(-header // LENGTH) * LENGTH + offset


def checkpoint_bytes(program: Program) -> int:
    """The bytes of the weights and the optimiser's state of a checkpoint of a training program."""
    types = program.types
    return sum(
        file_bytes({name: types[name] for name in names}) for names in (program.parameters, program.state)
    )


def checkpoints_at_once(keep: int, steps: int | None) -> int:
    """The most checkpoints that a run of so many steps has on the disk at a time.

    They are the newest `keep`, the best one before them, and the one that is being written;
    there is never more than one for each step.
    """
    most = keep + 2
    return most if steps is None else min(most, steps)


def finding(size: int, keep: int, steps: int | None, folder: Path) -> Finding | None:
    """W520 if checkpoints of a size do not fit where a run that is given no folder goes; else None."""
    count, free = checkpoints_at_once(keep, steps), free_disk(folder)
    if free is None or count * size <= free:
        return None
    message = f"{room_wanted(size, count)}, and the disk of the working folder has {readable(free)} free"
    fitting = min(keep - 1, free // size - 2)
    path = ("train", "keep")
    if fitting < 1:
        help, fix = "specdl train SPEC --out DIR writes to another disk", None
    else:
        help = f'"keep": {fitting}'
        fix = Fix(f"keep {fitting}, the most that fit", (Replace(path, fitting),))
    return Finding("W520", message, path, help=help, notes=(WHY,), severity="warning", fix=fix)


WHY = Note("`train.keep` counts the newest ones; the best one and the one being written come on top")


def room_wanted(size: int, count: int) -> str:
    """How much a run's checkpoints take, in words."""
    each = f", {readable(size)} each" if count > 1 else ""
    return f"{counted(count, 'checkpoint')} would take {readable(count * size)}{each}"
