"""Where samples come from and what is done to them before training, as a spec says it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

from pydantic import Field

from specdl.core.advice import Limits, Run, Site
from specdl.core.diagnostics import Finding
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.entry import Entry, Slot
from specdl.core.record import record
from specdl.core.types import TensorType

if TYPE_CHECKING:
    import numpy as np

PARTS = ("train", "validation", "test")
PART_NAMES = {"train": "the training part", "validation": "the validation part", "test": "the test part"}
Array: TypeAlias = "np.ndarray[Any, np.dtype[Any]]"
Encode = Literal["index", "one_hot", "value"]

DATA: DocumentPath = ("data",)
SOURCE: DocumentPath = ("data", "source")


@record()
class Part:
    """Samples as arrays by name, axis 0 counting samples; every array has `rows` of them."""

    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]

    @property
    def rows(self) -> int:
        return len(next(iter(self.inputs.values())))


@record()
class Data:
    """Samples as training wants them: exact dtypes and shapes, C-contiguous, checked.

    `fitted` is JSON: what was learnt from the training part, stored with the run and given to
    `prepare_inputs` when it predicts. `labels` names the classes of a target, in order, where
    they have names.
    """

    parts: Mapping[str, Part]
    fitted: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def sample_shape(type: TensorType) -> tuple[int, ...]:
    """The shape of one sample: a type's without its batch axis."""
    return tuple(dim for dim in type.shape[1:] if isinstance(dim, int))


@record()
class Need:
    """What the model wants of the data, per sample (axis 0 of every type is the batch).

    `inputs` and `targets` map names to types; `classes` gives the number of classes behind a
    target that is encoded by `index` or `one_hot`, and `index_classes` the range of an input
    of indices.
    """

    inputs: Mapping[str, TensorType]
    targets: Mapping[str, TensorType]
    encode: Mapping[str, Encode]
    classes: Mapping[str, int] = field(default_factory=dict)
    index_classes: Mapping[str, int] = field(default_factory=dict)


@record()
class Reading:
    """What a source may know while it reads: the model's needs, the run's seed, where files may lie.

    `column` is `data.target.from` where that names a column.
    """

    need: Need
    seed: int
    folder: Path
    allowed: tuple[Path, ...] = ()
    column: str | None = None


@record()
class Outline:
    """What a source's options tell of its samples before it is opened; None is not known.

    `rows` counts the samples of each part. `single` says that there is one input and one
    target, whatever they are called; `shape` is one sample of that input. `classes` is the
    number of classes where the target is class numbers, one per sample, and `target` says
    whether it is class numbers or values; `values` are the least and the largest of these.
    """

    rows: Mapping[str, int] = field(default_factory=dict)
    single: bool = False
    shape: tuple[int, ...] | None = None
    target: Literal["classes", "values"] | None = None
    classes: int | None = None
    values: Limits | None = None


@record()
class Ahead:
    """The bytes that samples will take in memory, told before they are there: `exact`, or else nearly."""

    nbytes: int
    exact: bool = True


@record()
class Origin:
    """The file that a part's rows came from, and the line of each, so that messages can point there."""

    file: str
    lines: Sequence[int]


@record()
class Raw:
    """What a source read.

    `parts` has `train` and perhaps `validation` and `test`; a source that has no parts of its
    own gives everything as `train`, and `split` cuts it. Targets are class numbers, class
    names or values, not yet encoded. `labels` names the classes of a target, in order.
    `gaps` lists the columns of an input in which NaN stands for a missing value, to be filled
    with the mean of the training part. `fitted` is JSON that the source needs to read inputs
    for predictions in the same way.
    """

    parts: Mapping[str, Part]
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)
    gaps: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    fitted: Mapping[str, Any] = field(default_factory=dict)


@record(kw_only=True)
class DataSite(Site):
    """A source or a transform in its data: what `advise` is told.

    `before` has the transforms that an input meets before this one.
    """

    spec: DataSpec
    need: Need
    run: Run
    before: tuple[Transform, ...] = ()


class Source(Entry):
    """Where samples come from."""

    type: str

    def files(self) -> Mapping[DocumentPath, str]:
        """The files named by the spec, by their place in the source: `("path",)`, `("train", "x")`."""
        return {}

    def outline(self) -> Outline:
        """What the options tell of the samples; opens nothing."""
        return Outline()

    def parts(self) -> tuple[str, ...]:
        """The parts that the source has of its own; the training part alone can be split."""
        options = type(self).model_fields
        return ("train", *(part for part in PARTS[1:] if part in options and getattr(self, part)))

    def place(self, kind: Literal["inputs", "targets"]) -> DocumentPath:
        """The option that chose the inputs or targets, as a path below the source."""
        return ()

    def read(self, reading: Reading) -> Raw:
        """The samples; raises `FindingsError` with codes E4xx and E6xx where they cannot be had."""
        raise NotImplementedError

    def advise(self, site: DataSite) -> Iterable[Finding]:
        """Warnings about samples that may be had, but can hardly be meant."""
        return ()


