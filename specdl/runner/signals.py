"""SIGINT and SIGTERM while a run trains: it saves what it has, then leaves.

A handler only notes the signal; the loop looks between groups of steps and between the
batches of an evaluation. So no exception ever cuts through a kernel, a checkpoint or an
import. A second signal leaves at once.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

HANDLED = (signal.SIGINT, signal.SIGTERM)


class Interrupted(KeyboardInterrupt):
    """SIGINT ended a run, which can be resumed from `checkpoint` (None if there is none yet)."""

    exit_code = 128 + signal.SIGINT

    def __init__(self, message: str, checkpoint: Path | None) -> None:
        super().__init__(message)
        self.checkpoint = checkpoint


class Terminated(SystemExit):
    """SIGTERM ended a run, which can be resumed from `checkpoint` (None if there is none yet).

    A `SystemExit`, so that a process which nobody stops on its way ends with 143.
    """

    exit_code = 128 + signal.SIGTERM

    def __init__(self, message: str, checkpoint: Path | None) -> None:
        super().__init__(self.exit_code)
        self.message, self.checkpoint = message, checkpoint

    def __str__(self) -> str:
        return self.message


class Stop:
    """Whether a run was asked to stop; a context in which signals only ask.

    Handlers are those of before again when the context ends. Where they cannot be set (outside
    of the main thread), signals do what they did before, and `request` still works. A second
    signal calls `at_once` with its number; by default it does what it did before the context.
    """

    def __init__(self, at_once: Callable[[int], Any] | None = None) -> None:
        self.signal: int | None = None
        """The signal that came, or None."""
        self.at_once = at_once
        self.before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in HANDLED:
                self.before[number] = signal.signal(number, self.handle)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.restore()

    def restore(self) -> None:
        """Set the handlers of before; one that was not set from Python becomes the default."""
        for number, handler in self.before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        self.before = {}

    def handle(self, number: int, frame: FrameType | None) -> None:
        """Note a first signal, obey a second."""
        if self.signal is None:
            self.signal = number
            return
        if self.at_once is not None:
            self.at_once(number)
        self.restore()
        signal.raise_signal(number)

    def request(self, number: int = signal.SIGINT) -> None:
        """Ask the run to stop, as a signal would."""
        self.signal = number

    def requested(self) -> bool:
        """Whether the run is to stop."""
        return self.signal is not None

    def error(self, message: str, checkpoint: Path | None) -> Interrupted | Terminated:
        """What ends the run that was asked to stop."""
        kind = Terminated if self.signal == signal.SIGTERM else Interrupted
        return kind(message, checkpoint)
