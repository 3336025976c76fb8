"""Curves from a run's evaluations, one row of `metrics.jsonl` each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from specdl.data.base import PARTS

HIGHER = {"loss": False, "accuracy": True, "mse": False, "mae": False, "wrong_predictions": False}
"""What is better where the run does not say."""
Points = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Best:
    """The best figure of a curve, at the evaluation where it was first reached."""

    part: str
    x: float
    y: float


@dataclass(frozen=True)
class Curve:
    """One metric over the run: for each part of the data (x, figure), in order; figures are finite.

    `broken` lists, by part, where the figure was not finite.
    """

    metric: str
    axis: str
    """What x counts: `epoch`, `step` or `evaluation`."""
    lines: Mapping[str, Points]
    best: Best | None
    higher: bool | None = None
    """Whether higher is better; None where neither is, or nobody knows."""
    broken: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def spaced(metric: str) -> str:
    """A metric's name in words.

    >>> spaced("wrong_predictions.head")
    'wrong predictions of head'
    """
    return metric.replace("_", " ").replace(".", " of ")


def figures(row: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """The figures of a row by part and metric, from `{"train": {"loss": 1}}` or `{"train_loss": 1}`."""
    found: dict[tuple[str, str], Any] = {}
    for key, value in row.items():
        if isinstance(value, Mapping):
            if key in PARTS:
                found |= {(key, str(metric)): each for metric, each in value.items()}
            continue
        for part in PARTS:
            if key.startswith(part) and key[len(part) : len(part) + 1] in ("_", ".", "/"):
                found[part, key[len(part) + 1 :]] = value
    return found


def axis(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the evaluations are counted by."""
    for key in ("epoch", "step"):
        if rows and all(is_number(row.get(key)) for row in rows):
            return key
    return "evaluation"


def is_number(value: object) -> bool:
    """Whether a value of a row can be drawn."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def curves(rows: Sequence[Mapping[str, Any]], better: Mapping[str, bool | None]) -> tuple[Curve, ...]:
    """A curve for each metric, in the order in which the rows name them; `loss` first."""
    counted = axis(rows)
    lines: dict[str, dict[str, list[tuple[float, float]]]] = {}
    broken: dict[str, dict[str, list[float]]] = {}
    for i, row in enumerate(rows):
        x = float(row[counted]) if counted != "evaluation" else float(i + 1)
        for (part, metric), value in figures(row).items():
            line = lines.setdefault(metric, {}).setdefault(part, [])
            if is_number(value):
                line.append((x, float(value)))
            else:
                broken.setdefault(metric, {}).setdefault(part, []).append(x)
    return tuple(
        Curve(
            metric,
            counted,
            {part: tuple(parts[part]) for part in PARTS if part in parts},
            best(parts, higher(metric, better)),
            higher(metric, better),
            {part: tuple(xs) for part, xs in broken.get(metric, {}).items()},
        )
        for metric, parts in sorted(lines.items(), key=lambda item: item[0] != "loss")
    )


def higher(metric: str, better: Mapping[str, bool | None]) -> bool | None:
    """Whether a higher figure is better, as the run says or as everybody knows."""
    return better.get(metric, HIGHER.get(metric))


def best(parts: Mapping[str, Iterable[tuple[float, float]]], up: bool | None) -> Best | None:
    """The best figure of the validation part, or of the training part without one; never of the test part."""
    part = "validation" if parts.get("validation") else "train"
    points = list(parts.get(part, ()))
    if up is None or not points:
        return None
    x, y = (max if up else min)(points, key=lambda point: point[1])
    return Best(part, x, y)


def thinned(points: Points, most: int) -> Points:
    """At most about `most` of the points, the lowest and the highest of each stretch among them."""
    if len(points) <= most:
        return points
    stretch = math.ceil(2 * len(points) / (most - 2))
    kept = {0, len(points) - 1}
    for begin in range(0, len(points), stretch):
        inside = range(begin, min(begin + stretch, len(points)))
        kept |= {min(inside, key=lambda i: points[i][1]), max(inside, key=lambda i: points[i][1])}
    return tuple(points[i] for i in sorted(kept))
