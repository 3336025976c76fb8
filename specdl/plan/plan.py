"""Where every value lies, and how many bytes a run takes: exact, before anything is allocated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from specdl.core.errors import CompilerFault
from specdl.core.expr import Expr
from specdl.core.types import BYTES, TensorType, aligned
from specdl.plan.arena import Block, lower_bound, pack
from specdl.plan.liveness import lifetimes
from specdl.plan.place import Place
from specdl.program.calls import CallList
from specdl.program.instructions import calls
from specdl.program.numbers import slots
from specdl.program.program import Program

ARENAS = ("params", "gradients", "optimizer", "state", "batch", "activations", "scalars", "ones")
"""`batch` holds the inputs and targets, which every schedule finds at the same place; `scalars`
the numbers that calls read; `ones` what short column sums multiply by."""
ONES = 1024
"""Up to so many rows a column sum is a product with a vector of ones, at half the overhead of a sum."""
COPY = "the guard's copy"
"""What the finite guard keeps of what a step commits, in words."""


@dataclass(frozen=True)
class Schedule:
    """One program with its calls, and where its values and its scratch lie."""

    program: Program
    lists: tuple[CallList, ...]
    places: Mapping[str, Place]
    scratch: tuple[Mapping[str, Place], ...]
    """For each instruction, by the name of the temporary."""
    slots: tuple[Expr, ...]
    """The numbers that calls read, side by side from `slots_place` on."""
    slots_place: Place

    def place(self, value: str) -> Place:
        """Where a value's elements begin."""
        return self.places[self.program.root(self.program.members(value)[0])]

    def verify(self, rows: int, sizes: Mapping[str, int]) -> None:
        """Raise `CompilerFault` if a place is outside its arena, or two values overlap while both live."""
        verify_schedule(self, rows, sizes)


@dataclass(frozen=True)
class Bytes:
    """What a run takes, by section; `lower_bound` is what no plan could go below.

    `activations` is the batch itself, and reaches up to the last byte of a stored value in the
    arena that activations, their gradients and scratch share; `scratch` is what lies beyond, the
    few numbers that change from step to step, and the finite guard's copy of what a step commits.
    """

    params: int
    gradients: int
    optimizer: int
    state: int
    activations: int
    scratch: int
    total: int
    lower_bound: int


@dataclass(frozen=True)
class Plan:
    """The layout for batches of up to `rows` samples.

    `schedules` has `infer` (the outputs), and where there is a loss `evaluate` (outputs and
    loss), `train` (one kernel per instruction) and `step` (updates joined): they take turns
    in the same arenas. `guard` in `sizes` is a copy of what a step commits, from which a run that
    went wrong is replayed.
    """

    rows: int
    sizes: Mapping[str, int]
    schedules: Mapping[str, Schedule]
    bytes: Bytes

    def verify(self) -> Plan:
        """This plan, if no two values that live together overlap; raises `CompilerFault` else."""
        for schedule in self.schedules.values():
            schedule.verify(self.rows, self.sizes)
        return self

    def __str__(self) -> str:
        lines = [f"plan(rows={self.rows}):"]
        lines += [f"  {name}: {getattr(self.bytes, name):,} bytes" for name in Bytes.__dataclass_fields__]
        return "\n".join(lines)


class Scheduled(Protocol):
    """A schedule of any backend: a program with a place for each of its values."""

    @property
    def program(self) -> Program: ...


class AnyPlan(Protocol):
    """What a plan of any backend tells: for batches of up to `rows`, by schedule, every byte."""

    @property
    def rows(self) -> int: ...
    @property
    def schedules(self) -> Mapping[str, Scheduled]: ...
    @property
    def sizes(self) -> Mapping[str, int]: ...
    @property
    def bytes(self) -> Bytes: ...


