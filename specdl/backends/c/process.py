"""Running a compiler: several at once, for a bounded time, and what they said."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from subprocess import Popen

SHOWN_LINES, SHOWN_CHARACTERS = 6, 400


def excerpt(text: str, lines: int = SHOWN_LINES) -> str:
    """The first lines of what a compiler said, without what a terminal would obey."""
    filled = [line.rstrip() for line in text.splitlines() if line.strip()]
    shown = "\n".join(filled[:lines])[:SHOWN_CHARACTERS]
    return "".join(c for c in shown if c.isprintable() or c == "\n")


def environment(folder: Path | None = None, zig_cache: Path | None = None) -> dict[str, str]:
    """The environment of a compiler: messages in English, temporary files in `folder`."""
    given = {**os.environ, "LC_ALL": "C", "LANGUAGE": ""}
    if folder is not None:
        given["TMPDIR"] = str(folder)
        given.setdefault("ZIG_LOCAL_CACHE_DIR", str(folder / "zig"))
        given.setdefault("ZIG_GLOBAL_CACHE_DIR", str(zig_cache or folder / "zig"))
    return given


def execute(
    commands: Sequence[Sequence[str]],
    folders: Sequence[Path | None],
    env: Mapping[str, str],
    seconds: float,
) -> list[tuple[int | None, str]]:
    """Run commands at once, each in its folder; status, None where time ran out, and output.

    Whatever happens, none of them runs on afterwards. Raises OSError if one does not start.
    """
    import subprocess

    running: list[Popen[str]] = []
    deadline = time.monotonic() + seconds
    try:
        for command, folder in zip(commands, folders, strict=True):
            running.append(
                subprocess.Popen(  # noqa: S603 - the user's own compiler, without a shell
                    command,
                    cwd=folder,
                    env=env,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    encoding="utf-8",
                    errors="replace",
                    start_new_session=True,
                )
            )
        return [answer(process, deadline) for process in running]
    finally:
        for process in running:
            end(process)


def answer(process: Popen[str], deadline: float) -> tuple[int | None, str]:
    """Status and output of a process; no status if it runs on at the deadline."""
    from subprocess import TimeoutExpired

    try:
        text, _ = process.communicate(timeout=max(0.0, deadline - time.monotonic()))
    except TimeoutExpired:
        return None, ""
    return process.returncode, text


def end(process: Popen[str]) -> None:
    """End a process with all that it started, if it still runs."""
    import signal

    if process.poll() is None:
        try:
            # it leads a session of its own; what it started may hold its output open
            os.killpg(process.pid, signal.SIGKILL)
        except (AttributeError, ProcessLookupError, PermissionError):
            process.kill()
        process.wait()
    if process.stdout:
        process.stdout.close()
