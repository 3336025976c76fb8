"""The C compiler of this machine: whether there is one, which, with what flags, and running it.

Candidates are `$CC`, which may hold arguments, then cc, gcc and clang on the PATH, then the
`ziglang` package (`pip install specdl[native]`).
"""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

from specdl.backends.c.process import environment, excerpt, execute
from specdl.core.errors import SpecdlError
from specdl.plan.machine import ARCHITECTURE, X86, march_vector_bytes, processor_vector_bytes, wanted_march

Tell = Callable[[str], None]
Kind = Literal["gcc", "clang", "zig"]

NAMES = ("cc", "gcc", "clang")
ANSWER_SECONDS, COMPILE_SECONDS = 20.0, 120.0
COMMON = (
    "-O2",
    "-fno-math-errno",
    "-fno-trapping-math",
    "-ffp-contract=fast",
    "-fno-semantic-interposition",
    "-shared",
    "-fPIC",
)
FUSED_ALWAYS = "--param=avoid-fma-max-bits=0"
"""Gcc takes some multiply-adds apart, by what else a loop does: one element would differ between tiles."""
SOURCE, LIBRARY = "specdl.c", "specdl.so"
INSTEAD = "set CC to a C compiler that works, or unset it; without one specdl runs on torch"
DISK_IS_FULL = ("No space left on device", "Disk quota exceeded", "NoSpaceLeft", "DiskQuota")


class NativeError(SpecdlError):
    """Native code cannot be made or loaded here; the same program runs on torch."""

    def __init__(self, message: str, *, help: str | None = INSTEAD) -> None:
        super().__init__(message, code="E530", help=help)


@dataclass(frozen=True)
class Toolchain:
    """A C compiler: the start of its command line, what it says it is, and its family."""

    command: tuple[str, ...]
    version: str
    """What it says of its version, and the machine that it compiles for."""
    kind: Kind

    def __str__(self) -> str:
        return f"{shlex.join(self.command)} ({self.version})"


def silent(_: str) -> None:
    """Tell nobody."""


said: set[str] = set()


def say_once(tell: Tell, line: str) -> None:
    """Tell a line, unless somebody was told it in this process before."""
    if tell is not silent and line not in said:
        said.add(line)
        tell(line)


def available() -> bool:
    """Whether anything that looks like a C compiler is here; starts no process."""
    return any(found is not None for found in candidates(*search()))


def find(tell: Tell = silent) -> Toolchain | None:
    """The first compiler that answers; None where there is none.

    `tell` gets a line for each candidate that is there and does not work, and for a CC that is
    not there. The answer is kept for the process.
    """
    toolchain, faults = _find(*search())
    for fault in faults:
        used = f"{toolchain} is used instead" if toolchain else "there is no other C compiler"
        say_once(tell, f"{fault}; {used}")
    return toolchain


def search() -> tuple[str, str]:
    """What decides on the compiler: CC, and the PATH."""
    return os.environ.get("CC", "").strip(), os.environ.get("PATH", os.defpath)


@functools.lru_cache(maxsize=16)
def _find(cc: str, path: str) -> tuple[Toolchain | None, tuple[str, ...]]:
    faults = []
    found = candidates(cc, path)
    if cc and next(found) is None:
        faults.append(f"the compiler that CC names is not there: {cc}")
    for command in candidates(cc, path):
        if command is not None:
            answer = ask(command)
            if isinstance(answer, Toolchain):
                return answer, tuple(faults)
            faults.append(answer)
    return None, tuple(faults)


def candidates(cc: str, path: str) -> Iterator[tuple[str, ...] | None]:
    """The command of each candidate, programs by their full path; None for one that is not there.

    The first is CC's, where there is a CC.
    """
    if cc:
        yield named(cc, path)
    for name in NAMES:
        yield named(name, path)
    yield zig_of_package()


def zig_of_package() -> tuple[str, ...] | None:
    """The command of the `ziglang` package; None if it is not installed."""
    if not sys.executable or find_spec("ziglang") is None:
        return None
    return (sys.executable, "-m", "ziglang", "cc")


def package_release() -> str | None:
    """The version of the `ziglang` package; None if nothing tells it."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("ziglang")
    except PackageNotFoundError:
        return None


def named(text: str, path: str) -> tuple[str, ...] | None:
    """The command that a text as in CC stands for; None if its program is not on `path`."""
    # a path with blanks, written without quotes
    whole = shutil.which(text, path=path)
    if whole:
        return (os.path.abspath(whole),)
    try:
        program, *arguments = shlex.split(text)
    except ValueError:  # an open quote, or nothing
        return None
    found = shutil.which(program, path=path)
    return (os.path.abspath(found), *arguments) if found else None


def ask(command: tuple[str, ...]) -> Toolchain | str:
    """The compiler behind a command, or why there is none, in a line."""
    zig = is_zig(command)
    if command == zig_of_package() and (release := package_release()):
        # asking zig takes a tenth of a second; nothing comes after it that could be taken instead
        return Toolchain(command, f"zig {release}, {ARCHITECTURE}", "zig")
    # zig's answer to -v names another target than the one that it compiles for
    asked = (*command, "--version" if zig else "-v")
    try:
        (code, text), *_ = execute([asked], [None], environment(), ANSWER_SECONDS)
    except OSError as error:
        return f"{shlex.join(command)} does not start: {error.strerror}"
    if code is None:
        return f"{shlex.join(asked)} does not end within {ANSWER_SECONDS:g} s"
    lines = [line.strip() for line in text.splitlines()]
    version = next((line for line in lines if " version " in line), "")
    target = next((line.split()[1] for line in lines if line.startswith("Target: ")), "")
    if code or not (version and target):
        return f"{shlex.join(command)} is no gcc, clang or zig: {excerpt(text, 1) or 'it says nothing'}"
    family: Kind = "gcc" if version.startswith("gcc ") else "clang"
    return Toolchain(command, f"{version}, {target}", "zig" if zig else family)


def is_zig(command: Sequence[str]) -> bool:
    """Whether a command is zig's."""
    return any(Path(word).stem in {"zig", "ziglang"} for word in command)


