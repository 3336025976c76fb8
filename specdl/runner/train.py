"""Training into a run folder: begun, resumed, or found finished."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specdl.backends.torch.threads import threads
from specdl.core.errors import DivergedError
from specdl.plan.disk import checkpoints_at_once
from specdl.runner.checkpoint import Checkpoint, tensors_bytes
from specdl.runner.denormals import flushed
from specdl.runner.errors import RunError, file_errors
from specdl.runner.evaluate import resident
from specdl.runner.folder import DIVERGED, RESULT, RunFolder, environment, last_path, new_path
from specdl.runner.loop import Ground, Loop, Trainable
from specdl.runner.pace import pace
from specdl.runner.progress import Progress, Silent, summary
from specdl.runner.records import MetricsFile, TimingFile
from specdl.runner.resume import (
    Found,
    changes,
    describe_data,
    newest_good,
    require_good,
    require_same_data,
    require_same_spec,
    restore,
)
from specdl.runner.run import Loaded, Prepare, Run
from specdl.runner.signals import Interrupted, Stop, Terminated
from specdl.runner.state import State

if TYPE_CHECKING:
    from specdl.data.base import Data

RUNS = Path("runs")
"""Where runs go that are given no folder."""


@dataclass(frozen=True)
class Job:
    """A run to be done: the compiled model, its data, and what is written down about them.

    `spec` is the spec as given, with its file's `suffix`; `resolved` is it written out with all
    defaults, and decides whether a run that is resumed is the same. `prepare` makes what a user
    predicts from into arrays as the model takes them. `environment` is added to environment.json.
    `threads` is how many threads are used while the job runs (None: as many as are set).
    """

    model: Trainable
    data: Data
    spec: bytes
    suffix: str
    resolved: Mapping[str, Any]
    prepare: Prepare
    environment: Mapping[str, Any] = field(default_factory=dict)
    threads: int | None = None


def train(
    job: Job,
    out: str | os.PathLike[str] | None = None,
    *,
    resume: bool = False,
    progress: Progress | None = None,
    at_once: Callable[[int], Any] | None = None,
) -> Run:
    """Train a job into a run folder; the run.

    `out` is the folder; without one it is `runs/<name>`, or `runs/<name>-2` and so on if that is
    taken. With `resume` the run in the folder (without `out`: in the last of these) goes on from
    its newest good checkpoint, begins if there is none, and is left as it is if it is finished.

    Raises `RunError` (exit code 2) where the folder cannot be used, `ResourceError` (4) for lack
    of disk, `DivergedError` (3), and `Interrupted` or `Terminated` after a signal; whatever is
    raised, the newest checkpoint is whole. A second signal calls `at_once` with its number.
    """
    watched = Silent() if progress is None else progress
    name = job.model.spec.name
    path = Path(out) if out is not None else last_path(name, RUNS) if resume else new_path(name, RUNS)
    folder = RunFolder(path)
    require_free(folder, resume)
    with file_errors(path, "written"):
        path.mkdir(parents=True, exist_ok=True)
    with folder.locked(), threads(job.threads), Stop(at_once) as stop:
        found = begin(job, folder, watched)
        if found.checkpoint is not None and finished(job, folder, found.checkpoint):
            restore(found.checkpoint, job.model.executable)
            watched.message("this run is finished already; nothing was done")
        else:
            try:
                train_from(job, folder, found, watched, stop)
            finally:
                watched.close()
    run = Run(path, Loaded(job.model, job.prepare))
    for line in summary(run.metrics.get("test"), path):
        watched.message(line)
    return run


def require_free(folder: RunFolder, resume: bool) -> None:
    """Raise `RunError` (E702) if a folder holds what is not to be trained on."""
    if folder.path.exists() and not folder.path.is_dir():
        raise RunError(f"`{folder.path}` is a file, not a folder", code="E702")
    if folder.exists():
        if not resume:
            help = "--resume goes on with it; --out names another folder"
            raise RunError(f"there is a run in `{folder.path}` already", code="E702", help=help)
    elif not folder.empty() and not (resume and folder.startable()):
        help = "name a new or empty folder with --out"
        raise RunError(f"`{folder.path}` holds files, but no run", code="E702", help=help)


def begin(job: Job, folder: RunFolder, progress: Progress) -> Found:
    """Make a new run's folder, or see what to go on from in one that is there."""
    described, machine = describe_data(job.data), environment(job.environment)
    if not folder.exists():
        require_room(job, folder)
        files = {"environment.json": machine, "data.json": described, "resolved.json": job.resolved}
        folder.create(job.spec, job.suffix, files)
        return Found(None)
    require_same_spec(folder, job.resolved)
    require_same_data(folder, described)
    with file_errors(folder.checkpoints.path, "written"):
        folder.checkpoints.tidy()
    found = newest_good(folder)
    require_good(folder, found)
    for change in changes(folder, machine):
        progress.message(f"note: {change}; results may differ in their last bits")
    for damage in found.damaged.values():
        progress.message(f"note: a checkpoint is damaged and was passed over: `{damage.file}` {damage.what}")
    return found


def require_room(job: Job, folder: RunFolder) -> None:
    """Raise `ResourceError` (E520) unless the checkpoints that a run has at a time fit on its disk."""
    executable, spec = job.model.executable, job.model.spec
    size = sum(map(tensors_bytes, (executable.parameters, executable.optimizer_state)))
    steps = pace(spec.train, spec.data, job.data.parts["train"].rows).steps
    folder.require_room(size, checkpoints_at_once(spec.train.keep, steps))


def finished(job: Job, folder: RunFolder, checkpoint: Checkpoint) -> bool:
    """Whether a run whose newest good checkpoint this is has nothing left to do."""
    rows = job.data.parts["train"].rows
    steps = pace(job.model.spec.train, job.model.spec.data, rows).steps
    return checkpoint.state.step == steps and folder.read(RESULT) is not None


def train_from(job: Job, folder: RunFolder, found: Found, progress: Progress, stop: Stop) -> None:
    """Bring the model and the records to where the run stands, and train to the end."""
    executable, spec = job.model.executable, job.model.spec
    state = State(schedule=spec.schedule.initial_state() if spec.schedule else {})
    if found.checkpoint is not None:
        state = found.checkpoint.state
        restore(found.checkpoint, executable)
        for step in found.damaged:
            folder.checkpoints.remove(step)
        folder.checkpoints.settle(state, spec.train.keep)
        progress.message(f"going on from step {state.step:,}")
    require_room(job, folder)
    for name in (RESULT, DIVERGED):
        folder.drop(name)
    metrics, timing = MetricsFile(folder.metrics, state.metrics), TimingFile(folder.timing)
    try:
        parts = {name: resident(part) for name, part in job.data.parts.items() if part.rows}
        with flushed():
            Loop(job.model, parts, Ground(folder, metrics, timing, progress, stop), state).run()
    except (DivergedError, Interrupted, Terminated):
        for line in summary(None, folder.path, finished=False):
            progress.message(line)
        raise
    finally:
        metrics.close()
        timing.close()
