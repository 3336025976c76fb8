"""What this machine has, without asking torch: memory, and the width of the processor's vectors."""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import sys
from pathlib import Path

ARCHITECTURE = platform.machine()
X86 = {"x86_64", "AMD64", "i686", "i386"}
AVX512 = {"avx512f", "avx512dq", "avx512bw", "avx512vl"}
AVX2 = {"avx2", "fma"}
MARCH_BYTES = {"x86-64-v4": 64, "x86-64-v3": 32, "x86-64-v2": 16, "x86-64": 16}
"""Bytes of a vector register at each level of x86-64."""

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
        return f"{nbytes:,} bytes"
    amount, unit = nbytes / 1024, "KiB"
    for unit in ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB"):
        if amount < 1024 or unit == "EiB":
            break
        amount /= 1024
    return f"{amount:,.1f} {unit}"