class Transform(Entry):
    """A change to inputs, fitted on the training part only."""

    type: str
    inputs: Annotated[
        tuple[str, ...] | None,
        Field(description="Inputs changed; default all it fits.", examples=[("image",)]),
    ] = None

    def fits(self, values: Array, wanted: TensorType) -> bool:
        """Whether the transform applies to an input of these samples, where `inputs` does not say."""
        return True

    def fit(self, values: Array, wanted: TensorType) -> Mapping[str, Any]:
        """What the training part says, as JSON: stored with the run, given back to `apply`.

        `wanted` is the type that the model takes once all transforms are done. Raises
        `SpecdlError` for samples it cannot take.
        """
        return {}

    def apply(self, values: Array, fitted: Mapping[str, Any]) -> Array:
        """The changed samples; axis 0 stays, and each row depends on that row alone.

        Called with any number of rows at a time. Raises `SpecdlError` for samples it cannot
        take.
        """
        raise NotImplementedError

    def centres(self) -> bool:
        """Whether numbers come out with a mean of 0 and a variance of 1 over the training part."""
        return False

    def advise(self, site: DataSite) -> Iterable[Finding]:
        """Warnings about a change that does nothing, or that can hardly be meant."""
        return ()


class TargetSpec(Entry):
    """What is predicted, and how it is written as numbers."""

    encode: Annotated[
        Encode | None, Field(description="Default: what the loss takes.", examples=["one_hot"])
    ] = None
    source: Annotated[
        str | None,
        Field(
            alias="from",
            description="A column, or `input` to predict the input itself.",
            examples=["input", "price"],
        ),
    ] = None


class SplitSpec(Entry):
    """Fractions of the samples that are cut off for validation and test.

    A fraction f of n samples is floor(f * n) of them, f being the decimal number as written;
    training keeps the rest. Which ones is a function of the seed: the test part does not
    change with the fraction for validation.
    """

    validation: Annotated[
        float, Field(ge=0, lt=1, description="The fraction to choose by.", examples=[0.1])
    ] = 0.0
    test: Annotated[float, Field(ge=0, lt=1, description="The fraction to test on.", examples=[0.2])] = 0.0
    seed: Annotated[
        int, Field(ge=0, le=2**63 - 1, description="Chooses which samples they are.", examples=[7])
    ] = 0


class DataSpec(Entry):
    """The samples of a run and how they are dealt out."""

    source: Annotated[
        Source | None,
        Slot("sources"),
        Field(
            description="May be left out where arrays are passed in Python.",
            examples=[{"type": "disc", "train": 1000}],
        ),
    ] = None
    target: Annotated[
        TargetSpec, Field(description="What is predicted.", examples=[{"encode": "one_hot"}])
    ] = TargetSpec()
    batch_size: Annotated[
        int, Field(ge=1, le=2**31 - 1, description="Samples of one training step.", examples=[64])
    ]
    shuffle: Annotated[
        bool, Field(description="Deal the samples in another order each epoch.", examples=[False])
    ] = True
    drop_last: Annotated[
        bool, Field(description="Leave out the last partial batch of an epoch.", examples=[True])
    ] = False
    split: Annotated[
        SplitSpec | None,
        Field(
            description="Cuts a source without parts of its own.",
            examples=[{"validation": 0.1, "test": 0.2, "seed": 0}],
        ),
    ] = None
    transforms: Annotated[
        tuple[Annotated[Transform, Slot("transforms", short=True)], ...],
        Field(description="Changes to the inputs, in order.", examples=[("normalize",)]),
    ] = ()


def target_place(spec: DataSpec) -> DocumentPath:
    """Where a document says what the targets are: `data.target`, or else the source."""
    if "target" in spec.model_fields_set:
        return ("data", "target")
    return DATA if spec.source is None else SOURCE


def only(needed: Mapping[str, object], word: str) -> str:
    """The name of the only input or target; `word`, which fits none of them, where there are several."""
    return next(iter(needed)) if len(needed) == 1 else word


Source.model_rebuild()
