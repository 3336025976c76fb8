"""What a person sees of a run: a bar on a terminal, plain lines anywhere else."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

DRAWS = 0.1
"""Seconds between two draws of the bar, at least."""
LINES = 1.0
"""Seconds between two plain lines, at least."""


@dataclass(frozen=True)
class Length:
    """How long a run is, and the step it begins with (0 unless it is resumed)."""

    name: str
    steps: int
    steps_per_epoch: int
    first: int

    def epoch(self, step: int) -> str:
        """`epoch 3/250`, or `step 70/1000` for a run of less than an epoch."""
        if self.steps < self.steps_per_epoch:
            return f"step {step}/{self.steps}"
        return f"epoch {step // self.steps_per_epoch}/{-(-self.steps // self.steps_per_epoch)}"


class Progress(Protocol):
    """Is told what a run does; `advance` is called up to fifty times a second."""

    def start(self, length: Length) -> None: ...

    def advance(self, step: int, loss: float) -> None: ...

    def evaluated(self, step: int, figures: Mapping[str, Mapping[str, float]]) -> None: ...

    def message(self, text: str) -> None: ...

    def close(self) -> None: ...


class Silent:
    """Shows nothing."""

    def start(self, length: Length) -> None: ...

    def advance(self, step: int, loss: float) -> None: ...

    def evaluated(self, step: int, figures: Mapping[str, Mapping[str, float]]) -> None: ...

    def message(self, text: str) -> None: ...

    def close(self) -> None: ...


class Speed:
    """Steps per second and the time left, from what this process has trained."""

    def __init__(self, length: Length) -> None:
        self.length, self.begun = length, time.perf_counter()

    def __call__(self, step: int) -> str:
        seconds = time.perf_counter() - self.begun
        done = step - self.length.first
        if done <= 0 or seconds <= 0:
            return ""
        rate = done / seconds
        left = clock((self.length.steps - step) / rate)
        return f"{rate:,.0f} steps/s, {left} left" if rate >= 10 else f"{rate:.2g} steps/s, {left} left"


class Plain:
    """One line per evaluation, and no more than one a second, but for the last."""

    def __init__(self, stream: TextIO, interval: float = LINES) -> None:
        self.stream, self.interval = stream, interval
        self.due = 0.0
        self.length: Length | None = None

    def start(self, length: Length) -> None:
        self.length, self.speed = length, Speed(length)

    def advance(self, step: int, loss: float) -> None:
        """A line for runs that go long without an evaluation."""
        now = time.perf_counter()
        if self.length is not None and now >= self.due + 10 * self.interval:
            if self.due:
                self.line(step, f"loss {number(loss)}")
            self.due = now

    def evaluated(self, step: int, figures: Mapping[str, Mapping[str, float]]) -> None:
        assert self.length is not None
        now = time.perf_counter()
        if now >= self.due or step == self.length.steps:
            self.due = now + self.interval
            self.line(step, told(figures))

    def line(self, step: int, text: str) -> None:
        """Where the run is, a text, and how fast it goes."""
        assert self.length is not None
        self.message("  ".join(filter(None, (self.length.epoch(step), text, self.speed(step)))))

    def message(self, text: str) -> None:
        self.stream.write(f"{text}\n")
        self.stream.flush()

    def close(self) -> None: ...


class Bar:
    """A bar that is drawn anew at most ten times a second, by rich."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        self.stream = stream
        columns = (
            TextColumn("{task.fields[epoch]}", markup=False),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[figures]}", markup=False),
            TextColumn("{task.fields[speed]}", markup=False, style="dim"),
        )
        self.bar = Progress(*columns, console=Console(file=stream), auto_refresh=False, transient=True)
        self.figures = ""
        self.due = 0.0

    def start(self, length: Length) -> None:
        self.length, self.speed = length, Speed(length)
        self.task = self.bar.add_task("", total=length.steps, epoch="", figures="", speed="")
        self.bar.start()

    def advance(self, step: int, loss: float) -> None:
        now = time.perf_counter()
        if now >= self.due:
            self.due = now + DRAWS
            self.draw(step, self.figures or f"loss {number(loss)}")

    def evaluated(self, step: int, figures: Mapping[str, Mapping[str, float]]) -> None:
        self.figures = told(figures)
        if step == self.length.steps:
            self.draw(step, self.figures)

    def draw(self, step: int, figures: str) -> None:
        """Draw the bar."""
        epoch, speed = self.length.epoch(step), self.speed(step)
        self.bar.update(self.task, completed=step, epoch=epoch, figures=figures, speed=speed)
        self.bar.refresh()

    def message(self, text: str) -> None:
        """A line above the bar."""
        self.bar.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def close(self) -> None:
        self.bar.stop()


def progress(stream: TextIO | None = None, quiet: bool = False) -> Progress:
    """What fits a stream (standard error unless given): a bar on a terminal, else plain lines."""
    stream = sys.stderr if stream is None else stream
    if quiet:
        return Silent()
    if stream.isatty() and os.environ.get("TERM") != "dumb":
        return Bar(stream)
    return Plain(stream)


def told(figures: Mapping[str, Mapping[str, float]]) -> str:
    """`train loss 0.25 accuracy 0.91, validation loss 0.3 accuracy 0.89`."""
    parts = (
        [part, *(f"{name} {number(value)}" for name, value in of.items())] for part, of in figures.items()
    )
    return ", ".join(" ".join(part) for part in parts)


def number(value: float) -> str:
    """A figure in four digits: `0.9771`, `12`, `1.234e-05`."""
    whole = abs(value) < 10**9 and value == int(value)  # the first is false for NaN
    return f"{value:.0f}" if whole else f"{value:.4g}"


def clock(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def summary(test: Mapping[str, float] | None, path: Path, finished: bool = True) -> list[str]:
    """The last lines of a run: the figures of the test part, and where everything is."""
    lines = [told({"test": test})] if test else []
    return [*lines, f"{'the run is in' if finished else 'the run so far is in'} {path}"]
