"""Figures of a part of the data, and predictions, batch by batch in a fixed order."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from specdl.backends.base import Executable
from specdl.backends.torch.bind import DTYPES
from specdl.core.errors import ShapeError
from specdl.core.types import bind
from specdl.graph.graph import Graph
from specdl.ops.base import Metric
from specdl.runner.pace import GROUP, group_after
from specdl.spec.model import ModelSpec

if TYPE_CHECKING:
    from specdl.data.base import Array, Part

Figures = dict[str, float]
CHUNK_BYTES = 1 << 20
"""Outputs are gathered up to so many bytes before metrics look at them: few calls, little memory."""
LOSS = "loss"


@dataclass(frozen=True)
class Resident:
    """A part of the data as torch tensors by name, sharing memory with the arrays it was made of."""

    tensors: Mapping[str, torch.Tensor]
    rows: int


def resident(part: Part) -> Resident:
    """The arrays of a part as tensors, without a copy."""
    return Resident({n: tensor(array) for n, array in {**part.inputs, **part.targets}.items()}, part.rows)


def tensor(array: Array) -> torch.Tensor:
    """An array as a tensor over the same memory. It is only ever read, so it may be read-only."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*not writable.*")
        return torch.from_numpy(array)


@dataclass(frozen=True)
class Scored:
    """A metric of one output and its target, under the name it has among the figures."""

    name: str
    metric: Metric
    output: str
    target: str


def scored(spec: ModelSpec, graph: Graph) -> tuple[Scored, ...]:
    """What the spec's metrics are computed from: each loss's output and target that a metric takes.

    With several outputs a figure's name has the output behind it (`accuracy.head`); a second
    metric of one type has its number (`accuracy_2`). The loss is a figure of every run.
    """
    names = {value: name for name, value in graph.outputs.items()}
    pairs = dict.fromkeys((names[loss.output], loss.target) for loss in graph.losses if loss.output in names)
    found: list[Scored] = []
    for metric in spec.metrics:
        for output, target in pairs if metric.type != LOSS else ():
            if applies(metric, graph, output, target):
                name = metric.type if len(pairs) == 1 else f"{metric.type}.{output}"
                found.append(Scored(unused(name, found), metric, output, target))
    return tuple(found)


def applies(metric: Metric, graph: Graph, output: str, target: str) -> bool:
    """Whether a metric can be computed from an output and a target."""
    try:
        metric.signature(graph.values[graph.outputs[output]], graph.targets[target])
    except ShapeError:
        return False
    return True


def unused(name: str, found: list[Scored]) -> str:
    """A name that no figure has yet."""
    taken, number, free = {each.name for each in found}, 1, name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free


class Evaluator:
    """Computes the loss and the metrics of a part with the inference program.

    The loss is that of the whole part: batches are weighted by their rows, or added up where
    every loss is a sum. (Where a spec mixes both, batches are weighted by rows.)
    """

    def __init__(self, executable: Executable, spec: ModelSpec, graph: Graph, rows: int) -> None:
        self.executable, self.rows = executable, rows
        self.scored = scored(spec, graph)
        self.types = {each.output: graph.values[graph.outputs[each.output]] for each in self.scored}
        self.sums = all(loss.op.reduction == "sum" for loss in graph.losses)
        self.buffers: dict[str, torch.Tensor] = {}
        """The outputs of a chunk of rows, by name."""
        self.group = 1
        """How many batches take about `GROUP` seconds."""

    def __call__(self, part: Resident, stopping: Callable[[], bool] = lambda: False) -> Figures | None:
        """The figures of a part, `loss` first; None if it was asked to stop on the way."""
        total = 0.0
        sums: dict[str, tuple[float, ...]] = {}
        length = self.chunk_rows(part.rows)
        for start in range(0, part.rows, length):
            rows = range(start, min(start + length, part.rows))
            loss = self.chunk(part, rows, stopping)
            if loss is None:
                return None
            total += loss
            for each in self.scored:
                output = self.buffers[each.output][: len(rows)]
                target = part.tensors[each.target][rows.start : rows.stop]
                add(sums, each.name, each.metric.sums(output, target))
        if stopping():
            return None
        figures = {LOSS: total if self.sums else total / part.rows}
        for each in self.scored:
            figures[each.name] = each.metric.result(sums[each.name], part.rows)
        return figures

    def chunk_rows(self, rows: int) -> int:
        """How many of a part's rows are evaluated between two looks of the metrics; makes the buffers.

        They are whole batches, within `CHUNK_BYTES` if one batch is.
        """
        bytes_per_row = sum(type.nbytes(1) for type in self.types.values())
        batches = max(CHUNK_BYTES // max(bytes_per_row * self.rows, 1), 1)
        length = min(batches, -(-rows // self.rows)) * self.rows
        for name, type in self.types.items():
            if name not in self.buffers or len(self.buffers[name]) < length:
                shape = (length, *(bind(dim, 1) for dim in type.shape[1:]))
                self.buffers[name] = torch.empty(shape, dtype=DTYPES[type.dtype])
        return length

    def chunk(self, part: Resident, rows: range, stopping: Callable[[], bool]) -> float | None:
        """Fill the buffers with the outputs of some rows; their share of the loss, None if asked to stop."""
        total, done = 0.0, 0
        while done < len(rows):
            if stopping():
                return None
            some = rows[done : done + self.group * self.rows]
            outputs = {name: buffer[done : done + len(some)] for name, buffer in self.buffers.items()}
            begun = time.perf_counter()
            losses = self.executable.evaluate_rows(part.tensors, some, self.rows, outputs)
            self.group = group_after(len(losses), time.perf_counter() - begun, GROUP)
            for number, loss in enumerate(map(float, losses)):
                total += loss if self.sums else loss * min(self.rows, len(some) - number * self.rows)
            done += len(some)
        return total


def add(sums: dict[str, tuple[float, ...]], name: str, more: tuple[float, ...]) -> None:
    """Add a batch's numbers to those before."""
    before = sums.get(name)
    sums[name] = more if before is None else tuple(a + b for a, b in zip(before, more, strict=True))


def predictions(executable: Executable, inputs: Mapping[str, Array], rows: int) -> dict[str, Array]:
    """Every output, by name, for any number of samples: arrays (samples, ...) of their own.

    `inputs` are arrays (samples, ...) as the model takes them; `rows` is the largest batch.
    Needs at least one sample.
    """
    tensors = {name: tensor(array) for name, array in inputs.items()}
    samples = len(next(iter(tensors.values())))
    results: dict[str, Any] = {}
    for begin in range(0, samples, rows):
        end = min(begin + rows, samples)
        executable.put({name: each[begin:end] for name, each in tensors.items()})
        for name, value in executable.infer().items():
            if name not in results:
                results[name] = np.empty((samples, *value.shape[1:]), dtype=value.numpy().dtype)
            torch.from_numpy(results[name])[begin:end].copy_(value)
    return results
