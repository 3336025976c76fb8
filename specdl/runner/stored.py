"""The shapes of a run's JSON files, by which one that was edited by hand is told with its place."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

Count = Annotated[int, Field(ge=0, lt=2**63)]
Figures = dict[str, float | None]
"""A figure that was not finite is null."""


class Stored(BaseModel):
    """An object of a file; keys of later versions are passed over."""

    model_config = ConfigDict(strict=True, frozen=True)


class PartFacts(Stored):
    """How many samples a part has, and the checksum of its arrays."""

    rows: Count
    sha256: str


class DataFile(Stored):
    """data.json: the parts of the data, what was learnt from the training part, and labels."""

    parts: dict[str, PartFacts]
    fitted: dict[str, Any]
    labels: dict[str, list[Any]]


class EnvironmentFile(Stored):
    """environment.json: where paths of the spec begin, and where what says its data lay.

    The rest is only shown and compared.
    """

    folder: str | None = None
    data_folder: str | None = None


class BestFacts(Stored):
    """The step of the best evaluation, and its loss."""

    step: Count
    loss: float


class ResultFile(Stored):
    """result.json of a run that went to its end."""

    steps: Count
    best: BestFacts | None = None
    test: Figures | None = None


class DivergedFile(Stored):
    """diverged.json of a run that did not."""

    epoch: float
    message: str


class EvaluationLine(Stored):
    """A line of metrics.jsonl."""

    step: Count
    epoch: float
    train: Figures = {}
    validation: Figures = {}


class TimingLine(Stored):
    """A line of timing.jsonl."""

    train_s: float | None = None
    evaluate_s: float | None = None


class MarkFacts(Stored):
    """A place in metrics.jsonl."""

    bytes: Count
    sha256: str


class Claim(Stored):
    """What a tensor was when it was written."""

    dtype: str
    shape: list[int]
    sha256: str


class StateFile(Stored):
    """state.json of a checkpoint."""

    step: Count
    evaluated: Count
    lr: float | None
    schedule: dict[str, float]
    best: BestFacts | None
    metrics: MarkFacts
    weights: dict[str, Claim]
    optimizer: dict[str, Claim]


def misfit(shape: type[Stored], content: object) -> str | None:
    """What about some content is not of a shape, in words (`has no usable ...`); None if nothing is."""
    if not isinstance(content, dict):
        return "does not hold a JSON object"
    try:
        shape.model_validate(content)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"]))
        return f"has no usable `{place}`"
    return None
