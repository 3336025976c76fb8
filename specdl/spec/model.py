"""The validated, immutable form of a spec: one class for each section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from specdl.core.entry import Entry, Slot
from specdl.data.base import DataSpec
from specdl.ops.base import Initializer, LayerEntry, Loss, Metric, Name, Optimizer, Schedule

Dim = Annotated[int, Field(ge=1)]
Word = Annotated[str, Field(pattern=r"^[\w.-]{1,128}\Z")]


class InputSpec(Entry):
    """What one sample of an input looks like, without the batch axis."""

    shape: tuple[Dim, ...]
    dtype: Annotated[
        Literal["float32", "float64", "int64"] | None, Field(description="Default: the model's.")
    ] = None
    classes: Annotated[
        int | None, Field(ge=1, description="How many indices an int64 input ranges over.")
    ] = None


class ModelSection(Entry):
    """Inputs, layers and the results of a model."""

    input: InputSpec | None = None
    inputs: Mapping[Name, InputSpec] | None = None
    init: Annotated[Mapping[str, Initializer], Slot("inits", short=True)] = {}
    layers: Annotated[tuple[LayerEntry, ...], Field(min_length=1)]
    output: Annotated[
        str | tuple[str, ...] | None, Field(description="Names of the results; default the last layer.")
    ] = None
    dtype: Literal["float32", "float64"] = "float32"


class LossEntry(Entry):
    """One of several losses: the loss's options and these keys share one mapping."""

    op: Annotated[Loss, Slot("losses")]
    output: str | None = None
    target: str = "target"
    weight: Annotated[float, Field(gt=0)] = 1.0


class CheckpointEvery(Entry):
    """A checkpoint every so many steps."""

    steps: Annotated[int, Field(ge=1)]


class TrainSpec(Entry):
    """How long to train, and when to look and to save."""

    epochs: Annotated[int | None, Field(ge=1)] = None
    steps: Annotated[int | None, Field(ge=1)] = None
    evaluate_every: Annotated[int, Field(ge=0, description="Epochs; 0 is only at the end.")] = 1
    checkpoint_every: Annotated[
        Annotated[int, Field(ge=1)] | CheckpointEvery | None,
        Field(description="Epochs, or `{steps: 500}`; the end always has one."),
    ] = None
    keep: Annotated[int, Field(ge=1, description="How many checkpoints stay beside the best.")] = 2


class ModelSpec(Entry):
    """A whole spec, validated: what every later stage starts from."""

    schema_: Annotated[str | None, Field(alias="$schema")] = None
    specdl: Literal[1]
    name: Word
    description: str = ""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    vars: Mapping[str, Any] = {}
    blocks: Mapping[str, Any] = {}
    data: DataSpec
    model: ModelSection
    loss: Annotated[Loss | None, Slot("losses")] = None
    losses: tuple[LossEntry, ...] | None = None
    optimizer: Annotated[Optimizer, Slot("optimizers")]
    schedule: Annotated[Schedule | None, Slot("schedules")] = None
    train: TrainSpec
    metrics: tuple[Annotated[Metric, Slot("metrics", short=True)], ...] = ()
