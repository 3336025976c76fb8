"""Compilers that count, fail, lie and hang, for the tests of discovery, cache and loading."""

import shlex
from pathlib import Path

import pytest

from specdl.backends.c import cache, compiler, library

SOURCE = "int answer(void) { return 42; }\n"
NEEDS_COMPILER = pytest.mark.skipif(not compiler.available(), reason="there is no C compiler here")


def isolate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing remembered of other tests, and a cache of the test's own: its folder, not made yet."""
    for held in (cache.given_up, compiler.said, library.loaded):
        held.clear()
    compiler._find.cache_clear()
    for name in ("CC", "SPECDL_MARCH", "ZIG_GLOBAL_CACHE_DIR", "ZIG_LOCAL_CACHE_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SPECDL_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def script(path: Path, text: str) -> Path:
    """An executable shell script."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def counting(path: Path) -> tuple[Path, Path]:
    """A compiler that is this machine's, and a file that gets a line for each library it compiles."""
    toolchain = compiler.find()
    assert toolchain is not None
    log = path.with_suffix(".log")
    log.touch()
    count = f'case "$*" in *-shared*) echo compiled >> {shlex.quote(str(log))};; esac'
    return script(path, f'{count}\nexec {shlex.join(toolchain.command)} "$@"'), log


def saying(path: Path, body: str) -> Path:
    """A compiler that names its version as gcc does, and else does as `body` says."""
    version = "echo 'Target: x86_64-linux-gnu'; echo 'gcc version 12.2.0 (fake)'; exit 0"
    return script(path, f'case "$*" in *-v) {version};; esac\n{body}')


def toolchain(monkeypatch: pytest.MonkeyPatch, command: object) -> compiler.Toolchain:
    """What discovery makes of a CC."""
    monkeypatch.setenv("CC", str(command))
    found = compiler.find()
    assert found is not None
    return found


def fake_ziglang(folder: Path, body: str) -> Path:
    """A `ziglang` package that runs `body` (Python) in place of zig; the folder to put on sys.path."""
    package = folder / "ziglang"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(f"import sys\n{body}\n", encoding="utf-8")
    (package / "zig").write_text("zig", encoding="utf-8")
    return folder
