"""What a signal does to a command outside of the training loop, which saves before it leaves."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

from specdl.core import leaving


@contextmanager
def leaving_at_once(*names: str) -> Iterator[None]:
    """Inside, these signals end the process with 128 + their number, unless a loop does it better.

    An exception raised by a handler could be swallowed by whatever is being imported at the
    time; nothing is being written that `leaving` does not know, so the process just ends.
    """
    before = {number: signal.signal(number, leave) for number in map(signal.Signals.__getitem__, names)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def leave(number: int, frame: FrameType | None = None) -> None:
    """End the process, now; what it started ends with it."""
    leaving.whole.between(partial(end, number))


def end(number: int) -> None:
    """End the process with the status for a signal, and leave nothing behind."""
    leaving.tidy()
    name = signal.Signals(number).name
    os.write(sys.stderr.fileno(), f"specdl: ended by {name}\n".encode())
    os._exit(128 + number)
