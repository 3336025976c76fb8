"""The kinds of entries that compute: formulas, kernels, composites, losses, optimisers.

An op is one frozen pydantic class: what a spec says, what a graph node holds, what an
instruction prints and what supplies the kernels. The names left of `*` in a kernel's
signature are read, the names right of it are written; nothing else says what flows where.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PrivateAttr

from specdl.core.advice import UNLIMITED, Limits, Unit
from specdl.core.diagnostics import Finding, Path
from specdl.core.entry import Entry, Slot
from specdl.core.random import Stream
from specdl.core.record import record
from specdl.core.types import TensorType

if TYPE_CHECKING:
    from specdl.ops.advice import (
        LayerSite,
        LossSite,
        MetricSite,
        OptimizerSite,
        ScheduleSite,
        StartSite,
    )

Name = Annotated[str, Field(min_length=1, max_length=128)]


class Op(Entry):
    """Anything with a `type` tag that a spec can name in the place of an operation."""

    type: str


@dataclass(frozen=True)
class Param:
    """A parameter that an op owns: its shape, fans, and how it starts when the spec is silent.

    `fan_in` and `fan_out` are what initialisers scale by: for a bias, those of its weight.
    """

    shape: tuple[int, ...]
    fan_in: int
    fan_out: int
    init: str = "torch_default"


@dataclass(frozen=True)
class Signature:
    """The types of what an op computes, owns and keeps for its backward."""

    out: Mapping[str, TensorType]
    params: Mapping[str, Param] = field(default_factory=dict)
    saved: Mapping[str, TensorType] = field(default_factory=dict)


class Layer(Op):
    """An op that can stand in `model.layers`.

    A primitive layer has `signature(*inputs: TensorType) -> Signature`, which raises
    `ShapeError` for inputs it cannot take, and kernels named `forward` and `backward`.
    The names of `signature`'s arguments are those of the inputs in `forward`. An op that
    takes any number of inputs declares `*x`: it reads `x0`, `x1`, ... and its backward
    writes `dx` as a tuple of as many.
    """

    label: ClassVar[str] = ""

    def limits(self, *x: Limits) -> Limits:
        """Between what every element of the first result lies, from what is known so of each input."""
        return UNLIMITED

    def advise(self, site: LayerSite) -> Iterable[Finding]:
        """Warnings about how the layer is used, of which its own file knows best."""
        return ()


class Formula(Layer):
    """A layer whose kernels are traced formulas.

    `forward(self, x, ..., weight, ..., *, y, ...)` and `backward(self, dy, x, ..., *, dx, ...)`
    are written in the language of `specdl.core.formula`. Backward may read what forward
    read or wrote, and `d<name>` of what forward wrote; it writes `d<name>` of what it read.
    """

    avoid: ClassVar[Mapping[str, tuple[float | str, ...]]] = {}
    """Points of an input at which the derivative jumps, `{"x": (0.0,)}` for relu, or another input."""


class Kernel(Layer):
    """A layer whose kernels are torch code on given buffers, for what formulas cannot say.

    `forward` and `backward` have a formula's signatures and are called with tensors to read
    and tensors to fill: they overwrite every element of what they write and allocate
    nothing. `reference_forward` and `reference_backward`, with the same reads, return new
    tensors by name and are the kernel's meaning. `scratch(phase, types)` names the types of
    temporaries, given to the kernel as further keyword arguments.
    """

    avoid: ClassVar[Mapping[str, tuple[float | str, ...]]] = {}

    def scratch(self, phase: str, types: Mapping[str, TensorType]) -> Mapping[str, TensorType]:
        """The types of temporaries that a phase needs beside what it reads and writes."""
        return {}


class LayerEntry(Entry):
    """One element of `model.layers`: an op and how it is wired.

    In the document the op's options and these keys share one mapping.
    """

    op: Annotated[Layer, Slot("layers")]
    name: Annotated[
        Name | None, Field(description="A word without dots; default `<type><n>`.", examples=["fc1"])
    ] = None
    inputs: Annotated[
        tuple[str, ...] | None,
        Field(
            description="Names read; default the layer before. `previous` is the layer before.",
            examples=[("fc1", "fc2")],
        ),
    ] = None
    activation: Annotated[
        Layer | None,
        Slot("activations", short=True),
        Field(description="Applied to the result.", examples=["relu"]),
    ] = None
    init: Annotated[
        Mapping[str, Initializer],
        Slot("inits", short=True),
        Field(
            description="How parameters start, by parameter name.",
            examples=[{"weight": {"type": "normal", "std": 0.02}, "bias": "zeros"}],
        ),
    ] = {}
    trainable: Annotated[bool, Field(description="False freezes the parameters.", examples=[False])] = True
    tie: Annotated[
        Mapping[str, str],
        Field(
            description="Parameters read from another layer: `{weight: tok.weight}`.",
            examples=[{"weight": "tok.weight"}],
        ),
    ] = {}

    _path: Path = PrivateAttr(default=())
    """Where the entry stands in its document."""
    _trail: tuple[Path, ...] = PrivateAttr(default=())
    """Where the blocks were used through which the entry came here, innermost first."""


class Composite(Layer):
    """A layer that stands for other layers."""

    closed: ClassVar[bool] = False
    """Whether the layers inside see only one another and `input`, not the names around them."""

    def expand(self) -> tuple[LayerEntry, ...]:
        """The layers meant, in order; the last one's result is the composite's.

        Names are local. `input` is what the composite reads, `previous` the layer before.
        """
        raise NotImplementedError


class Loss(Op):
    """A scalar to minimise, from a model's output and a target.

    `signature(x, target)` checks the types and raises `ShapeError`; `forward(self, x, target,
    *, loss)` and `backward(self, x, target, *, dx)` are formulas. `encode` is the encoding of
    targets the loss takes when a spec is silent.
    """

    encode: ClassVar[Literal["index", "one_hot", "value"]] = "value"
    encodes: ClassVar[tuple[str, ...]] = ("value", "one_hot")
    reduction: ClassVar[Literal["mean", "sum"]] = "mean"
    avoid: ClassVar[Mapping[str, tuple[float | str, ...]]] = {}
    logits: ClassVar[bool] = False
    """Whether an output is raw scores, which the loss itself turns into probabilities."""

    def signature(self, x: TensorType, target: TensorType) -> Signature:
        """The loss's own type, a scalar; raises `ShapeError` where the target does not fit."""
        raise NotImplementedError

    def advise(self, site: LossSite) -> Iterable[Finding]:
        """Warnings about what the loss is given."""
        return ()


