"""The layout of an exported model: one arena with only what its calls touch, and its doors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from specdl.backends.c.assemble import Assembler, Code
from specdl.backends.c.functions import Goal
from specdl.backends.c.plan import SLACK
from specdl.backends.c.target import Target
from specdl.core.errors import UsageError
from specdl.core.types import BYTES, DType, TensorType, aligned, bind
from specdl.loops.fuse import fuse
from specdl.loops.nests import Nests
from specdl.plan.nest_schedule import NestSchedule, schedule
from specdl.plan.place import Place
from specdl.plan.plan import fixed_places
from specdl.program.program import Program

HEAD = 64
"""Bytes before the arena, for what is no number of the model."""


@dataclass(frozen=True)
class Door:
    """What goes in or comes out for each sample: its name in C and in the spec."""

    c: str
    value: str
    shape: tuple[int, ...]
    """Of one sample; empty where it is one number."""
    dtype: DType
    place: int
    """Bytes from the arena's begin."""

    @property
    def size(self) -> int:
        """Numbers of one sample."""
        return TensorType(self.shape).numel()


@dataclass(frozen=True)
class Stored:
    """A parameter; its elements lie as torch has them."""

    name: str
    shape: tuple[int, ...]
    place: int
    trained: bool

    @property
    def count(self) -> int:
        """Its elements."""
        return TensorType(self.shape).numel()


@dataclass(frozen=True)
class ExportPlan:
    """What an exported model does, and where everything lies; `base` has the begins of the arenas.

    `schedules` are `infer`, and where it trains `step`.
    """

    rows: int
    target: Target
    schedules: Mapping[str, NestSchedule]
    code: Mapping[str, Code]
    slots: Mapping[str, int]
    base: Mapping[str, int]
    nbytes: int
    """Of the arena."""
    assembler: Assembler

    def at(self, place: Place) -> int:
        """Bytes from the arena's begin."""
        return self.base[place.arena] + place.offset

    @property
    def trains(self) -> bool:
        """Whether there is a training step."""
        return "step" in self.schedules

    @property
    def inputs(self) -> tuple[Door, ...]:
        """What predictions are made from."""
        names = self.schedules["infer"].program.inputs
        return self.doors("x", "infer", dict(zip(names, names, strict=True)))

    @property
    def outputs(self) -> tuple[Door, ...]:
        """The predictions."""
        return self.doors("y", "infer", self.schedules["infer"].program.outputs)

    @property
    def targets(self) -> tuple[Door, ...]:
        """What the loss compares with."""
        if not self.trains:
            return ()
        inputs = self.schedules["infer"].program.inputs
        names = [name for name in self.schedules["step"].program.inputs if name not in inputs]
        return self.doors("target", "step", dict(zip(names, names, strict=True)))

    def doors(self, letter: str, name: str, values: Mapping[str, str]) -> tuple[Door, ...]:
        """Values of a schedule by their names in the spec, with names in C: numbered if there are several.

        Raises `UsageError` for a dtype that has no place in C.
        """
        found = []
        planned = self.schedules[name]
        for number, (spelled, value) in enumerate(values.items()):
            type = planned.program.types[value]
            if type.dtype not in (self.target.dtype, "int64"):
                raise UsageError(f"`{spelled}` is {type.dtype}, which exported code does not take")
            c = letter if len(values) == 1 else f"{letter}{number}"
            place = self.at(planned.place(value))
            shape = tuple(bind(dim, 1) for dim in type.shape[1:])
            found.append(Door(c, spelled, shape, type.dtype, place))
        return tuple(found)

    @property
    def parameters(self) -> tuple[Stored, ...]:
        """All of them, in the order in which files have them."""
        program = self.schedules["infer"].program
        step = self.schedules.get("step")
        trained = set(step.program.carries.values()) if step else set[str]()
        return tuple(
            Stored(
                name,
                tuple(bind(dim, 1) for dim in program.types[name].shape),
                self.at(self.schedules["infer"].place(name)),
                name in trained,
            )
            for name in program.parameters
        )


def make(infer: Program, step: Program | None, rows: int, target: Target) -> ExportPlan:
    """The plan of a model that predicts for up to `rows` samples at a time, and trains with `step`.

    Raises `UsageError` where an instruction is not native.
    """
    programs = {"infer": infer} if step is None else {"infer": infer, "step": step}
    fixed, sizes = fixed_places(programs, rows)
    goal = Goal(target, rows, threads=1, blas=False)
    assembler = Assembler(goal)
    size = BYTES[target.dtype]
    schedules: dict[str, NestSchedule] = {}
    code: dict[str, Code] = {}
    slots: dict[str, Place] = {}
    for name, program in programs.items():
        nests = fuse(program, whole=True)
        require_native(nests)
        schedules[name], activations = schedule(nests, fixed, rows, target.lanes)
        sizes["activations"] = max(sizes["activations"], activations)
        code[name] = assembler.add(schedules[name])
        slots[name] = Place("scalars", sizes["scalars"])
        sizes["scalars"] += aligned(len(code[name].slots) * size)
    sizes["scratch"] = aligned(max(each.scratch for each in code.values()) * size)
    for planned in schedules.values():
        planned.verify(rows, sizes)
    used = {"params", "batch", "scalars", "scratch", *arenas(schedules, code)}
    base: dict[str, int] = {}
    nbytes = 0
    for arena in (name for name in sizes if name in used):
        base[arena] = nbytes
        nbytes += sizes[arena]
    places = {name: base["scalars"] + place.offset for name, place in slots.items()}
    return ExportPlan(rows, target, schedules, code, places, base, nbytes + SLACK, assembler)


def arenas(schedules: Mapping[str, NestSchedule], code: Mapping[str, Code]) -> Iterable[str]:
    """The arenas of what calls touch and of what comes out."""
    for name, planned in schedules.items():
        program = planned.program
        results = (*program.outputs.values(), *([program.loss] if program.loss else []))
        touched = (param for call in code[name].calls for _, param in call.params if isinstance(param, str))
        for value in (*results, *touched):
            # a step does not make what only inference gives
            if program.root(value) in planned.places or value not in program.types:
                yield planned.place(value).arena


def require_native(nests: Nests) -> None:
    """Raise `UsageError` that names what is left to torch, if anything is."""
    left = [nests.program.instrs[nest.instrs[0]] for nest in nests.nests if nest.kind == "torch"]
    if left:
        names = ", ".join(dict.fromkeys(f"`{instr.node}` ({instr.kernel})" for instr in left))
        raise UsageError(f"this model cannot be exported to C: {names} has no native code")
