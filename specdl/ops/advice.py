"""What the ops of a spec are told when they are asked for advice: one site for each kind of op.

Sites are values: a test makes one by hand. Neighbours are looked up through `Net`, by the lint that
knows the graph; ops know nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import field
from typing import TYPE_CHECKING, Literal, Protocol

from specdl.core.advice import Limits, Run, Site, Unit
from specdl.core.diagnostics import Path
from specdl.core.record import record
from specdl.core.types import DType, TensorType

if TYPE_CHECKING:
    from specdl.ops.base import Initializer, Layer, Loss


AS_THEY_ARE = ("identity", "flatten", "reshape")
"""Layers that change no value."""


class Net(Protocol):
    """What is around a layer: who makes a value, who reads it, between what it lies."""

    def maker(self, value: str) -> LayerSite | None:
        """The layer that makes a value; None for an input of the model."""

    def readers(self, value: str) -> tuple[LayerSite | LossSite, ...]:
        """The layers and losses that read a value, in order."""

    def limits(self, value: str) -> Limits:
        """Between what every element of a value lies, whatever the data is."""

    def type(self, value: str) -> TensorType:
        """A value's type; axis 0 is the batch."""


@record()
class Start:
    """A parameter: its shape, how it starts, and whether it is trained.

    `said` is where the document chooses how it starts, empty where the op's own default holds.
    """

    name: str
    shape: tuple[int, ...]
    init: Initializer
    trainable: bool = True
    said: Path = ()


@record(kw_only=True)
class LayerSite(Site):
    """A layer in its model: what `Layer.advise` is told.

    `inputs`, `outputs` and `params` go from the arguments of the op's kernels to the names of values
    and to parameters. An activation that a layer has is a layer of its own here.
    """

    name: str
    op: Layer
    net: Net = field(repr=False, compare=False)
    inputs: Mapping[str, str]
    outputs: Mapping[str, str]
    params: Mapping[str, Start]
    run: Run = field(default_factory=Run)

    @property
    def label(self) -> str:
        """The layer as a message names it: an activation goes by its layer's name."""
        return self.name.removesuffix(".activation")

    def maker(self, argument: str) -> LayerSite | None:
        """The layer that makes what an argument reads; None for an input of the model."""
        return self.net.maker(self.inputs[argument])

    def readers(self) -> tuple[LayerSite | LossSite, ...]:
        """The layers and losses that read any of the results."""
        return tuple(each for value in self.outputs.values() for each in self.net.readers(value))

    def limits(self, argument: str) -> Limits:
        """Between what every element of what an argument reads lies."""
        return self.net.limits(self.inputs[argument])

    def type(self, argument: str) -> TensorType:
        """The type of what an argument reads."""
        return self.net.type(self.inputs[argument])


@record(kw_only=True)
class LossSite(Site):
    """A loss with its output and target: what `Loss.advise` is told.

    `encode` is how targets are written as numbers. `reaches` are two numbers, where any are known: some
    target lies at or below the first, and some at or above the second; `target_says` is why, in words:
    "the target is the input, which `normalize` centres at 0".
    """

    op: Loss
    net: Net = field(repr=False, compare=False)
    output: str
    target: str
    encode: Literal["index", "one_hot", "value"]
    reaches: Limits | None = None
    target_says: str = ""
    run: Run = field(default_factory=Run)

    @property
    def type(self) -> TensorType:
        """The type of the output."""
        return self.net.type(self.output)

    @property
    def limits(self) -> Limits:
        """Between what every element of the output lies."""
        return self.net.limits(self.output)

    def maker(self) -> LayerSite | None:
        """The layer that decides what the output is, seen through layers that change no value."""
        return behind(self.net.maker(self.output), AS_THEY_ARE)


def behind(made: LayerSite | None, types: Collection[str]) -> LayerSite | None:
    """The first layer that is of none of some types, from one on towards the input."""
    while made is not None and made.op.type in types:
        made = made.maker("x")
    return made


@record(kw_only=True)
class StartSite(Site):
    """Where a spec says how parameters start: what `Initializer.advise` is told.

    `followers` has the activations that come right after the layers concerned, each with the name of the
    first such layer; a layer that no activation follows is not in it.
    """

    parameter: str
    followers: Mapping[str, str]


@record(kw_only=True)
class OptimizerSite(Site):
    """An optimiser: what `Optimizer.advise` is told.

    `peak` is the largest factor that the schedule puts on the learning rate, `hidden` says whether a
    layer with parameters reads from another one, and `dtype` is that of the parameters.
    """

    run: Run
    peak: float = 1.0
    hidden: bool = True
    dtype: DType = "float32"


@record(kw_only=True)
class ScheduleSite(Site):
    """A schedule: what `Schedule.advise` is told.

    `run` is what is left of the run where the schedule begins; `whole` is all of it. `lr` is the learning
    rate that the schedule's factors multiply.
    """

    run: Run
    whole: Run
    lr: float | None = None

    def length(self, unit: Unit) -> float | None:
        """The time from the schedule's beginning to the end of the run; None where it is not known."""
        return self.run.length(unit)


@record(kw_only=True)
class MetricSite(Site):
    """A metric: what `Metric.advise` is told.

    `losses` are the pairs of an output and a target that it is computed from, and `values` says of
    each target that is surely no class why, in words: "`diabetes` has values as its target".
    """

    losses: tuple[LossSite, ...]
    values: Mapping[str, str]
