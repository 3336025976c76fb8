"""How much memory this machine has, without asking torch."""

from __future__ import annotations

import os
from pathlib import Path

LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
USES = ("/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory/memory.usage_in_bytes")


def total_memory() -> int | None:
    """Bytes of memory this process could have if nothing else ran; None where that is not told."""
    return smallest(physical(), first_number(LIMITS))


def free_memory() -> int | None:
    """Bytes of memory that are free now; None where that is not told."""
    limit, used = first_number(LIMITS), first_number(USES)
    within = limit - used if limit is not None and used is not None else None
    return smallest(meminfo("MemAvailable"), within)


def smallest(*figures: int | None) -> int | None:
    """The smallest of the figures that are known."""
    return min((figure for figure in figures if figure is not None), default=None)


def physical() -> int | None:
    """Bytes of memory in the machine."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return meminfo("MemTotal")


def meminfo(key: str) -> int | None:
    """A line of Linux's /proc/meminfo, in bytes."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{key}:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        return None
    return None


def first_number(files: tuple[str, ...]) -> int | None:
    """The number in the first of these files that holds one; `max` stands for no limit."""
    for file in files:
        try:
            text = Path(file).read_text(encoding="ascii").strip()
        except OSError:
            continue
        return int(text) if text.isdigit() else None
    return None


def readable(nbytes: int) -> str:
    """Bytes for people: `1,536 bytes`, `1.5 MiB`.

    >>> readable(1536)
    '1,536 bytes'
    >>> readable(3 << 29)
    '1.5 GiB'
    """
    if nbytes < 1 << 16:
        return f"{nbytes:,} bytes"
    amount, unit = nbytes / 1024, "KiB"
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if amount < 1024 or unit == "EiB":
            break
        amount /= 1024
    return f"{amount:,.1f} {unit}"
