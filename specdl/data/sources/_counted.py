"""What sources share that make as many samples as a spec asks for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

from pydantic import Field

from specdl.core.random import Stream
from specdl.data.base import PARTS, Need, Part, Raw, Reading, Source

MOST = 2**31 - 1
Streams = Callable[..., Stream]


class Counted(Source):
    """Samples drawn by (seed, part): the first hundred of a part are the same however many it has."""

    train: Annotated[int, Field(ge=1, le=MOST, description="Samples to train on.", examples=[1000])]
    validation: Annotated[
        int, Field(ge=0, le=MOST, description="Samples to choose by; 0 is none.", examples=[200])
    ] = 0
    test: Annotated[
        int, Field(ge=0, le=MOST, description="Samples to test on; 0 is none.", examples=[200])
    ] = 0
    seed: Annotated[
        int | None, Field(ge=0, le=2**63 - 1, description="Of the samples; default: the run's.", examples=[7])
    ] = None

    def counts(self) -> dict[str, int]:
        """The samples of each part that has any."""
        return {part: count for part in PARTS if (count := getattr(self, part))}

    def draw(self, count: int, streams: Streams, need: Need) -> Part:
        """So many samples, a function of `streams`, which gives a stream for each name."""
        raise NotImplementedError

    def labels(self, need: Need) -> dict[str, tuple[str, ...]]:
        """The names of classes, by target."""
        return {}

    def read(self, reading: Reading) -> Raw:
        seed = reading.seed if self.seed is None else self.seed
        parts = {
            part: self.draw(count, partial(Stream, seed, "data", self.type, part), reading.need)
            for part, count in self.counts().items()
        }
        return Raw(parts, self.labels(reading.need))
