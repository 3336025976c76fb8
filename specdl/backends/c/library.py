"""From C text to a loaded library: from the cache, or compiled and put there.

What goes wrong with the cache costs a line and the cache, never a wrong result; what goes wrong
with the compiler is a `NativeError`, and the caller goes on without native code.
"""

from __future__ import annotations

import ctypes
import hashlib
import json
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from specdl.backends.c import cache
from specdl.backends.c.compiler import (
    COMPILE_SECONDS,
    NativeError,
    Tell,
    Toolchain,
    compile_sources,
    fingerprint,
    silent,
)
from specdl.plan.machine import ARCHITECTURE, processor

FORMAT = 1
"""Changes when entries of before cannot be used any more."""

loaded: dict[str, ctypes.CDLL] = {}
"""Libraries by key. None is ever unloaded: closures over its functions may live."""
lock = threading.Lock()


def library(
    source: str,
    toolchain: Toolchain,
    options: Sequence[str],
    *,
    tell: Tell = silent,
    seconds: float = COMPILE_SECONDS,
) -> ctypes.CDLL:
    """The library of a C source, compiled with `flags(...)` as `options`; see `libraries`."""
    return libraries([source], toolchain, options, tell=tell, seconds=seconds)[0]


def libraries(
    sources: Sequence[str],
    toolchain: Toolchain,
    options: Sequence[str],
    *,
    tell: Tell = silent,
    seconds: float = COMPILE_SECONDS,
) -> list[ctypes.CDLL]:
    """The library of each C source; those that are not in the cache are compiled at once.

    The same source gives the same handle in a process. `tell` gets a line where the cache cannot
    be used or an entry is damaged. Raises `NativeError` if the compiler fails, does not end within
    `seconds`, or makes what cannot be loaded.
    """
    given = surroundings(toolchain, options)
    keys = [key(source, given) for source in sources]
    with lock:
        missing = {k: source for k, source in zip(keys, sources, strict=True) if k not in loaded}
        if missing:
            loaded.update(obtained(missing, toolchain, options, tell, seconds))
        return [loaded[k] for k in keys]


def forget(sources: Sequence[str], toolchain: Toolchain, options: Sequence[str]) -> None:
    """Let go of the libraries of sources, also in the cache: they load, but are not what they should be."""
    given = surroundings(toolchain, options)
    with lock:
        for k in (key(source, given) for source in sources):
            loaded.pop(k, None)
            cache.remove_entries(cache.folder(), k)


def surroundings(toolchain: Toolchain, options: Sequence[str]) -> list[object]:
    """All that a library is made from but the source."""
    compiler = [toolchain.command, toolchain.version, toolchain.kind, fingerprint(toolchain)]
    return [FORMAT, compiler, list(options), ARCHITECTURE, processor(), libc()]


def libc() -> str:
    """The C library that is linked against, where the system tells; machines may share a home."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return ""


def key(source: str, given: Sequence[object]) -> str:
    """The name of a library in the cache."""
    return hashlib.sha256(json.dumps([source, *given]).encode()).hexdigest()[:40]


def obtained(
    missing: Mapping[str, str], toolchain: Toolchain, options: Sequence[str], tell: Tell, seconds: float
) -> dict[str, ctypes.CDLL]:
    """The libraries of sources by key, through the user's folder, or where that fails a private one."""
    folder = cache.folder(tell)
    try:
        return through(folder, missing, toolchain, options, tell, seconds)
    except OSError as error:
        if folder.private:
            raise NativeError(f"there is no room for compiled code: {error}", help="set TMPDIR") from error
        cache.give_up(folder, (error.strerror or str(error)).lower())
    return obtained(missing, toolchain, options, tell, seconds)


def through(
    folder: cache.Folder,
    missing: Mapping[str, str],
    toolchain: Toolchain,
    options: Sequence[str],
    tell: Tell,
    seconds: float,
) -> dict[str, ctypes.CDLL]:
    """The libraries of sources by key, from a folder or by way of it. Raises OSError where that fails."""
    cached = {k: handle for k in missing if (handle := recalled(folder, k, tell)) is not None}
    rest = [k for k in missing if k not in cached]
    if not rest:
        return cached
    with cache.work(folder, len(rest)) as folders:
        files = compile_sources(
            [missing[k] for k in rest],
            toolchain,
            options,
            folders,
            zig_cache=folder.zig,
            seconds=seconds,
        )
        fresh = {k: load_new(cache.store(folder, k, file)) for k, file in zip(rest, files, strict=True)}
    if folder.zig.is_dir():
        os.utime(folder.zig)
    cache.sweep(folder)
    return cached | fresh


def recalled(folder: cache.Folder, k: str, tell: Tell) -> ctypes.CDLL | None:
    """The library of a key from a folder; None if it is not there, or not as it was."""
    path = cache.entry(folder, k, tell)
    if path is None:
        return None
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        cache.discard(path, str(error), tell)
        return None


def load_new(path: Path) -> ctypes.CDLL:
    """Load what was just compiled. Raises `NativeError` if that is no library; it does not stay."""
    try:
        return ctypes.CDLL(str(path))
    except OSError as error:
        path.unlink(missing_ok=True)
        raise NativeError(f"what the C compiler made cannot be loaded: {error}") from error
