"""The validated, immutable form of a spec: one class for each section."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from specdl.core.entry import Entry, Slot
from specdl.core.names import is_word
from specdl.data.base import DataSpec
from specdl.ops.base import Initializer, LayerEntry, Loss, Metric, Name, Optimizer, Schedule

Dim = Annotated[int, Field(ge=1)]


def word(text: str) -> str:
    """The text, if it is a name."""
    if not is_word(text, dots=True):
        raise PydanticCustomError("no_word", "it is no word")
    return text


Word = Annotated[str, AfterValidator(word)]


class InputSpec(Entry):
    """What one sample of an input looks like, without the batch axis."""

    shape: Annotated[
        tuple[Dim, ...],
        Field(description="Of one sample; empty for a single number.", examples=[(2,), (1, 28, 28)]),
    ]
    dtype: Annotated[
        Literal["float32", "float64", "int64"] | None,
        Field(description="Default: the model's.", examples=["int64"]),
    ] = None
    classes: Annotated[
        int | None, Field(ge=1, description="How many indices an int64 input ranges over.", examples=[65])
    ] = None


class ModelSection(Entry):
    """Inputs, layers and the results of a model."""

    input: Annotated[
        InputSpec | None,
        Field(description="The single input, called `input`.", examples=[{"shape": (2,)}]),
    ] = None
    inputs: Annotated[
        Mapping[Name, InputSpec] | None,
        Field(
            description="Several inputs by name, instead of `input`.",
            examples=[{"image": {"shape": (1, 28, 28)}, "age": {"shape": (1,)}}],
        ),
    ] = None
    init: Annotated[
        Mapping[str, Initializer],
        Slot("inits", short=True),
        Field(
            description="How parameters start, by parameter name; a layer's own `init` goes before.",
            examples=[{"weight": "xavier_normal", "bias": "zeros"}],
        ),
    ] = {}
    defaults: Annotated[
        Mapping[str, Any],
        Field(
            description="Options of layers by their type, where a layer does not say otherwise.",
            examples=[{"linear": {"bias": False}}],
        ),
    ] = {}
    layers: Annotated[
        tuple[LayerEntry, ...],
        Field(
            min_length=1,
            description="In the order in which they are made; each reads the one before, or its `inputs`.",
            examples=[({"type": "linear", "out_features": 25, "activation": "tanh", "name": "fc1"},)],
        ),
    ]
    output: Annotated[
        str | tuple[str, ...] | None,
        Field(
            description="Names of the results; default the last layer.", examples=["head", ("head", "value")]
        ),
    ] = None
    dtype: Annotated[
        Literal["float32", "float64"],
        Field(description="What parameters and values are kept in.", examples=["float64"]),
    ] = "float32"


class LossEntry(Entry):
    """One of several losses: the loss's options and these keys share one mapping."""

    op: Annotated[Loss, Slot("losses")]
    output: Annotated[
        str | None,
        Field(description="The layer it looks at; default the model's output.", examples=["head"]),
    ] = None
    target: Annotated[
        str, Field(description="The name of what it is compared with, in the data.", examples=["label"])
    ] = "target"
    weight: Annotated[float, Field(gt=0, description="Its factor in the sum of all.", examples=[0.5])] = 1.0


class CheckpointEvery(Entry):
    """A checkpoint every so many steps."""

    steps: Annotated[int, Field(ge=1, description="Steps from one to the next.", examples=[500])]


class TrainSpec(Entry):
    """How long to train, and when to look and to save."""

    epochs: Annotated[
        int | None, Field(ge=1, description="Passes over the training data; or `steps`.", examples=[100])
    ] = None
    steps: Annotated[
        int | None, Field(ge=1, description="Batches to train on; or `epochs`.", examples=[10000])
    ] = None
    evaluate_every: Annotated[
        int, Field(ge=0, description="Epochs; 0 is only at the end.", examples=[5, 0])
    ] = 1
    checkpoint_every: Annotated[
        Annotated[int, Field(ge=1)] | CheckpointEvery | None,
        Field(
            description="Epochs, or `{steps: 500}`; the end always has one.", examples=[10, {"steps": 500}]
        ),
    ] = None
    keep: Annotated[
        int, Field(ge=1, description="How many checkpoints stay beside the best.", examples=[5])
    ] = 2


