"""An op's torch calls on planned buffers: beside its meaning, and what they do that they must not."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

import torch

from specdl.backends.torch.bind import DTYPES, Arenas, Binding
from specdl.core.types import DType, TensorType
from specdl.ops.base import Kernel, Layer, Loss, Optimizer
from specdl.plan.plan import make
from specdl.program.calls import CallList, Ref
from specdl.program.lower import arguments
from specdl.program.program import SCALARS, Instr, Phase, Program
from specdl.testing.plain import LR, Env, OpFault, Tensor, compare, run_plain, typed

RENDERED_TOLERANCE: dict[DType, float] = {"float64": 1e-12, "float32": 2e-5}


def subsets(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Every choice of at least one name, all of them first."""
    names = tuple(names)
    for count in range(len(names), 0, -1):
        yield from combinations(names, count)


def check_rendered(
    op: Layer | Loss, phase: Phase, env: Env, writes: Mapping[str, TensorType], dtype: DType
) -> None:
    """Compare what torch calls compute with the plain run, for every subset of results."""
    expected = run_plain(op, phase, env, writes)
    reads, _ = arguments(op, phase, dict.fromkeys(env, ""))
    for wanted in subsets(writes):
        instr = Instr(
            phase,
            "op",
            op,
            {name: name for name in reads},
            {name: f"{name}'" if name in wanted else None for name in writes},
            {name: typed(writes[name], dtype) for name in writes if name not in wanted},
        )
        results = run_instruction(
            instr, {name: env[name] for name in reads}, writes, dtype, len(wanted) == len(writes)
        )
        for name in wanted:
            compare(
                f"{phase}: `{name}` ({dtype}, wanted {', '.join(wanted)})",
                results[name],
                expected[name],
                RENDERED_TOLERANCE[dtype],
            )


def run_instruction(
    instr: Instr, reads: Env, writes: Mapping[str, TensorType], dtype: DType, profiled: bool
) -> Env:
    """Run one instruction on planned buffers that start as NaN; its results by argument."""
    types = {name: tensor_type(value, dtype) for name, value in reads.items()}
    types |= {value: typed(writes[arg], dtype) for arg, value in instr.wanted.items()}
    results = tuple(instr.wanted.values())
    program = Program(types, tuple(reads), (), (instr,), results, {}).verify()
    plan = make({"check": program}, rows=1).verify()
    schedule, arenas = plan.schedules["check"], Arenas(plan, dtype)
    check_calls(instr, schedule.lists[0])
    binding = Binding(schedule, arenas, 1, dtype)
    buffers = {name: binding.value(name) for name in reads}

    def begin() -> None:
        arenas.bytes["activations"].view(DTYPES[dtype])[:] = torch.nan
        for name, value in reads.items():
            buffers[name].copy_(value)

    binding.write_scalars(1.0, 1)
    begin()
    before = {name: buffer.clone() for name, buffer in buffers.items()}
    run_closures(binding)
    if profiled or isinstance(instr.op, Kernel):
        begin()
        taken = allocations(lambda: run_closures(binding))
        if taken:
            raise OpFault(f"{instr.kernel} allocates {taken} bytes (wanted: {', '.join(instr.wanted)})")
    for name, buffer in buffers.items():
        if not torch.equal(bits(buffer), bits(before[name])):
            raise OpFault(f"{instr.kernel} changes `{name}`, which it reads")
    return {arg: binding.value(value) for arg, value in instr.wanted.items()}


def bits(tensor: Tensor) -> Tensor:
    """A tensor's bytes, which compare equal where both hold NaN."""
    return tensor.reshape(-1).view(torch.uint8)


def tensor_type(value: Tensor, dtype: DType) -> TensorType:
    """The type of a tensor, with the floating dtype of the check."""
    return TensorType(tuple(value.shape), dtype if value.is_floating_point() else "int64")


def check_calls(instr: Instr, calls: CallList) -> None:
    """Every call writes a wanted result or scratch, and what goes to scratch is read later."""
    for number, call in enumerate(calls.calls):
        if call.out.name in calls.scratch:
            later = calls.calls[number + 1 :]
            if not any(
                isinstance(arg, Ref) and arg.name == call.out.name for each in later for arg in each.args
            ):
                raise OpFault(f"{instr.kernel} computes what nobody reads: {call}")
        elif call.out.name not in instr.wanted:
            raise OpFault(f"{instr.kernel} writes `{call.out.name}`, which nobody wants")


def allocations(run: Callable[[], None]) -> int:
    """The bytes of memory that torch allocates while `run` runs, by the profiler's memory events."""
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # else the profiler tells of each start on stderr
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as profile:
        run()
    results: Any = profile.profiler
    events = results.kineto_results.events()
    return sum(max(0, event.nbytes()) for event in events if event.name() == "[memory]")


def run_update(op: Optimizer, env: Env, t: float, dtype: DType) -> Env:
    """Run a rendered update in place; what it hands on, by argument."""
    kept = [name for name in env if name != "g"]
    types = {name: tensor_type(value, dtype) for name, value in env.items()}
    types |= {f"{name}'": types[name] for name in kept}
    reads, _ = arguments(op, "update", {name: name for name in (*env, *SCALARS)})
    instr = Instr("update", "p", op, reads, {f"new_{name}": f"{name}'" for name in kept})
    program = Program(
        types,
        ("g",),
        ("p",),
        (instr,),
        (),
        {},
        state=tuple(op.state()),
        carries={f"{name}'": name for name in kept},
    ).verify()
    plan = make({"check": program}, rows=1).verify()
    binding = Binding(plan.schedules["check"], Arenas(plan, dtype), 1, dtype)
    check_calls(instr, plan.schedules["check"].lists[0])
    binding.write_scalars(LR, int(t))
    for name, value in env.items():
        binding.value(name).copy_(value)
    taken = allocations(lambda: run_closures(binding))
    if taken:
        raise OpFault(f"{instr.kernel} allocates {taken} bytes")
    if not torch.equal(binding.value("g"), env["g"].to(DTYPES[dtype])):
        raise OpFault(f"{instr.kernel} changes `g`, which it reads")
    return {f"new_{name}": binding.value(f"{name}'").clone() for name in kept}


def run_closures(binding: Binding) -> None:
    """Run every closure of a binding once."""
    with torch.inference_mode():
        for closures in binding.closures:
            for closure in closures:
                closure()