def fingerprint(toolchain: Toolchain) -> tuple[str, ...]:
    """What changes when the compiler is another: its files with their sizes and times of change."""
    files = [found for word in toolchain.command if (found := shutil.which(word))]
    package = find_spec("ziglang") if toolchain.kind == "zig" else None
    for folder in (package and package.submodule_search_locations) or ():
        files += [str(path) for path in sorted(Path(folder).glob("zig*")) if path.is_file()]
    return tuple(identity(os.path.realpath(file)) for file in files)


def identity(file: str) -> str:
    """A file's path, size and time of change."""
    try:
        stat = os.stat(file)
    except OSError:
        return file
    return f"{file} {stat.st_size} {stat.st_mtime_ns}"


def flags(toolchain: Toolchain, vector_bytes: int) -> tuple[str, ...]:
    """The compiler's options for a library whose vectors have so many bytes: 64, 32 or 16.

    `SPECDL_MARCH` takes the place of `native`. Raises `NativeError` if this processor has not
    the vectors of that name, since such code would end the process.
    """
    march = wanted_march()
    wide = ("-mprefer-vector-width=512",) if vector_bytes == 64 and ARCHITECTURE in X86 else ()
    common = (*COMMON, FUSED_ALWAYS) if toolchain.kind == "gcc" and ARCHITECTURE in X86 else COMMON
    if march is None:
        return (*common, *native(toolchain), *wide)
    width = march_vector_bytes(march)
    if width is not None and width > processor_vector_bytes():
        raise NativeError(
            f"this processor cannot run code for SPECDL_MARCH={march}",
            help="unset SPECDL_MARCH, or name a level that the processor has: x86-64-v3, x86-64-v2",
        )
    # zig takes what stands after a dash for a feature to leave out
    march = march.replace("-", "_") if toolchain.kind == "zig" else march
    return (*common, f"-march={march}", *wide)


def native(toolchain: Toolchain) -> tuple[str, ...]:
    """The options that say: for the processor of this machine."""
    if toolchain.kind == "zig" or ARCHITECTURE in X86:
        return ("-march=native",)
    return ("-mcpu=native",) if ARCHITECTURE in {"aarch64", "arm64", "ppc64le"} else ()


def compile_sources(
    sources: Sequence[str],
    toolchain: Toolchain,
    options: Sequence[str],
    folders: Sequence[Path],
    *,
    zig_cache: Path | None = None,
    seconds: float = COMPILE_SECONDS,
) -> list[Path]:
    """Compile each source in its own, empty folder, all at once; the libraries.

    Raises `NativeError` for the first that cannot be compiled, and OSError where the folder is
    at fault: it cannot be written, or its disk is full.
    """
    for source, folder in zip(sources, folders, strict=True):
        (folder / SOURCE).write_text(source, encoding="utf-8")
    # names, not paths: what is compiled does not depend on where
    command = (*toolchain.command, *options, "-o", LIBRARY, SOURCE, "-lm")
    try:
        answers = execute([command] * len(sources), folders, environment(folders[0], zig_cache), seconds)
    except OSError as error:
        raise NativeError(f"{shlex.join(command)} does not start: {error.strerror or error}") from error
    for (code, text), folder in zip(answers, folders, strict=True):
        check_compiled(command, code, text, folder, seconds)
    return [folder / LIBRARY for folder in folders]


def check_compiled(command: Sequence[str], code: int | None, text: str, folder: Path, seconds: float) -> None:
    """Raise unless the compiler ended well and left a library."""
    line = shlex.join(command)
    if code is None:
        raise NativeError(f"the C compiler does not end within {seconds:g} s: {line}")
    if code and any(words in text for words in DISK_IS_FULL):
        raise OSError(28, "No space left on device", str(folder))
    if code:
        how = f"ended with status {code}" if code > 0 else f"was killed by signal {-code}"
    elif not (folder / LIBRARY).is_file():
        how = "wrote no library"
    elif cut_short(folder / LIBRARY):
        how = "wrote half a library"
    else:
        return
    raise NativeError(f"the C compiler {how}: {line}\n{excerpt(text)}".rstrip())


def cut_short(library: Path) -> bool:
    """Whether a file begins as an ELF library and ends too early; loading it could end the process."""
    with library.open("rb") as file:
        head = file.read(64)
        size = os.fstat(file.fileno()).st_size
    if head[:5] != b"\x7fELF\x02" or len(head) < 64:
        return False
    order = "<" if head[5] == 1 else ">"
    (sections,) = struct.unpack_from(order + "Q", head, 40)
    each, count = struct.unpack_from(order + "HH", head, 58)
    return bool(sections + each * count > size)