class LintSpec(Entry):
    """What is known about this spec and need not be told again."""

    ignore: Annotated[
        tuple[str, ...] | Mapping[str, str],
        Field(
            description="Codes of warnings that are not told, or a mapping of codes to the reason.",
            examples=[("W310",), {"W310": "the rate was tried"}],
        ),
    ] = ()

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes, in order."""
        return tuple(self.ignore)


class ModelSpec(Entry):
    """A whole spec: data, model, what is minimised, and how.

    Validated and immutable, it is what every later stage starts from.
    """

    schema_: Annotated[
        str | None,
        Field(
            alias="$schema",
            description="Where an editor finds the JSON Schema of specs; nothing else reads it.",
            examples=["../schemas/specdl.schema.json"],
        ),
    ] = None
    extends: Annotated[
        str | None,
        Field(
            description="A spec from which the keys at the top are taken that this one lacks.",
            examples=["base.yaml"],
        ),
    ] = None
    specdl: Annotated[Literal[1], Field(description="The version of the format.", examples=[1])]
    name: Annotated[
        Word,
        Field(
            description="A word of letters, digits, `_`, `-` and `.`, in any script.", examples=["disc-tanh"]
        ),
    ]
    description: Annotated[
        str, Field(description="For people; nothing reads it.", examples=["a net of three layers"])
    ] = ""
    seed: Annotated[
        int,
        Field(
            ge=0,
            le=2**63 - 1,
            description="All randomness of a run follows from it: equal seeds, equal weights.",
            examples=[0, 7],
        ),
    ] = 0
    vars: Annotated[
        Mapping[str, Any],
        Field(
            description="Numbers, texts and booleans by name, for `${...}`.",
            examples=[{"width": 64, "half": "${width // 2}"}],
        ),
    ] = {}
    blocks: Annotated[
        Mapping[str, Any],
        Field(
            description="Templates of layers by name, for layers of type `block`.",
            examples=[{"dense": {"layers": ({"type": "linear", "out_features": 64, "name": "fc"},)}}],
        ),
    ] = {}
    data: Annotated[
        DataSpec,
        Field(
            description="Where samples come from, and how they are dealt out.",
            examples=[{"source": {"type": "disc", "train": 1000}, "batch_size": 50}],
        ),
    ]
    model: Annotated[
        ModelSection,
        Field(
            description="Inputs, layers and outputs.",
            examples=[{"input": {"shape": (2,)}, "layers": ({"type": "linear", "out_features": 2},)}],
        ),
    ]
    loss: Annotated[
        Loss | None,
        Slot("losses"),
        Field(description="What is minimised, for one output.", examples=[{"type": "cross_entropy"}]),
    ] = None
    losses: Annotated[
        tuple[LossEntry, ...] | None,
        Field(
            description="What is minimised where there are several outputs: the weighted sum.",
            examples=[({"type": "mse", "output": "head", "target": "y", "weight": 0.5},)],
        ),
    ] = None
    optimizer: Annotated[
        Optimizer,
        Slot("optimizers"),
        Field(description="How parameters move.", examples=[{"type": "sgd", "lr": 0.1, "momentum": 0.9}]),
    ]
    schedule: Annotated[
        Schedule | None,
        Slot("schedules"),
        Field(
            description="The learning rate's factor over the run; default 1 throughout.",
            examples=[{"type": "cosine", "unit": "epochs"}],
        ),
    ] = None
    train: Annotated[
        TrainSpec,
        Field(description="How long to train, when to look and to save.", examples=[{"epochs": 100}]),
    ]
    metrics: Annotated[
        tuple[Annotated[Metric, Slot("metrics", short=True)], ...],
        Field(description="Figures over each part of the data, beside the loss.", examples=[("accuracy",)]),
    ] = ()
    lint: Annotated[
        LintSpec, Field(description="Which warnings are silenced.", examples=[{"ignore": ("W310",)}])
    ] = LintSpec()
