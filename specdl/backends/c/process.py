"""Running a compiler: several at once, for a bounded time, and what they said."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from specdl.core import leaving

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

    None of them runs on afterwards, whatever is raised, and where `leaving` ends the process.
    Raises OSError if one does not start.
    """
    running: list[Popen[str]] = []
    deadline = time.monotonic() + seconds
    with leaving.undone(partial(kill, running)):
        try:
            for command, folder in zip(commands, folders, strict=True):
                with leaving.whole.stretch():
                    running.append(start(command, folder, env))
            return [answer(process, deadline) for process in running]
        finally:
            for process in running:
                end(process)


def start(command: Sequence[str], folder: Path | None, env: Mapping[str, str]) -> Popen[str]:
    """A process that leads a session of its own."""
    import subprocess

    return subprocess.Popen(  # noqa: S603 - the user's own compiler, without a shell
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
    if process.poll() is None:
        kill_session(process)
        process.wait()
    if process.stdout:
        process.stdout.close()


def kill(running: Sequence[Popen[str]]) -> None:
    """End processes where this one is about to end: in the midst of waiting for them, perhaps."""
    left = [process for process in running if process.poll() is None]
    for process in left:
        kill_session(process)
    for process in left:
        # not `wait`: whoever was interrupted may hold its lock
        with suppress(ChildProcessError):
            os.waitpid(process.pid, 0)


def kill_session(process: Popen[str]) -> None:
    """Kill a process and all that it started, which may hold its output open."""
    import signal

    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError, PermissionError):
        process.kill()
