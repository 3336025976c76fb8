"""The facts of a run from its folder, its model and its data."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from specdl.data.base import PARTS, Array, Data, Part, sample_shape
from specdl.graph.graph import Graph
from specdl.graph.need import need
from specdl.ops.base import Op
from specdl.ops.metrics._predictions import Predictions
from specdl.runner.evaluate import predictions, scored
from specdl.runner.folder import DIVERGED, RunFolder
from specdl.runner.records import read_lines
from specdl.runner.report.facts import Classes, Regions, RunFacts, Values
from specdl.runner.stored import TimingLine
from specdl.spec.model import ModelSpec

if TYPE_CHECKING:
    from specdl.runner.run import Run

CELLS = 160
"""The decision regions are asked for at so many points along each axis."""
SAMPLES = 100_000
"""Predictions of at most so many samples are gathered."""


def gather(
    run: Run, data: Data | None = None, checkpoint: str = "latest", part: str | None = None
) -> RunFacts:
    """What the report of a run shows.

    `data` is that of the run's spec, and `checkpoint` the name of the one that `run` was loaded
    from: figures and predictions are of its weights. Predictions are of `part`, by default of the
    test part, or of validation or training where there is none. Without data there are none, and
    the figures are the last that the run wrote down.
    """
    spec, graph, folder = run.model.spec, run.model.graph, run.folder
    chosen = part or last_part(data)
    found: tuple[Classes | Values, ...] = ()
    regions: tuple[Regions, ...] = ()
    if data is not None and chosen is not None:
        found = predicted(run, data, chosen)
        regions = decisions(run, data.parts[chosen], found)
    file, text = given(folder)
    return RunFacts(
        name=spec.name,
        graph=graph,
        bytes=run.model.plan.bytes,
        rows=run.model.plan.rows,
        spec_text=text,
        spec_file=file,
        description=spec.description,
        notice=notice(run),
        folder=str(folder.path),
        history=run.history,
        final=run.metrics if data is None else measured(run, data),
        final_of="the last evaluation" if data is None else weights(run, checkpoint),
        better={"loss": False} | {each.name: each.metric.higher_is_better for each in scored(spec, graph)},
        predictions=found,
        regions=regions,
        settings=settings(spec, data),
        environment=folder.read("environment.json") or {},
        seconds=seconds(folder),
    )


def measured(run: Run, data: Data) -> dict[str, Mapping[str, float]]:
    """The figures of every part with the weights that the run was loaded with."""
    return {name: run.evaluate(data, name) for name in PARTS if name in data.parts and data.parts[name].rows}


def weights(run: Run, checkpoint: str) -> str:
    """Which weights those of a checkpoint are, in a few words."""
    words = {"best": "the best weights", "latest": "the last weights"}
    if checkpoint not in words:
        return checkpoint
    step = run.folder.checkpoints.pointed(checkpoint)
    return words[checkpoint] if step is None else f"{words[checkpoint]}, of step {step:,}"


def last_part(data: Data | None) -> str | None:
    """The part that the least was decided by: the test part if there is one."""
    parts = data.parts if data is not None else {}
    return next((name for name in reversed(PARTS) if name in parts and parts[name].rows), None)


def given(folder: RunFolder) -> tuple[str, str]:
    """The name and the text of the spec as it was given."""
    found = sorted(folder.path.glob("spec.*")) or [folder.path / "resolved.json"]
    return found[0].name, found[0].read_text(encoding="utf-8", errors="replace")


def notice(run: Run) -> str:
    """What a reader must know first: that the run did not go to its end."""
    diverged = run.folder.read(DIVERGED)
    if diverged:
        return f"Training diverged in epoch {diverged.get('epoch')}: {diverged.get('message')}."
    return "" if run.finished else "The run has not gone to its end."


def settings(spec: ModelSpec, data: Data | None) -> dict[str, str]:
    """How a run was trained, in the spec's words."""
    losses = [spec.loss] if spec.loss is not None else [each.op for each in spec.losses or ()]
    length = f"{spec.train.epochs} epochs" if spec.train.epochs is not None else f"{spec.train.steps} steps"
    parts = data.parts if data is not None else {}
    rows = [f"{parts[name].rows:,} {name}" for name in PARTS if name in parts and parts[name].rows]
    found = {
        "loss": ", ".join(map(briefly, losses)),
        "optimizer": briefly(spec.optimizer),
        "schedule": briefly(spec.schedule) if spec.schedule is not None else "",
        "length": length,
        "batch size": str(spec.data.batch_size),
        "samples": ", ".join(rows),
        "seed": str(spec.seed),
    }
    return {name: text for name, text in found.items() if text}


def briefly(op: Op) -> str:
    """An op as its tag with the options that are not their defaults."""
    told = []
    for name, field in type(op).model_fields.items():
        value = getattr(op, name)
        if name != "type" and (field.is_required() or value != field.get_default(call_default_factory=True)):
            told.append(f"{name} {briefly(value) if isinstance(value, Op) else plainly(value)}")
    return f"{op.type}: {', '.join(told)}" if told else op.type


