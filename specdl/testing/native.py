"""An op's native code: beside its meaning, for what somebody could want of it, in both precisions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from ctypes import CDLL
from dataclasses import dataclass, fields
from functools import cached_property

import torch

from specdl.backends.c.assemble import Assembler
from specdl.backends.c.bound import Bound
from specdl.backends.c.compiler import Toolchain, find, flags
from specdl.backends.c.functions import Goal
from specdl.backends.c.library import libraries
from specdl.backends.c.memory import Memory
from specdl.backends.c.plan import SLACK, NativePlan
from specdl.backends.c.runtime import Library, Team
from specdl.backends.c.target import Target
from specdl.backends.torch.bind import DTYPES
from specdl.core.types import BATCH, BYTES, DType, TensorType, aligned
from specdl.loops.fuse import fuse
from specdl.loops.nests import Nests
from specdl.ops.base import Kernel, Layer, Loss, Optimizer, Signature
from specdl.plan.machine import vector_bytes
from specdl.plan.nest_schedule import NestSchedule, schedule
from specdl.plan.place import Place
from specdl.plan.plan import Bytes, fixed_places
from specdl.program.lower import arguments
from specdl.program.program import SCALARS, Instr, Phase, Program
from specdl.testing.plain import (
    LR,
    Env,
    OpFault,
    compare,
    input_names,
    results_of,
    run_plain,
    run_rule,
    shape,
    typed,
)

NATIVE_TOLERANCE: dict[DType, float] = {"float64": 1e-12, "float32": 1e-5}
BEYOND = 3
"""Samples that memory is planned for beyond those of the check: a batch may be smaller than planned."""
OPTION = "-O0"
"""Compiles in a third of the time; what is held here is the C text, not the compiler's work on it."""
STEPS = (1, 7)


@dataclass(frozen=True)
class Case:
    """One instruction as a program, with some of its results wanted."""

    program: Program
    results: Mapping[str, TensorType]
    """What the kernel has of results, by argument, with numbers for every axis."""
    step: int = 1
    """Its number, from 1, where the instruction is an update."""

    @cached_property
    def nests(self) -> Nests:
        """What it becomes."""
        return fuse(self.program, whole=True)

    @property
    def is_native(self) -> bool:
        """Whether nothing of it is left to torch."""
        return all(nest.kind != "torch" for nest in self.nests.nests)

    @property
    def instr(self) -> Instr:
        return self.program.instrs[0]

    def __str__(self) -> str:
        step = f", t={self.step}" if self.instr.phase == "update" else ""
        return f"{self.instr.phase}: wanted {', '.join(self.instr.wanted)}{step}"

    def meaning(self, env: Env) -> Env:
        """What the wanted results are for these values."""
        op = self.instr.op
        if isinstance(op, Optimizer):
            return run_rule(op, {name: env[name] for name in ("p", "g", *op.state())}, LR, self.step)
        assert isinstance(op, Layer | Loss)
        return run_plain(op, self.instr.phase, env, self.results)


@dataclass(frozen=True)
class Built:
    """The cases of an op in one precision as a plan, each a schedule by its place in `cases`."""

    dtype: DType
    cases: tuple[Case, ...]
    plan: NativePlan


class NativeCheck:
    """The native code of an op, which is compiled while other checks run; nothing without a compiler.

    `types` are those of `check_op`: their first axis stands for the batch. A kernel has no
    native code, nor has a formula that only torch can run.
    """

    def __init__(self, op: Layer | Loss | Optimizer, types: tuple[TensorType, ...], env: Env) -> None:
        self.env = env
        batched = isinstance(op, Optimizer) or types[0].shape
        self.rows = 1 if isinstance(op, Optimizer) or not batched else shape(types[0])[0]
        self.built: list[Built] = []
        self.compiled: Future[list[CDLL]] | None = None
        toolchain = find() if batched and not isinstance(op, Kernel) else None
        if toolchain is None:
            return
        for dtype in NATIVE_TOLERANCE:
            cases = updates(op, types[0], dtype) if isinstance(op, Optimizer) else uses(op, types, env, dtype)
            held = tuple(case for case in cases if case.is_native)
            if not held:
                return
            self.built.append(Built(dtype, held, plan_of(held, self.rows + BEYOND, dtype)))
        self.compiled = self.compile(toolchain)

    def compile(self, toolchain: Toolchain) -> Future[list[CDLL]]:
        """The parts of the library of each precision, once they are there."""
        sources = [text for built in self.built for text in built.plan.sources["whole"]]
        options = (*flags(toolchain, vector_bytes()), OPTION)
        worker = ThreadPoolExecutor(1)
        compiled = worker.submit(libraries, sources, toolchain, options)
        worker.shutdown(wait=False)
        return compiled

    def hold(self) -> None:
        """Compare what the code makes of the values with the formulas.

        Raises `OpFault` if it differs, by more than 1e-5 in float32 and 1e-12 in float64, or if
        something that is only read is changed.
        """
        if self.compiled is None:
            return
        made = iter(self.compiled.result())
        for built in self.built:
            rounded = {
                name: value.to(DTYPES[built.dtype]).double() if value.is_floating_point() else value
                for name, value in self.env.items()
            }
            parts = [next(made) for _ in built.plan.sources["whole"]]
            loaded = Library(parts, BYTES[built.dtype])
            for number, case in enumerate(built.cases):
                self.hold_case(Bound(str(number), Memory(built.plan), loaded, Team.of(1)), case, rounded)

    def hold_case(self, bound: Bound, case: Case, env: Env) -> None:
        """One case on memory that is NaN all over but for what it reads."""
        memory, program, rows = bound.memory, case.program, self.rows
        memory.block.fill_(0xFF)
        for name in (*program.inputs, *program.parameters, *program.state):
            memory.value(bound.schedule, name, rows).copy_(env[name])
        before = memory.bytes["batch"].clone()
        bound.run(rows, LR, case.step)
        if not torch.equal(memory.bytes["batch"], before):
            raise OpFault(f"{case} (native) changes what is only read")
        expected, dtype = case.meaning(env), memory.plan.goal.target.dtype
        for arg, value in case.instr.wanted.items():
            got = memory.value(bound.schedule, value, rows)
            compare(f"{case}: `{arg}` (native {dtype})", got, expected[arg], NATIVE_TOLERANCE[dtype])


