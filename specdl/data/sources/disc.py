"""Points of the unit square, classified by a disc."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from pydantic import Field

from specdl.core.lazy import numpy as np
from specdl.data.base import Need, Outline, Part
from specdl.data.sources._counted import Counted, Streams


class Disc(Counted):
    """Points uniform in [0, 1)^2, labelled by whether they lie in a disc.

    With the options' defaults the disc has an area of one half, so that about half the points
    are inside. The label is `inside` (1) for points at a distance of at most `radius` from
    `center`, and the other of 0 and 1 for the rest.

    Samples: input [2], target a class number of 2.
    Source: the projects of EPFL's course EE-559, 2019 to 2021.
    """

    type: Literal["disc"] = "disc"
    center: Annotated[
        tuple[float, float], Field(description="The middle of the disc.", examples=[(0.5, 0.5)])
    ] = (0.5, 0.5)
    radius: Annotated[
        float, Field(gt=0, description="Default: 1 / sqrt(2 pi), an area of one half.", examples=[0.3])
    ] = 1 / math.sqrt(2 * math.pi)
    # a `Literal` would take `true` for 1
    inside: Annotated[int, Field(ge=0, le=1, description="The label of the points inside.", examples=[0])] = 1

    def outline(self) -> Outline:
        return Outline(self.counts(), single=True, shape=(2,), target="classes", classes=2)

    def draw(self, count: int, streams: Streams, need: Need) -> Part:
        x = streams().uniform((count, 2))
        away = np.square(x - np.asarray(self.center)).sum(axis=1)
        label = np.where(away <= self.radius**2, self.inside, 1 - self.inside)
        return Part(dict.fromkeys(need.inputs, x), dict.fromkeys(need.targets, label))

    def labels(self, need: Need) -> dict[str, tuple[str, ...]]:
        names = ("outside", "inside") if self.inside else ("inside", "outside")
        return {name: names for name in need.targets if need.encode[name] != "value"}
