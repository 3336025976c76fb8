"""A run that was trained: its figures, and its model for predictions."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from specdl.runner.checkpoint import Checkpoint
from specdl.runner.errors import RunError
from specdl.runner.evaluate import Evaluator, Figures, predictions, resident
from specdl.runner.folder import RESULT, RunFolder, opened
from specdl.runner.records import read_lines
from specdl.runner.resume import restore
from specdl.runner.stored import EvaluationLine

if TYPE_CHECKING:
    from specdl.data.base import Array, Data
    from specdl.runner.loop import Trainable

Prepare = Callable[[Any], Mapping[str, "Array"]]
"""Makes inputs as a user has them into arrays (samples, ...) as the model takes them, by name."""


@dataclass(frozen=True)
class Loaded:
    """A run's model, and how its inputs are prepared."""

    model: Trainable
    prepare: Prepare


class Run:
    """A run folder with its model.

    `path` is the folder, a `pathlib.Path`.
    """

    def __init__(self, path: str | os.PathLike[str], loaded: Loaded) -> None:
        self.folder = opened(path)
        self.path = self.folder.path
        self.loaded = loaded

    @property
    def model(self) -> Any:
        """The compiled model with the run's weights, as of `specdl.compile`."""
        return self.loaded.model

    @property
    def history(self) -> list[dict[str, Any]]:
        """One dict for each evaluation: `step`, `epoch`, `lr`, and the figures of `train` and `validation`.

        A figure that was not finite is None.
        """
        return read_lines(self.folder.metrics, EvaluationLine)

    @property
    def metrics(self) -> dict[str, Figures]:
        """The last figures by part: `train`, and where there is data `validation` and `test`.

        That of the test part is there once the run is finished.
        """
        last: dict[str, Any] = (self.history or [{}])[-1]
        result = self.folder.read(RESULT) or {}
        parts = {name: last.get(name) for name in ("train", "validation")} | {"test": result.get("test")}
        return {name: numbers(of) for name, of in parts.items() if of is not None}

    @property
    def finished(self) -> bool:
        """Whether the run went to its end."""
        return self.folder.read(RESULT) is not None

    def predict(self, x: Any) -> Any:
        """The model's outputs for samples as the data source has them: an array (samples, ...).

        `x` is an array of any number of samples, or a dict of arrays by input name; the
        transforms of the spec are applied with what they learnt from the training part. With
        several outputs the result is a dict of arrays by name.
        """
        inputs = self.loaded.prepare(x)
        model = self.loaded.model
        results = predictions(model.executable, inputs, model.spec.data.batch_size)
        return next(iter(results.values())) if len(results) == 1 else results

    def evaluate(self, data: Data, part: str = "test") -> Figures:
        """The loss and the metrics of a part of the data.

        Raises `RunError` (E701) if the data has no such part.
        """
        if part not in data.parts or not data.parts[part].rows:
            have = ", ".join(name for name, of in data.parts.items() if of.rows)
            raise RunError(f"the data has no part `{part}`: it has {have}", code="E701")
        model = self.loaded.model
        evaluator = Evaluator(model.executable, model.spec, model.graph, model.spec.data.batch_size)
        figures = evaluator(resident(data.parts[part]))
        assert figures is not None
        return figures

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"


def numbers(figures: Mapping[str, float | None]) -> Figures:
    """Figures as read from JSON, with NaN for what was not finite."""
    return {name: math.nan if value is None else value for name, value in figures.items()}


def load(
    path: str | os.PathLike[str],
    build: Callable[[RunFolder, Mapping[str, Any]], Loaded],
    checkpoint: str = "latest",
) -> Run:
    """The run in a folder, its model compiled by `build` from the folder and its resolved spec.

    `checkpoint` is `latest`, `best`, or the name of a folder in `checkpoints`. Raises `RunError`
    if there is no run (E701), if the checkpoint is not there or damaged (E705), or if it is
    another model's (E706).
    """
    folder = opened(path)
    found = stored(folder, checkpoint)
    loaded = build(folder, folder.read("resolved.json"))
    restore(found, loaded.model.executable, optimizer=False)
    return Run(folder.path, loaded)


def stored(folder: RunFolder, checkpoint: str) -> Checkpoint:
    """A checkpoint of a run by its name, verified."""
    checkpoints = folder.checkpoints
    steps = checkpoints.steps()
    by_name = {checkpoints.folder(step).name: step for step in steps}
    step = by_name.get(checkpoint)
    if checkpoint in ("latest", "best"):
        step = checkpoints.pointed(checkpoint)
        if step is None and checkpoint == "latest" and steps:
            step = steps[-1]
    if step is None:
        have = f"there are {', '.join(by_name)}" if by_name else "there is none yet"
        raise RunError(f"`{folder.path}` has no checkpoint `{checkpoint}`: {have}", code="E705")
    found = checkpoints.read(step)
    if isinstance(found, Checkpoint):
        return found
    others = [name for name in by_name if by_name[name] != step]
    help = f"another checkpoint may be good: {', '.join(others)}" if others else None
    raise found.error(help or "train again: it is the only checkpoint of the run")
