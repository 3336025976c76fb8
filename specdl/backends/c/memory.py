"""The memory of a native run: every arena in one block, so that a vector may be read past an end."""

from __future__ import annotations

from typing import Any

import numpy as np
from torch import Tensor

from specdl.backends.c.plan import NativePlan
from specdl.backends.torch.bind import DTYPES, Arenas, zeroed
from specdl.core.types import BYTES, bind
from specdl.loops.statements import grid_of
from specdl.plan.nest_schedule import NestSchedule
from specdl.plan.place import Place


class Memory(Arenas):
    """One block of zeroed bytes; `bytes` are its parts by name, `base` their addresses."""

    def __init__(self, plan: NativePlan) -> None:
        self.plan = plan
        self.block = zeroed(sum(plan.sizes.values()))
        self.bytes = {}
        self.base: dict[str, int] = {}
        at = 0
        for name, size in plan.sizes.items():
            self.bytes[name] = self.block[at : at + size]
            self.base[name] = self.block.data_ptr() + at
            at += size
        self.ones = self.bytes["ones"].view(DTYPES[plan.goal.target.dtype]).fill_(1)

    def address(self, place: Place) -> int:
        """Where a place is in this process."""
        return self.base[place.arena] + place.offset

    def value(self, schedule: NestSchedule, value: str, rows: int) -> Tensor:
        """The elements of a value for a batch of `rows`; gaps between its rows are stepped over."""
        type = schedule.nests.types[value]
        shape = [bind(dim, rows) for dim in type.shape]
        cols = grid_of(type.shape).cols
        ld = schedule.ld(schedule.program.root(value) if value in schedule.program.types else value, cols)
        place = schedule.place(value)
        flat = self.bytes[place.arena][place.offset :].view(DTYPES[type.dtype])
        if ld == cols:
            return flat[: type.numel(rows)].view(shape)
        strides = [1]
        for axis in range(len(shape) - 1, 0, -1):
            strides.insert(0, ld if axis == len(shape) - 1 else strides[0] * shape[axis])
        return flat.as_strided(shape, strides)

    def numbers(self, arena: str, offset: int, count: int) -> np.ndarray[Any, Any]:
        """Some real numbers of an arena as an array."""
        dtype = self.plan.goal.target.dtype
        stop = offset + count * BYTES[dtype]
        return self.bytes[arena][offset:stop].view(DTYPES[dtype]).numpy()