def make(programs: Mapping[str, Program], rows: int) -> Plan:
    """The plan of programs that take turns over the same parameters."""
    fixed, sizes = fixed_places(programs, rows)
    schedules: dict[str, Schedule] = {}
    bounds, stored_ends = [0], [0]
    for name, program in programs.items():
        lists = tuple(calls(instr, program) for instr in program.instrs)
        blocks = live_blocks(program, lists, fixed, rows)
        arena = pack(blocks)
        bounds.append(lower_bound(blocks))
        sizes["activations"] = max(sizes["activations"], arena.nbytes)
        stored_ends += [arena.offsets[b.name] + aligned(b.nbytes) for b in blocks if not is_scratch(b.name)]
        places = {value: home(value, program, fixed, arena.offsets) for value in program.stored()}
        scratch = tuple(
            {each: Place("activations", arena.offsets[scratch_name(index, each)]) for each in calls_.scratch}
            for index, calls_ in enumerate(lists)
        )
        numbers = slots(lists)
        slots_place = Place("scalars", sizes["scalars"])
        sizes["scalars"] += aligned(len(numbers) * BYTES["float64"])
        schedules[name] = Schedule(program, lists, places, scratch, numbers, slots_place)
    sizes["ones"] = aligned(min(rows, ONES) * BYTES["float64"])
    sizes["guard"] = committed(sizes) if "step" in programs else 0
    return Plan(rows, sizes, schedules, count(sizes, max(stored_ends), max(bounds)))


def committed(sizes: Mapping[str, int]) -> int:
    """The bytes that a training step commits, and that the finite guard keeps a copy of."""
    return sizes["params"] + sizes["optimizer"]


def total_for(plan: Plan) -> Callable[[int], int]:
    """The bytes that the same programs' plan takes at other batch sizes, as a function of the rows.

    It is what `make` finds, without the parts of its work that do not depend on the rows.
    """
    programs = {name: schedule.program for name, schedule in plan.schedules.items()}
    fixed, _ = fixed_places(programs, plan.rows)
    shared = [
        [
            (name, *growth(type), start, end)
            for name, type, start, end in live_values(each.program, each.lists, fixed)
        ]
        for each in plan.schedules.values()
    ]
    types = types_of(programs)
    placed = [growth(types[value]) for value in fixed]

    def total(rows: int) -> int:
        nbytes = sum(aligned(base + each * rows) for base, each in placed)
        largest = 0
        for values in reversed(shared):  # training needs most, and where it fits the others do
            blocks = [Block(name, base + each * rows, start, end) for name, base, each, start, end in values]
            largest = max(largest, pack(blocks, largest).nbytes)
        nbytes += largest
        nbytes += plan.sizes["scalars"] + plan.sizes["guard"]
        return nbytes + aligned(min(rows, ONES) * BYTES["float64"])

    return total


def growth(type: TensorType) -> tuple[int, int]:
    """The bytes of a value that no batch changes, and those for each of its rows."""
    return (0, type.nbytes(1)) if type.batched else (type.nbytes(1), 0)


def types_of(programs: Mapping[str, Program]) -> dict[str, TensorType]:
    """The types of all values of some programs."""
    return {value: type for program in programs.values() for value, type in program.types.items()}


def count(sizes: Mapping[str, int], activations: int, bound: int) -> Bytes:
    """The bytes by section of arenas of these sizes."""
    fixed = {arena: sizes[arena] for arena in ("params", "gradients", "optimizer", "state")}
    constants = sizes["scalars"] + sizes["ones"] + sizes["guard"]
    return Bytes(
        **fixed,
        activations=sizes["batch"] + activations,
        scratch=sizes["activations"] - activations + constants,
        total=sum(sizes.values()),
        lower_bound=sum(fixed.values()) + sizes["batch"] + constants + bound,
    )


