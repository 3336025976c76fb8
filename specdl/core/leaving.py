"""What must not be left behind by a process that a signal ends at once, without its `finally` blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

undoing: list[Callable[[], object]] = []
"""What undoes what was begun, in order."""


class Whole:
    """Stretches of work that a signal waits for, since what they begin is not known before they end."""

    def __init__(self) -> None:
        self.depth = 0
        self.waiting: Callable[[], object] | None = None

    @contextmanager
    def stretch(self) -> Iterator[None]:
        """Inside, what is asked to happen `between` stretches waits."""
        self.depth += 1
        try:
            yield
        finally:
            self.depth -= 1
            if not self.depth and self.waiting is not None:
                waiting, self.waiting = self.waiting, None
                waiting()

    def between(self, then: Callable[[], object]) -> None:
        """Do something now, or when the stretch ends that is under way."""
        if self.depth:
            self.waiting = then
        else:
            then()


whole = Whole()


@contextmanager
def undone(undo: Callable[[], object]) -> Iterator[None]:
    """Inside, a process that ends at once calls `undo` before."""
    undoing.append(undo)
    try:
        yield
    finally:
        undoing.remove(undo)


def tidy() -> None:
    """Undo what was begun and not ended, the last first."""
    while undoing:
        with suppress(OSError):
            undoing.pop()()
