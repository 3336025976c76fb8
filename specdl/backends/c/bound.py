"""A schedule on its memory: what runs natively as ranges of calls, the rest as torch closures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from specdl.backends.c.assemble import Call, Code
from specdl.backends.c.memory import Memory
from specdl.backends.c.runtime import CallEntry, Library, Schedule, Team
from specdl.backends.c.torch_nest import TorchNest
from specdl.core.types import BYTES
from specdl.plan.nest_schedule import NestSchedule
from specdl.program.program import Phase


@dataclass(frozen=True)
class Segment:
    """Native calls `first` to `last - 1`, or the nest that torch runs for an instruction."""

    first: int
    last: int
    commits: bool = False
    nest: int | None = None
    instr: int | None = None


class Bound:
    """A schedule of a native plan, ready to run for any number of rows."""

    def __init__(self, name: str, memory: Memory, library: Library, team: Team) -> None:
        plan = memory.plan
        self.name, self.memory = name, memory
        self.schedule: NestSchedule = plan.schedules[name]
        self.code: Code = plan.code[name]
        self.calls = [call for call in self.code.calls if call.function is not None]
        self.early = sum(not call.nest.commits for call in self.calls)
        """How many native calls come before the finite guard."""
        self.native = Schedule(
            library,
            team,
            self.entries(),
            self.pointers(),
            numbers=self.code.numbers,
            slots=memory.numbers("scalars", plan.slots[name].offset, len(self.code.slots)),
            early=self.early,
            loss=self.loss_address(),
            scratch=memory.numbers("scratch", 0, plan.sizes["scratch"] // BYTES[plan.goal.target.dtype]),
        )
        self.segments = segments(self.code.calls)
        self.by_torch = {each.instr: each.nest for each in self.segments if each.nest is not None}
        """The nest that torch runs for an instruction."""
        self.ranges: dict[int, tuple[int, int]] = {}
        """The native calls of each instruction, where each has its own: first, and one after the last."""
        for number, call in enumerate(self.calls):
            first, _ = self.ranges.get(call.nest.instrs[0], (number, number))
            self.ranges[call.nest.instrs[0]] = first, number + 1
        self.left: dict[tuple[int, int], TorchNest] = {}
        """What torch runs, by the number of the nest and the rows of the batch."""

    @property
    def whole(self) -> bool:
        """Whether all of it is native."""
        return all(segment.nest is None for segment in self.segments)

    def entries(self) -> list[CallEntry]:
        """The calls as the library takes them."""
        found, base = [], 0
        for call in self.calls:
            units = call.units
            found.append(
                CallEntry(call.function or 0, base, units.times, units.fixed, call.grain, call.barrier)
            )
            base += len(call.params)
        return found

    def pointers(self) -> list[int]:
        """The addresses that the calls read, one after another."""
        plan, memory = self.memory.plan, self.memory
        size = BYTES[plan.goal.target.dtype]
        slots = memory.address(plan.slots[self.name])
        places = {expr: slots + number * size for number, expr in enumerate(self.code.slots)}
        return [
            memory.address(self.schedule.place(param)) if isinstance(param, str) else places[param]
            for call in self.calls
            for _, param in call.params
        ]

    def loss_address(self) -> int | None:
        """Where the guard finds the loss."""
        loss = self.schedule.program.loss
        return None if loss is None else self.memory.address(self.schedule.place(loss))

    def loss(self) -> float:
        """The loss, once it was computed."""
        return float(self.memory.value(self.schedule, str(self.schedule.program.loss), 1))

    def is_native(self, instr: int) -> bool:
        """Whether no part of an instruction is left to torch."""
        return instr not in self.by_torch

    def run_instruction(self, instr: int, rows: int, lr: float = 1.0, t: float = 1.0) -> None:
        """Run one instruction, in a schedule where each has its own calls."""
        if instr in self.by_torch:
            self.torch_nest(self.by_torch[instr], rows)(lr, t)
        elif instr in self.ranges:
            self.native.run(rows, lr, t, *self.ranges[instr])

    def run_phase(self, rows: int, phase: Phase) -> None:
        """Run the instructions of a phase."""
        for number, instr in enumerate(self.schedule.program.instrs):
            if instr.phase == phase:
                self.run_instruction(number, rows)

    def run(self, rows: int, lr: float = 1.0, t: float = 1.0, commit: bool | None = None) -> None:
        """Run all, or what comes before the finite guard, or (`commit`) after it, on the batch that is in."""
        if self.whole:
            first, last = (self.early if commit else 0), (self.early if commit is False else None)
            self.native.run(rows, lr, t, first, last)
            return
        for segment in self.segments:
            if commit is not None and segment.commits != commit:
                continue
            if segment.nest is None:
                self.native.run(rows, lr, t, segment.first, segment.last)
            else:
                self.torch_nest(segment.nest, rows)(lr, t)

    def torch_nest(self, nest: int, rows: int) -> TorchNest:
        """What torch runs of this schedule, for a batch of so many rows."""
        if (nest, rows) not in self.left:
            self.left[nest, rows] = TorchNest(self.schedule, self.name, nest, self.memory, rows)
        return self.left[nest, rows]


def segments(calls: Sequence[Call]) -> tuple[Segment, ...]:
    """Runs of native calls on one side of the guard, and the nests between them that torch runs."""
    found: list[Segment] = []
    native = 0
    for number, call in enumerate(calls):
        commits = call.nest.commits
        if call.function is None:
            found.append(Segment(native, native, commits, number, call.nest.instrs[0]))
            continue
        before = found[-1] if found else None
        if before is not None and before.nest is None and before.commits == commits:
            found[-1] = replace(before, last=native + 1)
        else:
            found.append(Segment(native, native + 1, commits))
        native += 1
    return tuple(found)
