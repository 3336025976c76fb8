"""A model's own gradients against central differences of its loss, parameter by parameter."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import torch

from specdl.core.errors import UsageError
from specdl.core.random import Stream
from specdl.runner.model import Model

TOLERANCE = 1e-6
STEPS = tuple(2.0**-power for power in range(10, 21))
"""Lengths of the step, each half of the one before: the error of the differences falls with the
fourth power of the step, until rounding takes over, which grows as the step shrinks."""
ROUNDING = 16 * 2.0**-52
"""The relative error of a loss in float64, generously: sums over a batch add up some of it."""
SMOOTH = (8.0, 128.0)
"""A halved step divides the error of a smooth function by 16, or by 64 where the next derivative rules."""
CORNER = 1e-3
"""A jump of the slope that is no matter of rounding, relative to the gradient's size."""

Status = Literal["ok", "kink", "wrong"]


@dataclass(frozen=True)
class Check:
    """What was found for one parameter: the worst of its directions.

    `step` is the step at which gradient and difference agreed, or agreed best. `kinks` counts
    directions in which the loss bends sharply within reach of the longer steps, as at the corner
    of a relu: there a shorter step decided. `status` is `kink` where the parameters stand right
    on such a corner, where the gradient may be any slope between those of the two sides.
    """

    name: str
    directions: int
    rel_error: float
    gradient: float
    difference: float
    step: float
    kinks: int
    status: Status


@dataclass(frozen=True)
class Outcome:
    """What was found along one direction."""

    rel_error: float
    gradient: float
    difference: float
    step: float
    kink: bool
    status: Status


def gradcheck(
    model: Model, x: Any, y: Any, *, full: bool = False, tolerance: float = TOLERANCE
) -> list[Check]:
    """Compare every trained parameter's gradient with differences of the loss, on one batch.

    Each is compared along one random direction that all of its elements take part in, or, if
    `full`, along every element by itself. The relative error is that of the slope, relative to
    the larger of the two slopes and to the size of a typical one; differences that rounding
    alone explains count as agreement. The model's parameters are as before when this returns.

    Raises `UsageError` unless the model is in float64 and has a loss.
    """
    if any(tensor.dtype != torch.float64 for tensor in model.parameters.values()):
        raise UsageError("gradients are checked in float64: compile with dtype='float64'")
    base = model.loss(x, y)
    model.backward()
    gradients = {name: value.clone() for name, value in model.gradients.items()}
    found = []
    for name, gradient in gradients.items():
        parameter = model.parameters[name]
        line = Line(lambda: model.loss(x, y), parameter, parameter.clone(), base)
        typical = float(gradient.norm()) / max(1, gradient.numel()) ** 0.5
        outcomes = [
            line.compare(direction, float((gradient * direction).sum()), typical, tolerance)
            for direction in directions(name, gradient, full)
        ]
        found.append(worst(name, outcomes))
    return found


def directions(name: str, gradient: torch.Tensor, full: bool) -> Iterator[torch.Tensor]:
    """Directions of length 1: a random one, or every axis."""
    if not full:
        drawn = Stream(0, "gradcheck", name).normal(gradient.numel())
        direction = torch.from_numpy(drawn).reshape(gradient.shape)
        yield direction / direction.norm()
        return
    for index in range(gradient.numel()):
        axis = torch.zeros(gradient.numel(), dtype=torch.float64)
        axis[index] = 1.0
        yield axis.reshape(gradient.shape)


def worst(name: str, outcomes: list[Outcome]) -> Check:
    """The outcome with the largest error, and how many kinks there were among all."""
    largest = max(outcomes, key=lambda each: (each.status == "wrong", each.rel_error, each.status == "kink"))
    return Check(
        name=name,
        directions=len(outcomes),
        rel_error=largest.rel_error,
        gradient=largest.gradient,
        difference=largest.difference,
        step=largest.step,
        kinks=sum(each.kink for each in outcomes),
        status=largest.status,
    )


@dataclass
class Line:
    """The loss as a function of how far one parameter is moved along a direction."""

    loss: Callable[[], float]
    parameter: torch.Tensor
    home: torch.Tensor
    base: float

    def at(self, direction: torch.Tensor, distance: float) -> float:
        """The loss with the parameter moved."""
        self.parameter.copy_(self.home + distance * direction)
        return self.loss()

    def compare(self, direction: torch.Tensor, slope: float, typical: float, tolerance: float) -> Outcome:
        """The slope that backward gave along a direction, against differences at shrinking steps.

        The first step that agrees decides. Agreement to a millionth is no luck; disagreement
        at a long step may be curvature or a kink within reach, and shrinks with the step.
        """
        tried: list[tuple[float, float, float]] = []
        try:
            for step in STEPS:
                values = {k: self.at(direction, k * step) for k in (-2, -1, 1, 2)}
                difference = (values[-2] - values[2] + 8 * (values[1] - values[-1])) / (12 * step)
                error = self.error(slope, difference, typical, step, tolerance)
                tried.append((error, difference, step))
                if error <= tolerance:
                    kink = not smooth([abs(each[1] - slope) for each in tried])
                    return Outcome(error, slope, difference, step, kink, "ok")
                corner = self.corner(values, slope, typical, step)
                if corner is not None and step == STEPS[-1]:
                    return Outcome(corner, slope, difference, step, True, "kink")
        finally:
            self.parameter.copy_(self.home)
        error, difference, step = steadiest(tried)
        return Outcome(error, slope, difference, step, False, "wrong")

    def error(self, slope: float, difference: float, typical: float, step: float, tolerance: float) -> float:
        """The relative error of a slope; what rounding can explain is at the tolerance or below."""
        rounding = ROUNDING * abs(self.base) / step
        scale = max(abs(slope), abs(difference), typical, rounding / tolerance)
        return abs(slope - difference) / scale if scale else 0.0

    def corner(self, values: Mapping[int, float], slope: float, typical: float, step: float) -> float | None:
        """How far a slope is outside of those of the two sides, relatively, where the two differ.

        None where they do not, or where the slope is well outside: then it is no matter of a corner.
        """
        right = (4 * values[1] - values[2] - 3 * self.base) / (2 * step)
        left = (3 * self.base - 4 * values[-1] + values[-2]) / (2 * step)
        scale = max(abs(left), abs(right), typical)
        if not scale or abs(right - left) <= CORNER * scale:
            return None
        low, high = min(left, right), max(left, right)
        outside = max(low - slope, slope - high, 0.0)
        return outside / scale if outside <= CORNER * scale else None


def smooth(errors: list[float]) -> bool:
    """Whether errors at steps that halve shrink as they do where the loss is smooth."""
    pairs = pairwise(errors)
    return all(SMOOTH[0] * after <= before <= SMOOTH[1] * after for before, after in pairs)


def steadiest(tried: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    """Of the steps tried, the one whose difference changed least from the step before."""
    pairs = pairwise(tried)
    return min(pairs, key=lambda pair: abs(pair[0][1] - pair[1][1]))[1]
