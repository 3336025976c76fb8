"""What the peers' processes share: an epoch that can be repeated, and its time per step."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

GENTLE = 1e-3
"""Learning rates are scaled by this, as specdl's own `bench` does: random data cannot diverge."""
SAMPLE_S = 2e-3
"""Epochs are timed in groups of at least this length."""


@dataclass(frozen=True)
class Work:
    """One epoch of a workload, ready to run: `steps` steps, shuffled, gathered, and finished on return.

    `facts` are figures found while it was made, by name.
    """

    epoch: Callable[[], None]
    steps: int
    facts: dict[str, Any] = field(default_factory=dict)


class Clock:
    """Times a work's steps, turn by turn."""

    def __init__(self, work: Work) -> None:
        self.work = work
        self.first_s = elapsed(work.epoch)
        """The first epoch, with whatever compiles then."""
        self.repeats = max(1, round(SAMPLE_S / elapsed(work.epoch)))

    def turn(self, seconds: float) -> tuple[float, int]:
        """Microseconds per step, the median over groups of epochs, and how many groups."""
        samples: list[float] = []
        begun = time.perf_counter()
        while not samples or time.perf_counter() - begun < seconds:
            start = time.perf_counter()
            for _ in range(self.repeats):
                self.work.epoch()
            samples.append((time.perf_counter() - start) / (self.repeats * self.work.steps) * 1e6)
        return statistics.median(samples), len(samples)


def elapsed(action: Callable[[], object]) -> float:
    """Seconds that an action takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start
