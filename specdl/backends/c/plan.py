"""The plan of a model that runs natively: its nests, their code, and every byte."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from specdl.backends.c.assemble import Assembler, Code
from specdl.backends.c.choice import prefers_blas
from specdl.backends.c.functions import Goal
from specdl.core.types import BYTES, aligned, bind
from specdl.loops.fuse import fuse
from specdl.loops.statements import Product
from specdl.plan.nest_schedule import NestSchedule, schedule
from specdl.plan.place import Place
from specdl.plan.plan import ONES, Bytes, committed, fixed_places
from specdl.program.numbers import slots as numbers_of
from specdl.program.program import Program

FUSED = ("step", "evaluate", "infer")
"""The schedules that run as a whole; `train` has a function for each instruction."""
SLACK = 64
"""Bytes behind the last arena: vectors are read whole, a little beyond the end of a value."""


@dataclass(frozen=True)
class NativePlan:
    """The layout for batches of up to `rows` samples, and the code that runs over it.

    `schedules` are as in `specdl.plan.plan.Plan`, `code` their calls, and `sources` the texts of two
    libraries: `whole` has the schedules that run as a whole, `single` the one of kernels that can be
    called one by one, which is compiled when somebody does. `guard` in `sizes` is a copy of
    what a step commits, from which a run that went wrong is replayed.
    """

    rows: int
    threads: int
    sizes: Mapping[str, int]
    schedules: Mapping[str, NestSchedule]
    code: Mapping[str, Code]
    slots: Mapping[str, Place]
    torch_slots: Mapping[tuple[str, int], Place]
    """The numbers of what torch runs, by the schedule and the number of the nest."""
    sources: Mapping[str, tuple[str, ...]]
    bytes: Bytes
    goal: Goal

    @property
    def calls_blas(self) -> bool:
        """Whether a product is left to a BLAS."""
        return any(call.nest.blas for code in self.code.values() for call in code.calls)

    @property
    def single(self) -> str:
        """The schedule with a function for each instruction."""
        return "train" if "train" in self.schedules else "alone"

    def verify(self) -> NativePlan:
        """This plan, if no two values that live together overlap; raises `CompilerFault` else."""
        for each in self.schedules.values():
            each.verify(self.rows, self.sizes)
        return self


def make(programs: Mapping[str, Program], rows: int, goal: Goal) -> NativePlan:
    """The native plan of programs that take turns over the same parameters.

    `programs` are `infer`, and where there is a loss `evaluate` and `train`.
    """
    fixed, sizes = fixed_places(programs, rows)
    lanes, large = goal.target.lanes, partial(left_to_blas, goal)
    wanted = {"step" if name == "train" else name: program for name, program in programs.items()}
    nests = {name: fuse(program, whole=True, large=large) for name, program in wanted.items()}
    single = "train" if "train" in programs else "alone"
    nests[single] = fuse(programs.get("train", programs["infer"]), whole=False, large=large)
    schedules: dict[str, NestSchedule] = {}
    for name, each in nests.items():
        schedules[name], size = schedule(each, fixed, rows, lanes)
        sizes["activations"] = max(sizes["activations"], size)
    assemblers = {"whole": Assembler(goal), "single": Assembler(goal)}
    code: dict[str, Code] = {}
    slots: dict[str, Place] = {}
    torch_slots: dict[tuple[str, int], Place] = {}
    for name, planned in schedules.items():
        code[name] = assemblers["single" if name == single else "whole"].add(planned)
        slots[name] = Place("scalars", sizes["scalars"])
        sizes["scalars"] += aligned(len(code[name].slots) * BYTES[goal.target.dtype])
        for number, left in planned.torch.items():
            torch_slots[name, number] = Place("scalars", sizes["scalars"])
            sizes["scalars"] += aligned(len(numbers_of([left.calls])) * BYTES[goal.target.dtype])
            sizes["ones"] = aligned(min(rows, ONES) * BYTES["float64"])
    each_thread = aligned(max(c.scratch for c in code.values()) * BYTES[goal.target.dtype])
    sizes["scratch"] = goal.threads * each_thread
    sizes["guard"] = committed(sizes) if "step" in schedules else 0
    sizes["slack"] = SLACK
    sources = {name: assembler.sources() for name, assembler in assemblers.items()}
    counted = count(sizes, max(each.lower_bound for each in schedules.values()))
    return NativePlan(rows, goal.threads, sizes, schedules, code, slots, torch_slots, sources, counted, goal)


def left_to_blas(goal: Goal, product: Product, update: bool) -> bool:
    """Whether a product, on which an `update` may follow, is left to a BLAS."""
    if not goal.blas:
        return False
    m, k = bind(product.m, goal.rows), bind(product.k, goal.rows)
    transposed = product.a.transposed, product.b.transposed
    return prefers_blas(m, product.n, k, *transposed, goal.target, goal.threads, update)


def count(sizes: Mapping[str, int], bound: int) -> Bytes:
    """The bytes by section of arenas of these sizes."""
    fixed = {arena: sizes[arena] for arena in ("params", "gradients", "optimizer", "state")}
    total = sum(sizes.values())
    activations = sizes["batch"] + sizes["activations"]
    scratch = total - activations - sum(fixed.values())
    lower_bound = total - sizes["activations"] + bound
    return Bytes(**fixed, activations=activations, scratch=scratch, total=total, lower_bound=lower_bound)


__all__ = ["FUSED", "NativePlan", "make"]