def fixed_places(programs: Mapping[str, Program], rows: int) -> tuple[dict[str, Place], dict[str, int]]:
    """The batch, and parameters, gradients and optimiser state, each in one arena, in the same order.

    What is trained comes first, so that its parameters, gradients and state run in parallel.
    """
    places: dict[str, Place] = {}
    sizes = dict.fromkeys(ARENAS, 0)
    sizes["scalars"] = aligned(BYTES["float64"])  # the guard's norm

    def put(arena: str, value: str, program: Program) -> None:
        if value not in places:
            places[value] = Place(arena, sizes[arena])
            sizes[arena] += aligned(program.types[value].nbytes(rows))

    for program in programs.values():
        for value in program.gradients:
            put("params", value, program)
    for program in programs.values():
        for value in program.inputs:
            put("batch", value, program)
        for value in program.parameters:
            put("params", value, program)
        for value in program.gradients.values():
            put("gradients", value, program)
        for value in program.state:
            put("optimizer", value, program)
    return places, sizes


def live_blocks(
    program: Program, lists: tuple[CallList, ...], fixed: Mapping[str, Place], rows: int
) -> list[Block]:
    """What shares the arena by lifetime: values without a fixed place, and scratch."""
    values = live_values(program, lists, fixed)
    return [Block(name, type.nbytes(rows), start, end) for name, type, start, end in values]


def live_values(
    program: Program, lists: tuple[CallList, ...], fixed: Mapping[str, Place]
) -> list[tuple[str, TensorType, int, int]]:
    """What shares the arena: names, types, and the first and last instruction that needs each."""
    found = [
        (value, program.types[value], start, end)
        for value, (start, end) in lifetimes(program).items()
        if value not in fixed and value not in program.carries
    ]
    for index, each in enumerate(lists):
        found += [(scratch_name(index, name), type, index, index) for name, type in each.scratch.items()]
    return found


def scratch_name(index: int, name: str) -> str:
    """A name for an instruction's temporary that no value has."""
    return f"{index}/{name}"


def is_scratch(name: str) -> bool:
    """Whether a block is an instruction's temporary."""
    return "/" in name


def home(value: str, program: Program, fixed: Mapping[str, Place], offsets: Mapping[str, int]) -> Place:
    """Where a value lies: what is handed on lies where its predecessor lay."""
    value = program.carries.get(value, value)
    return fixed[value] if value in fixed else Place("activations", offsets[value])


def verify_schedule(schedule: Schedule, rows: int, sizes: Mapping[str, int]) -> None:
    """Raise `CompilerFault` if a place is outside its arena, or two values overlap while both live."""
    program = schedule.program
    for value, place in schedule.places.items():
        if place.offset + program.types[value].nbytes(rows) > sizes[place.arena]:
            raise CompilerFault(f"`{value}` lies outside of {place.arena}")
    taken = sorted(spans(schedule, rows))
    for number, (start, end, low, high, value) in enumerate(taken):
        for other_start, _, other_low, other_high, other in taken[number + 1 :]:
            if other_start > end:
                break
            if low < other_high and other_low < high:
                raise CompilerFault(
                    f"`{value}` and `{other}` overlap at instruction {max(start, other_start)}"
                )
    for name, members in program.packs.items():
        verify_pack(name, members, schedule)


def spans(schedule: Schedule, rows: int) -> Iterator[tuple[int, int, int, int, str]]:
    """First and last instruction, first and last byte, and name, of all that shares the arena."""
    lives = lifetimes(schedule.program)
    for value, place in schedule.places.items():
        if place.arena == "activations":
            stop = place.offset + schedule.program.types[value].nbytes(rows)
            yield (*lives[value], place.offset, stop, value)
    for index, (each, places) in enumerate(zip(schedule.lists, schedule.scratch, strict=True)):
        for name, type in each.scratch.items():
            low = places[name].offset
            yield index, index, low, low + type.nbytes(rows), scratch_name(index, name)


def verify_pack(name: str, members: tuple[str, ...], schedule: Schedule) -> None:
    """Raise `CompilerFault` unless a pack's members lie side by side in order."""
    first = schedule.place(members[0])
    offset = first.offset
    for member in members:
        if schedule.place(member) != Place(first.arena, offset):
            raise CompilerFault(f"`{member}` does not lie in its place in `{name}`")
        offset += aligned(schedule.program.types[member].nbytes())


__all__ = ["ARENAS", "BYTES", "Bytes", "Place", "Plan", "Schedule", "make"]