def uses(op: Layer | Loss, types: tuple[TensorType, ...], env: Env, dtype: DType) -> Iterator[Case]:
    """Forward and backward: all that could be wanted of them, and each result alone."""
    signature: Signature = op.signature(*(symbolic(type) for type in types))  # type: ignore[union-attr]
    known = dict(zip(input_names(op, len(types)), map(symbolic, types), strict=True))
    known |= {name: TensorType(param.shape) for name, param in signature.params.items()}
    known |= results_of(op, signature)
    known |= {f"d{name}": type for name, type in known.items()}
    known = {name: typed(type, dtype) for name, type in known.items() if name in env}
    phases: tuple[Phase, ...] = ("forward", "backward")
    for phase in phases:
        reads, writes = arguments(op, phase, {name: name for name in known})
        results = {name: known[name] for name in writes if name in known}
        for wanted in wanted_sets(tuple(results)):
            instr = Instr(
                phase,
                "op",
                op,
                reads,
                {name: f"{name}'" if name in wanted else None for name in results},
                {name: type for name, type in results.items() if name not in wanted},
            )
            made = {f"{name}'": results[name] for name in wanted}
            program = Program(known | made, tuple(reads), (), (instr,), tuple(made), {})
            yield Case(program.verify(), {n: TensorType(tuple(env[n].shape)) for n in results})


def updates(op: Optimizer, type: TensorType, dtype: DType) -> Iterator[Case]:
    """The update at its first step and at a later one."""
    kept = ("p", *op.state())
    types = dict.fromkeys((*kept, "g", *(f"{name}'" for name in kept)), typed(type, dtype))
    reads, _ = arguments(op, "update", {name: name for name in (*kept, "g", *SCALARS)})
    instr = Instr("update", "p", op, reads, {f"new_{name}": f"{name}'" for name in kept})
    carries = {f"{name}'": name for name in kept}
    program = Program(types, ("g",), ("p",), (instr,), (), {}, state=kept[1:], carries=carries).verify()
    for step in STEPS:
        yield Case(program, {}, step)


def symbolic(type: TensorType) -> TensorType:
    """The type with the batch for its first axis."""
    return type.with_shape(BATCH, *type.shape[1:])


def wanted_sets(names: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """All of the results, and each alone."""
    yield names
    if len(names) > 1:
        yield from ((name,) for name in names)


def plan_of(cases: Sequence[Case], rows: int, dtype: DType) -> NativePlan:
    """The cases over one memory, each a schedule under its number, with one library for all."""
    goal = Goal(Target(dtype, vector_bytes()), rows, threads=1, blas=False)
    fixed, sizes = fixed_places({str(n): case.program for n, case in enumerate(cases)}, rows)
    assembler = Assembler(goal)
    schedules: dict[str, NestSchedule] = {}
    for number, case in enumerate(cases):
        schedules[str(number)], size = schedule(case.nests, fixed, rows, goal.target.lanes)
        sizes["activations"] = max(sizes["activations"], size)
    code = {name: assembler.add(each) for name, each in schedules.items()}
    slots: dict[str, Place] = {}
    for name, each in code.items():
        slots[name] = Place("scalars", sizes["scalars"])
        sizes["scalars"] += aligned(len(each.slots) * BYTES[dtype])
    sizes["scratch"] = aligned(max(each.scratch for each in code.values()) * BYTES[dtype])
    sizes["slack"] = SLACK
    sources = {"whole": assembler.sources()}
    nothing = Bytes(*[0] * len(fields(Bytes)))
    plan = NativePlan(rows, 1, sizes, schedules, code, slots, {}, sources, nothing, goal)
    return plan.verify()
