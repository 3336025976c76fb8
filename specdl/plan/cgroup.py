"""What Linux's control groups allow this process: the smallest limit from its own group up to the root."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from specdl.core.record import record

ROOT = Path("/")


@record()
class Hierarchy:
    """Where a version of control groups keeps its groups, and what their files are called.

    `cache` is the line of `memory.stat` that counts the pages of files which the kernel drops
    before it refuses anything: they are used, and free all the same.
    """

    mount: str
    limit: str
    usage: str
    cache: str


V2 = Hierarchy("sys/fs/cgroup", "memory.max", "memory.current", "inactive_file")
V1 = Hierarchy(
    "sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
)


@record()
class Group:
    """A control group that limits memory: its name as /proc tells it, its folder, and its limit in bytes."""

    name: str
    folder: Path
    limit: int
    hierarchy: Hierarchy

    def used(self) -> int | None:
        """Bytes in use, without the files' pages that can be dropped; None where that is not told."""
        used = number(self.folder / self.hierarchy.usage)
        return None if used is None else max(0, used - self.droppable())

    def droppable(self) -> int:
        """Bytes of files' pages that have not been used of late."""
        for line in text(self.folder / "memory.stat").splitlines():
            key, _, value = line.partition(" ")
            if key == self.hierarchy.cache and value.isdecimal():
                return int(value)
        return 0


def limits(root: Path = ROOT) -> list[Group]:
    """The groups above this process that limit its memory, its own first.

    `root` is where `/proc` and `/sys` are. A container may see its own group as the mount's
    root, under a path that is not there: what is not there is passed over.
    """
    return [group for hierarchy, path in memberships(root) for group in upwards(root, hierarchy, path)]


def memberships(root: Path) -> Iterator[tuple[Hierarchy, str]]:
    """The hierarchies in which this process's memory is counted, and the path of its group in each.

    Each line is `number:controllers:path`; version 2 has the number 0 and names no controllers.
    """
    for line in text(root / "proc/self/cgroup").splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if "memory" in controllers.split(","):
            yield V1, path
        elif number == "0" and not controllers:
            yield V2, path


def upwards(root: Path, hierarchy: Hierarchy, path: str) -> Iterator[Group]:
    """The groups with a limit from one up to the mount's root."""
    parts = [part for part in path.split("/") if part]
    if ".." in parts:  # a group outside of this process's view
        parts = []
    for length in range(len(parts), -1, -1):
        folder = root.joinpath(hierarchy.mount, *parts[:length])
        limit = number(folder / hierarchy.limit)
        if limit is not None:
            yield Group(f"/{'/'.join(parts[:length])}", folder, limit, hierarchy)


def number(file: Path) -> int | None:
    """The number that a file holds; None for `max`, which is no limit, and where there is no file."""
    said = text(file).strip()
    return int(said) if said.isdecimal() else None


def text(file: Path) -> str:
    """What a small file holds; empty where it cannot be read."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