def plainly(value: object) -> str:
    """An option's value as a spec writes it, but for brackets."""
    if isinstance(value, tuple):
        return " ".join(map(plainly, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def seconds(folder: RunFolder) -> float | None:
    """How long the run trained and evaluated, over all times it was resumed."""
    lines = read_lines(folder.timing, TimingLine)
    times = [line.get(key) for line in lines for key in ("train_s", "evaluate_s")]
    known = [time for time in times if isinstance(time, int | float) and isfinite(time)]
    return sum(known) if known else None


def predicted(run: Run, data: Data, part: str) -> tuple[Classes | Values, ...]:
    """The model's results for a part against each target."""
    graph: Graph = run.model.graph
    names = {value: name for name, value in graph.outputs.items()}
    pairs = dict.fromkeys((names[loss.output], loss.target) for loss in graph.losses if loss.output in names)
    samples = data.parts[part]
    if not pairs or not samples.rows:
        return ()
    results = ask(run, {name: array[:SAMPLES] for name, array in samples.inputs.items()})
    return tuple(
        compared(run, output, target, part, results[output], samples.targets[target][:SAMPLES], data.labels)
        for output, target in pairs
    )


def ask(run: Run, inputs: Mapping[str, Array]) -> dict[str, Array]:
    """Every output for samples as the model takes them."""
    return predictions(run.model.executable, inputs, run.model.plan.rows)


def compared(
    run: Run, output: str, target: str, part: str, result: Array, truth: Array, labels: Mapping[str, Any]
) -> Classes | Values:
    """One output against its target: as classes where the target or a metric says so, else as values."""
    spec, graph = run.model.spec, run.model.graph
    metrics = (each.metric for each in scored(spec, graph) if (each.output, each.target) == (output, target))
    counted = next((metric for metric in metrics if isinstance(metric, Predictions)), None)
    threshold = counted.threshold if counted is not None else 0.5
    if need(graph, spec).encode.get(target) == "value" and counted is None:
        columns = result.reshape(len(result), -1).shape[1]
        return Values(output, part, truth.reshape(-1, columns), result.reshape(-1, columns))
    single = result.ndim == 1 or result.shape[-1] == 1
    size = 2 if single else result.shape[-1]
    named = labels.get(target, ())
    words = tuple(named) if len(named) == size else tuple(map(str, range(size)))
    true = truth if truth.dtype.kind == "i" else classes(truth.reshape(result.shape), 0.0)
    return Classes(output, part, true.reshape(-1), classes(result, threshold).reshape(-1), words)


def classes(scores: Array, threshold: float) -> Array:
    """The classes that scores mean, as `accuracy` reads them; of a single score, 1 is above `threshold`."""
    if scores.ndim == 1:
        return (scores > threshold).astype(np.int64)
    if scores.shape[-1] == 1:
        return (scores[..., 0] > threshold).astype(np.int64)
    largest: Array = scores.argmax(-1)
    return largest


def decisions(run: Run, samples: Part, found: tuple[Classes | Values, ...]) -> tuple[Regions, ...]:
    """The regions of each output that gives one class to a sample, if a sample is two numbers."""
    graph: Graph = run.model.graph
    if len(graph.inputs) != 1:
        return ()
    ((name, type),) = graph.inputs.items()
    points = samples.inputs[name][:SAMPLES]
    asked = [each for each in found if isinstance(each, Classes) and len(each.truth) == len(points)]
    if sample_shape(type) != (2,) or not type.is_float or not asked:
        return ()
    (left, right), (bottom, top) = around(points[:, 0]), around(points[:, 1])
    x, y = centres(left, right), centres(bottom, top)
    grid = np.stack((np.tile(x, CELLS), np.repeat(y, CELLS)), axis=1).astype(points.dtype)
    results = ask(run, {name: grid})
    return tuple(
        Regions(
            each.output,
            each.part,
            axis_names(run.model.spec, name),
            (left, right, bottom, top),
            classes(results[each.output], threshold_of(run, each.output)).reshape(CELLS, CELLS),
            points,
            each.truth,
            each.predicted,
            each.labels,
        )
        for each in asked
    )


def around(values: Array) -> tuple[float, float]:
    """Bounds a little wider than the values."""
    low, high = float(values.min()), float(values.max())
    room = 0.03 * (high - low) or 0.5
    return low - room, high + room


def threshold_of(run: Run, output: str) -> float:
    """Above what a single score means class 1."""
    for each in scored(run.model.spec, run.model.graph):
        if each.output == output and isinstance(each.metric, Predictions):
            return each.metric.threshold
    return 0.5


def centres(low: float, high: float) -> Array:
    """The middles of the cells between two bounds."""
    return low + (np.arange(CELLS) + 0.5) * (high - low) / CELLS


def axis_names(spec: ModelSpec, name: str) -> tuple[str, str]:
    """What the two numbers of a sample are called, and what was done to them."""
    columns = getattr(spec.data.source, "features", None)
    columns = columns.get(name) if isinstance(columns, Mapping) else columns
    known = (
        isinstance(columns, tuple) and len(columns) == 2 and all(isinstance(each, str) for each in columns)
    )
    first, second = columns if known and isinstance(columns, tuple) else ("x1", "x2")
    done = "".join(f", {each.type}" for each in spec.data.transforms)
    return f"{first}{done}", f"{second}{done}"
