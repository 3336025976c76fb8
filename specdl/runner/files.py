"""Files that are whole or not there: written aside, synced to the disk, then renamed."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

SEAL = "sha256"


def sync_folder(folder: Path) -> None:
    """Make what was renamed or removed in a folder last through a loss of power."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file and wait until the disk has it."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def replace_file(path: Path, content: bytes) -> None:
    """Put a file in place at once: a reader sees the old content or the new, never half."""
    aside = path.with_name(f".tmp-{path.name}")
    try:
        write_synced(aside, content)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def finite_or_none(value: Any) -> Any:
    """Plain data with null for numbers that JSON cannot hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite_or_none(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite_or_none(each) for each in value]
    return value


def pretty(value: Any) -> bytes:
    """JSON for people, with a newline at the end."""
    return f"{json.dumps(finite_or_none(value), indent=2, ensure_ascii=False, allow_nan=False)}\n".encode()


def one_line(value: Any) -> bytes:
    """JSON on one line, with a newline at the end."""
    return f"{json.dumps(finite_or_none(value), ensure_ascii=False, allow_nan=False)}\n".encode()


def canonical(value: Any) -> bytes:
    """JSON that is equal for equal data, to be hashed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """Content with a checksum over the rest of it, under `sha256`."""
    plain = json.loads(pretty(content))
    return {**plain, SEAL: hashlib.sha256(canonical(plain)).hexdigest()}


def unsealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """What was sealed; raises `ValueError` where it has no seal, or is not as it was then."""
    rest = {key: value for key, value in content.items() if key != SEAL}
    if SEAL not in content:
        raise ValueError("is not whole")
    if content[SEAL] != hashlib.sha256(canonical(rest)).hexdigest():
        raise ValueError("has another checksum than when it was written")
    return rest
