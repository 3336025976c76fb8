"""The training loop: steps in groups, evaluations and checkpoints where they are due."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NoReturn, Protocol

import numpy as np

from specdl.backends.base import Executable, Reals
from specdl.core.errors import DivergedError
from specdl.data.deal import Deal
from specdl.data.order import Order
from specdl.graph.graph import Graph
from specdl.ops.base import ScheduleState
from specdl.runner.evaluate import LOSS, Evaluator, Figures, Resident
from specdl.runner.folder import DIVERGED, RESULT, RunFolder
from specdl.runner.pace import GROUP, group_after, pace
from specdl.runner.progress import Length, Progress
from specdl.runner.records import MetricsFile, TimingFile
from specdl.runner.signals import Stop
from specdl.runner.snapshot import Snapshot
from specdl.runner.state import Best, State
from specdl.spec.model import ModelSpec

LONGEST = 0.05
"""Seconds after which a group of steps that was expected to be faster ends early."""
CLOCK = 60.0
"""Seconds between checkpoints where the spec does not say; more where one takes long."""
SHARE = 20
"""Checkpoints by the clock take at most one part in so many of the time."""


class Trainable(Protocol):
    """A compiled model: `specdl.runner.model.Model` is one."""

    spec: ModelSpec
    graph: Graph
    executable: Executable


@dataclass(frozen=True)
class Ground:
    """What a loop works on beside the model: folder and open records, who watches, who may stop it."""

    folder: RunFolder
    metrics: MetricsFile
    timing: TimingFile
    progress: Progress
    stop: Stop


class Loop:
    """Trains from a state to the end of the run.

    What it computes depends on the state alone: not on how steps are grouped, when checkpoints
    by the clock fall, or how often it was stopped and resumed.
    """

    def __init__(self, model: Trainable, parts: Mapping[str, Resident], ground: Ground, state: State) -> None:
        self.spec, self.executable = model.spec, model.executable
        self.parts, self.state = parts, state
        self.folder, self.metrics, self.timing = ground.folder, ground.metrics, ground.timing
        self.progress, self.stop = ground.progress, ground.stop
        data = model.spec.data
        rows = parts["train"].rows
        self.pace = pace(model.spec.train, data, rows)
        order = Order(model.spec.seed, rows, data.shuffle)
        self.deal = Deal(order, data.batch_size, self.pace.steps_per_epoch)
        self.evaluator = Evaluator(self.executable, model.spec, model.graph, data.batch_size)
        self.snapshot = Snapshot()
        self.group = 1
        """How many steps take about `GROUP` seconds."""
        self.saved = (state.step, state.evaluated)
        """What the newest checkpoint knows; at the start, what the run was resumed from."""
        self.saved_at, self.save_time = time.perf_counter(), 0.0
        self.trained = 0.0
        """Seconds of steps since the last evaluation."""
        self.counted = state.step
        """The step up to which times were written down."""

    def run(self) -> None:
        """Train to the end, evaluate the test part, and write the result.

        Raises `DivergedError`, with the last good state saved, and what `Stop.error` says if
        the run was asked to stop, with a checkpoint saved if a step was taken.
        """
        self.executable.prepare(self.batch_sizes())
        self.progress.start(
            Length(self.spec.name, self.pace.steps, self.pace.steps_per_epoch, self.state.step)
        )
        self.settle()
        while self.state.step < self.pace.steps:
            if self.stop.requested():
                self.leave()
            self.advance()
            self.settle()
        self.finish()

    def batch_sizes(self) -> list[int]:
        """Every number of rows that a batch of this run can have."""
        size = self.spec.data.batch_size
        rests = {part.rows % size for part in self.parts.values()} - {0}
        return sorted(rests | ({size} if any(part.rows >= size for part in self.parts.values()) else set()))

    def advance(self) -> None:
        """Take a group of steps."""
        step = self.state.step
        rates, schedule = self.rates(min(self.group, self.pace.ahead(step)))
        begun = time.perf_counter()
        try:
            losses = self.executable.train(self.parts["train"].tensors, self.deal, step, rates, LONGEST)
        except DivergedError as error:
            self.diverged(error)
        taken, count = time.perf_counter() - begun, len(losses)
        self.trained += taken
        self.group = group_after(count, taken, GROUP)
        if count < len(rates):
            rates, schedule = self.rates(count)
        self.move(rates, schedule)
        self.progress.advance(self.state.step, float(np.mean(losses)))

    def rates(self, count: int) -> tuple[Reals, ScheduleState]:
        """The learning rates of the next steps, and the schedule's state after them."""
        lr, schedule, state = self.spec.optimizer.lr, self.spec.schedule, self.state.schedule
        if schedule is None:
            return np.full(count, lr), state
        steps = range(self.state.step, self.state.step + count)
        factors, state = schedule.each(steps, self.pace.horizon, state)
        return lr * np.asarray(factors, dtype=np.float64), state

    def move(self, rates: Reals, schedule: ScheduleState) -> None:
        """Bring the state to where it is after steps with these rates."""
        step, lr = self.state.step + len(rates), float(rates[-1])
        self.state = replace(self.state, step=step, lr=lr, schedule=schedule)

    def settle(self) -> None:
        """Evaluate and save, if it is time to."""
        step = self.state.step
        if self.pace.evaluates(step) and self.state.evaluated != step and not self.evaluate():
            self.leave()
        if (step, self.state.evaluated) != self.saved and (self.pace.saves(step) or self.clock_says()):
            self.save()

    def clock_says(self) -> bool:
        """Whether a checkpoint is due by the clock."""
        if self.pace.checkpoint_every is not None:
            return False
        return time.perf_counter() - self.saved_at > max(CLOCK, SHARE * self.save_time)

    def evaluate(self) -> bool:
        """Compute and note the figures of training and validation; False if asked to stop on the way."""
        begun = time.perf_counter()
        found: dict[str, Figures] = {}
        for name in ("train", "validation"):
            if name in self.parts:
                figures = self.evaluator(self.parts[name], self.stop.requested)
                if figures is None:
                    return False
                found[name] = figures
        step, epoch = self.state.step, self.pace.epoch(self.state.step)
        self.metrics.append({"step": step, "epoch": epoch, "lr": self.state.lr, **found})
        self.state = replace(self.state, evaluated=step, metrics=self.metrics.mark())
        self.consider(found.get("validation", found["train"])[LOSS])
        self.note_times(time.perf_counter() - begun)
        self.progress.evaluated(step, found)
        return True

    def consider(self, loss: float) -> None:
        """Keep the weights if they are the best so far: on validation, or else on training."""
        best = self.state.best
        if not math.isfinite(loss) or (best is not None and loss >= best.loss):
            return
        self.state = replace(self.state, best=Best(self.state.step, loss))
        if self.pace.saves(self.state.step):
            self.snapshot.drop()
        elif not self.snapshot.take(self.state, self.executable):
            self.save()

    def note_times(self, evaluation: float) -> None:
        """Write down how long the steps since the last evaluation took, and this evaluation."""
        steps = self.state.step - self.counted
        line = {
            "step": self.state.step,
            "epoch": self.pace.epoch(self.state.step),
            "train_s": round(self.trained, 6),
            "evaluate_s": round(evaluation, 6),
            "steps_per_s": round(steps / self.trained, 1) if self.trained else None,
        }
        self.timing.append(line)
        self.trained, self.counted = 0.0, self.state.step

    def save(self) -> None:
        """Write a checkpoint of this step, and of the best one before if it has none yet."""
        begun = time.perf_counter()
        checkpoints, state = self.folder.checkpoints, self.state
        self.metrics.sync()
        kept = self.snapshot.state
        if kept is not None and kept.step != state.step:
            epoch = self.pace.epoch(kept.step)
            checkpoints.write(kept, self.snapshot.weights, self.snapshot.optimizer, epoch)
        self.snapshot.drop()
        weights, optimizer = self.executable.parameters, self.executable.optimizer_state
        checkpoints.write(state, weights, optimizer, self.pace.epoch(state.step))
        checkpoints.settle(state, self.spec.train.keep)
        self.saved = (state.step, state.evaluated)
        self.saved_at = time.perf_counter()
        self.save_time = self.saved_at - begun

    def leave(self) -> NoReturn:
        """Save what there is, and end the run that was asked to stop."""
        step = self.state.step
        if step and (step, self.state.evaluated) != self.saved:
            self.save()
        where = f"stopped at step {step:,} of {self.pace.steps:,}"
        how = f"go on with --resume --out {self.folder.path}"
        checkpoint = self.folder.checkpoints.folder(step) if step else None
        raise self.stop.error(f"{where}; {how}", checkpoint)

    def diverged(self, error: DivergedError) -> NoReturn:
        """Save the state before the step that failed, write down what happened, and end the run."""
        done = error.step - 1 - self.state.step
        if done:
            self.move(*self.rates(done))
        if (self.state.step, self.state.evaluated) != self.saved or not self.folder.checkpoints.steps():
            self.save()
        epoch = (error.step - 1) // self.pace.steps_per_epoch + 1
        lr = float(self.rates(1)[0][0])
        self.folder.write(
            DIVERGED,
            {"step": error.step, "epoch": epoch, "lr": lr, "message": error.message, "help": error.help},
        )
        lower = float(f"{self.spec.optimizer.lr / 10:.1g}")
        raise DivergedError(
            f"training diverged in epoch {epoch}, {error.message}",
            step=error.step,
            code=error.code,
            help=f"try a lower learning rate: --set optimizer.lr={lower:g} (or check the scale of the data)",
        ) from error

    def finish(self) -> None:
        """Evaluate the test part, which nothing was decided by, and write the result."""
        test: Figures | None = None
        if "test" in self.parts:
            test = self.evaluator(self.parts["test"], self.stop.requested)
            if test is None:
                self.leave()
        best = self.state.best
        result = {
            "steps": self.state.step,
            "epochs": self.pace.epoch(self.state.step),
            "best": None if best is None else {"step": best.step, "loss": best.loss},
            "test": test,
        }
        self.folder.write(RESULT, result)