class Optimizer(Op):
    """How a parameter moves: `update(self, p, g, <state>, lr, t, *, new_p, new_<state>)`, a formula.

    `t` counts steps from 1. Each name in `state()` is a buffer of the parameter's shape
    that starts at zero and outlives the step. Elementwise only, so that a backend may join
    the updates of many parameters into one.
    """

    lr: Annotated[
        float, Field(gt=0, description="Learning rate, before the schedule's factor.", examples=[0.1])
    ]

    def state(self) -> tuple[str, ...]:
        """The names of the buffers kept for each parameter."""
        return ()

    def advise(self, site: OptimizerSite) -> Iterable[Finding]:
        """Warnings about settings that cannot work, or hardly ever do."""
        return ()


class Initializer(Op):
    """How a parameter starts."""

    def sample(self, param: Param, stream: Stream) -> Any:
        """A float64 numpy array of `param.shape`: a function of the stream's key alone."""
        raise NotImplementedError

    def fixed(self) -> float | None:
        """The one number that every element starts at; None where elements differ."""
        return None

    def advise(self, site: StartSite) -> Iterable[Finding]:
        """Warnings about a start that does not suit what comes after it."""
        return ()


@record()
class Horizon:
    """How far a schedule reaches: from its own beginning to the end of the run, in steps.

    Time in epochs is real-valued, and is one division of whole numbers: step 100 *
    steps_per_epoch is at 100.0 exactly.
    """

    steps: int
    steps_per_epoch: int

    def at(self, step: int, unit: Unit) -> float:
        """The time before the step numbered `step` (from 0), in a unit."""
        return float(step) if unit == "steps" else step / self.steps_per_epoch

    def length(self, unit: Unit) -> float:
        """All of it, in a unit."""
        return self.at(self.steps, unit)

    def first(self, time: float, unit: Unit) -> int:
        """The number of the first step at or after a time; `steps` if the run ends before."""
        if time >= self.length(unit):
            return self.steps
        guess = int(time if unit == "steps" else time * self.steps_per_epoch)
        return next(step for step in range(guess, guess + 2) if self.at(step, unit) >= time)

    def after(self, step: int) -> Horizon:
        """The horizon of a schedule that begins with step `step`: at least one step."""
        return replace(self, steps=max(self.steps - step, 1))


ScheduleState = Mapping[str, float]


class Schedule(Op):
    """A factor on the learning rate over the run, a function of time.

    `factor` is asked for each step, in order; `state` is what it returned for the step before,
    and is stored with checkpoints. Schedules that are functions of the step alone return the
    state as it came. A schedule inside another one counts steps from its own beginning.
    `each` is a run of steps at once, for schedules that can do better than one by one.
    """

    def initial_state(self) -> ScheduleState:
        """The state before the first step."""
        return {}

    def factor(self, step: int, horizon: Horizon, state: ScheduleState) -> tuple[float, ScheduleState]:
        """The factor for the step numbered `step` (from 0), and the state after it."""
        raise NotImplementedError

    def each(
        self, steps: range, horizon: Horizon, state: ScheduleState
    ) -> tuple[Sequence[float], ScheduleState]:
        """What `factor` gives for each of some steps, one after another, and the state after the last."""
        found: list[float] = []
        for step in steps:
            factor, state = self.factor(step, horizon, state)
            found.append(factor)
        return found, state

    def peak(self) -> float:
        """The largest factor that there is."""
        return 1.0

    def advise(self, site: ScheduleSite) -> Iterable[Finding]:
        """Warnings about a schedule that does not fit into its run."""
        return ()


class Metric(Op):
    """A figure over a whole part of the data, summed up batch by batch.

    `sums` is called with the model's output and the target of one batch as torch tensors and
    returns numbers to add up; `result` turns the sums over all batches, and the number of
    samples, into the figure. `higher_is_better` is None where neither is.
    """

    higher_is_better: ClassVar[bool | None] = None

    def signature(self, output: TensorType, target: TensorType) -> None:
        """Raises `ShapeError` where the metric cannot apply."""

    def sums(self, output: Any, target: Any) -> tuple[float, ...]:
        raise NotImplementedError

    def result(self, sums: tuple[float, ...], samples: int) -> float:
        raise NotImplementedError

    def advise(self, site: MetricSite) -> Iterable[Finding]:
        """Warnings about figures that say nothing."""
        return ()


LayerEntry.model_rebuild()

KernelFunction = Callable[..., None]
