"""What this machine has, without asking torch: memory, processors, and the width of their vectors."""

from __future__ import annotations

import functools
import os
import platform
import sys
from pathlib import Path

from specdl.core.record import record
from specdl.plan import cgroup

ARCHITECTURE = platform.machine()
X86 = {"x86_64", "AMD64", "i686", "i386"}
AVX512 = {"avx512f", "avx512dq", "avx512bw", "avx512vl"}
AVX2 = {"avx2", "fma"}
UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
MARCH_BYTES = {"x86-64-v4": 64, "x86-64-v3": 32, "x86-64-v2": 16, "x86-64": 16}
"""Bytes of a vector register at each level of x86-64."""


@record()
class Limit:
    """So many bytes of memory, and who says so, for messages: "this machine has"."""

    nbytes: int
    source: str


def memory_limit() -> Limit | None:
    """The memory this process could have if nothing else ran; None where that is not told.

    It is the machine's, or less where a control group above the process says so.
    """
    told = physical()
    found = [] if told is None else [Limit(told, "this machine has")]
    found += [Limit(group.limit, f"the cgroup `{group.name}` allows") for group in cgroup.limits()]
    return min(found, key=lambda limit: limit.nbytes, default=None)


def free_memory() -> int | None:
    """Bytes of memory that are free now; None where that is not told."""
    within = [group.limit - used for group in cgroup.limits() if (used := group.used()) is not None]
    return smallest(meminfo("MemAvailable"), *within)


def free_disk(path: Path) -> int | None:
    """Bytes that may be written where a path is or would be; None where that is not told."""
    for folder in (path, *path.absolute().parents):
        try:
            if hasattr(os, "statvfs"):
                told = os.statvfs(folder)
                return told.f_bavail * told.f_frsize
            import shutil

            return shutil.disk_usage(folder).free
        except FileNotFoundError:
            continue
        except OSError:
            return None
    return None


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


def usable() -> int:
    """The processors that this process may run on, or `OMP_NUM_THREADS` where it is set lower."""
    there = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    wanted = os.environ.get("OMP_NUM_THREADS", "")
    return min(there, int(wanted)) if wanted.isdigit() and int(wanted) > 0 else there


def wanted_march() -> str | None:
    """What `SPECDL_MARCH` names as the processor to compile for; None for this one."""
    march = os.environ.get("SPECDL_MARCH", "").strip()
    return march if march and march != "native" else None


def vector_bytes(march: str | None = None) -> int:
    """Bytes of the vectors to compile for: 64, 32 or 16.

    They are the processor's, or fewer where `march`, by default `SPECDL_MARCH`, is a level of
    x86-64 that has fewer.
    """
    march = march or wanted_march()
    return smallest(march_vector_bytes(march), processor_vector_bytes()) or 16


def march_vector_bytes(march: str | None) -> int | None:
    """Bytes of the vectors that a level of x86-64 has; None for any other name."""
    return MARCH_BYTES.get(march.replace("_", "-")) if march else None


def processor_vector_bytes() -> int:
    """Bytes of the processor's vectors that are worth to compile for."""
    flags = set(processor()[1].split())
    if flags >= AVX512:
        return 64
    return 32 if flags >= AVX2 else 16


@functools.cache
def processor() -> tuple[str, str]:
    """The processor's name and its features, separated by blanks; empty where that is not told."""
    if sys.platform == "darwin":
        name = sysctl("machdep.cpu.brand_string")
        features = " ".join(sysctl(f"machdep.cpu.{key}") for key in ("features", "leaf7_features"))
        return name, features.lower()
    keys = cpuinfo()
    name = " ".join(
        keys.get(key, "") for key in ("model name", "cpu family", "model", "stepping", "CPU part")
    )
    return name.strip(), keys.get("flags") or keys.get("Features") or ""


def cpuinfo(file: str = "/proc/cpuinfo") -> dict[str, str]:
    """The first processor of Linux's list; the others are left unread, of which each takes its time."""
    keys: dict[str, str] = {}
    try:
        with Path(file).open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                key, colon, value = line.partition(":")
                if not colon:
                    break
                keys[key.strip()] = value.strip()
    except OSError:
        return {}
    return keys


def sysctl(name: str) -> str:
    """A text that macOS's kernel tells under a name; empty where it does not."""
    import ctypes

    try:
        ask = ctypes.CDLL(None).sysctlbyname
    except (AttributeError, OSError):
        return ""
    buffer, size = ctypes.create_string_buffer(4096), ctypes.c_size_t(4096)
    done = ask(name.encode(), buffer, ctypes.byref(size), None, ctypes.c_size_t(0))
    return buffer.value.decode("utf-8", "replace") if done == 0 else ""


def readable(nbytes: int) -> str:
    """Bytes for people: `1,536 bytes`, `1.5 MiB`.

    >>> readable(1536)
    '1,536 bytes'
    >>> readable(3 << 29)
    '1.5 GiB'
    """
    if nbytes < 1 << 16:
        return f"{nbytes:,} byte{'s' * (nbytes != 1)}"
    place = min((nbytes.bit_length() - 1) // 10, len(UNITS))
    tenths = (nbytes * 10 + (1 << 10 * place - 1)) >> 10 * place
    if tenths >= 10240 and place < len(UNITS):
        place, tenths = place + 1, 10
    return f"{tenths // 10:,}.{tenths % 10} {UNITS[place - 1]}"
