"""How long a run is, and how its samples fall into batches."""

from __future__ import annotations

from collections.abc import Iterator

from specdl.core.advice import Site, likely
from specdl.core.diagnostics import Add, Finding, Remove, Replace
from specdl.core.wording import counted, number
from specdl.lint.subject import Subject
from specdl.spec.model import CheckpointEvery

FEW = 5
"""Steps in which nothing can be learnt."""
BATCH = Site(path=("data", "batch_size"))
TRAIN = Site(path=("train",))


def batch_of_all(subject: Subject) -> Iterator[Finding]:
    """W330: a batch is larger than the training part."""
    size, rows = subject.spec.data.batch_size, subject.rows.get("train")
    if rows is not None and size > rows:
        there = counted(rows, "sample")
        message = f"no batch is ever full: the training part has {there}, and `batch_size` is {number(size)}"
        fix = likely(f"write {rows}", Replace(BATCH.path, rows))
        yield BATCH.finding("W330", message, help=f'"batch_size": {rows}', fix=fix)


def batch_of_one(subject: Subject) -> Iterator[Finding]:
    """W331: the last batch of an epoch is one sample, whose gradient counts as much as a whole batch's."""
    size, rows = subject.spec.data.batch_size, subject.rows.get("train", 0)
    means = all(loss.op.reduction == "mean" for loss in subject.graph.losses)
    if 1 < size < rows and subject.run.batches[-1:] == (1,) and means:
        message = (
            f"the last batch of each epoch is 1 sample: {number(rows)} = {number(rows // size)} * "
            f"{number(size)} + 1, and its gradient counts as much as that of {number(size)}"
        )
        fix = likely("leave the last batch out", Add(("data",), "drop_last", True))
        if "drop_last" in subject.spec.data.model_fields_set:
            fix = likely("leave the last batch out", Replace(("data", "drop_last"), True))
        yield BATCH.finding("W331", message, help='"drop_last": true', fix=fix)


def few_steps(subject: Subject) -> Iterator[Finding]:
    """W332: so many epochs are hardly any steps."""
    train, run = subject.spec.train, subject.run
    if train.epochs is None or run.steps is None or run.steps >= FEW:
        return
    each = f", each of {counted(run.steps_per_epoch or 0, 'step')}" if train.epochs > 1 else ""
    message = (
        f"the run is over after {counted(run.steps, 'step')}: it has {counted(train.epochs, 'epoch')}{each}"
    )
    yield TRAIN.finding("W332", message, "epochs", help="more `epochs`, or a smaller `batch_size`")


def evaluates_late(subject: Subject) -> Iterator[Finding]:
    """W333: the first evaluation is due after the end."""
    train, epochs = subject.spec.train, subject.run.epochs
    every = train.evaluate_every
    # a run of less than an epoch is evaluated at its end, and nobody chose the default
    if every > 1 and epochs is not None and every > epochs:
        message = (
            f"the first evaluation is due after epoch {number(every)}: the run ends after {number(epochs)}"
        )
        help = '"evaluate_every": 0 is only at the end'
        yield TRAIN.finding("W333", message, "evaluate_every", help=help)


def saves_late(subject: Subject) -> Iterator[Finding]:
    """W334: the first checkpoint is due after the end."""
    every, run = subject.spec.train.checkpoint_every, subject.run
    counts = "steps" if isinstance(every, CheckpointEvery) else "epochs"
    due = every.steps if isinstance(every, CheckpointEvery) else every
    length = run.length("steps" if counts == "steps" else "epochs")
    if due is None or length is None or due <= length:
        return
    message = (
        f"the first checkpoint is due after {counts[:-1]} {number(due)}: the run ends after {number(length)}"
    )
    help = "leave `checkpoint_every` out: the end always has one"
    fix = likely("take `checkpoint_every` away", Remove((*TRAIN.path, "checkpoint_every")))
    yield TRAIN.finding("W334", message, "checkpoint_every", help=help, fix=fix)
