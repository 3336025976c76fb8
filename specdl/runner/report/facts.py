"""What a report says, as plain data: it can be drawn without a model, a data set or torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from specdl.graph.graph import Graph
from specdl.plan.plan import Bytes

Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"


@dataclass(frozen=True, eq=False)
class Classes:
    """Predicted class numbers against the true ones, `int64[samples]`, of one output on one part."""

    output: str
    part: str
    truth: Array
    predicted: Array
    labels: tuple[str, ...]
    """The classes' names in the order of their numbers."""


@dataclass(frozen=True, eq=False)
class Values:
    """Predicted numbers against the true ones, `float[samples, columns]`, of one output on one part."""

    output: str
    part: str
    truth: Array
    predicted: Array


@dataclass(frozen=True, eq=False)
class Regions:
    """What a classifier of two numbers says all over the plane, and the samples it was asked.

    `cells` is `int64[rows, columns]`: the class at the centre of each cell of `extent` (left,
    right, bottom, top), the bottom row first. `points` is `float[samples, 2]`; `truth` and
    `predicted` are their class numbers.
    """

    output: str
    part: str
    axes: tuple[str, str]
    extent: tuple[float, float, float, float]
    cells: Array
    points: Array
    truth: Array
    predicted: Array
    labels: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class RunFacts:
    """A run: everything that its page shows.

    `history` has one row for each evaluation, as in `metrics.jsonl`. `final` gives the figures
    of the run's end as part -> metric -> figure; `better` says for a metric whether higher is
    better (None: neither). `rows` is the batch size that `bytes` is for.
    """

    name: str
    graph: Graph
    bytes: Bytes
    rows: int
    spec_text: str
    spec_file: str = "spec.json"
    description: str = ""
    folder: str = ""
    notice: str = ""
    """What a reader must know first: that training diverged, or has not ended."""
    history: Sequence[Mapping[str, Any]] = ()
    final: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    final_of: str = ""
    """What `final` was measured with: `the last weights`."""
    better: Mapping[str, bool | None] = field(default_factory=dict)
    predictions: tuple[Classes | Values, ...] = ()
    regions: tuple[Regions, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    """How it was trained, in the spec's words: `{"optimizer": "sgd(lr=0.1)"}`."""
    environment: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    """How long training took."""
