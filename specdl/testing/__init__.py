"""The contract of an op: what `check_op` holds every op to, the package's and plug-ins' alike.

The formula on plain float64 tensors is the meaning. It is checked against central
differences; its rendering to torch calls is checked against it, for every subset of the
results that somebody could want, on buffers that start as NaN and without an allocation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import combinations
from typing import Any

import torch

from specdl.backends.torch.bind import DTYPES, Arenas, Binding
from specdl.core.access import access, call_kernel
from specdl.core.types import DType, TensorType
from specdl.ops.base import Formula, Kernel, Layer, Loss, Optimizer, Signature
from specdl.plan.plan import make
from specdl.program.calls import CallList, Ref
from specdl.program.formulas import family
from specdl.program.lower import arguments, spread
from specdl.program.program import SCALARS, Instr, Phase, Program

Tensor = torch.Tensor
Env = dict[str, Tensor]
STEP = 1e-3
MARGIN = 1e-2
GRADIENT_TOLERANCE = 1e-7
RENDERED_TOLERANCE: dict[DType, float] = {"float64": 1e-12, "float32": 2e-5}


class OpFault(AssertionError):  # noqa: N818 - a broken promise of the op, not an error of a user's
    """An op breaks its contract; the message says which promise, with figures."""


def check_op(
    op: Layer | Loss | Optimizer, *types: TensorType, given: Mapping[str, Tensor] | None = None, seed: int = 0
) -> Env:
    """Hold an op to its contract on inputs of these types; every value by argument, in float64.

    `types` are those of the inputs (a loss's output and target, an optimiser's parameter), with
    numbers for every axis. Inputs and parameters are drawn by `seed`, away from the points
    where the op says its derivative jumps; `given` sets some of them instead.

    Raises `OpFault` if a result has another shape than declared, keeps a cell unwritten or adds
    to what is there; if a gradient differs from central differences by more than 1e-7; if a
    rendering differs from the formula, changes what it reads, writes what nobody wants or
    allocates.

    >>> from specdl.core.types import TensorType
    >>> from specdl.ops.activations.tanh import Tanh
    >>> sorted(check_op(Tanh(), TensorType((4, 7))))
    ['dx', 'dy', 'x', 'y']
    """
    generator = torch.Generator().manual_seed(seed)
    if isinstance(op, Optimizer):
        return check_update(op, types[0], generator)
    signature, env = sample(op, types, generator)
    for name, value in (given or {}).items():
        if name not in env or value.shape != env[name].shape:
            have = ", ".join(f"{each} {list(tensor.shape)}" for each, tensor in env.items())
            raise OpFault(f"`given` has `{name}` of shape {list(value.shape)}; the op takes {have}")
    env |= {
        name: value.double() if value.is_floating_point() else value for name, value in (given or {}).items()
    }
    env |= run_plain(op, "forward", env, results_of(op, signature))
    if isinstance(op, Layer):
        for name, type in signature.out.items():
            env[f"d{name}"] = torch.randn(shape(type), generator=generator, dtype=torch.float64)
    inputs = input_names(op, len(types))
    floats = [name for name in (*inputs, *signature.params) if env[name].is_floating_point()]
    wanted = {f"d{name}": TensorType(tuple(env[name].shape)) for name in floats if name != "target"}
    backward = run_plain(op, "backward", env, wanted)
    check_gradients(op, signature, env, backward, generator)
    for dtype in RENDERED_TOLERANCE:
        check_rendered(op, "forward", env, results_of(op, signature), dtype)
        check_rendered(op, "backward", env, wanted, dtype)
    return env | backward


def input_names(op: Layer | Loss, count: int) -> list[str]:
    """The names of an op's inputs as its kernels read them."""
    if isinstance(op, Loss):
        return ["x", "target"]
    variadic = access(type(op).signature).variadic  # type: ignore[attr-defined]
    return [f"{variadic}{i}" for i in range(count)] if variadic else list(access(type(op).signature).reads)  # type: ignore[attr-defined]


def shape(type: TensorType) -> tuple[int, ...]:
    """A type's shape, which has no symbolic axis here."""
    return tuple(dim for dim in type.shape if isinstance(dim, int))


def results_of(op: Layer | Loss, signature: Signature) -> dict[str, TensorType]:
    """What forward writes, by argument."""
    return {**signature.out, **signature.saved}


def sample(
    op: Layer | Loss, types: tuple[TensorType, ...], generator: torch.Generator
) -> tuple[Signature, Env]:
    """The op's signature for these inputs, and inputs and parameters drawn away from its kinks."""
    signature: Signature = op.signature(*types)  # type: ignore[union-attr]
    env: Env = {}
    for name, type in zip(input_names(op, len(types)), types, strict=True):
        if type.dtype == "int64":
            env[name] = torch.randint(0, shape(types[0])[-1], shape(type), generator=generator)
        else:
            env[name] = torch.randn(shape(type), generator=generator, dtype=torch.float64)
    for name, param in signature.params.items():
        env[name] = torch.randn(param.shape, generator=generator, dtype=torch.float64)
    for name, points in getattr(op, "avoid", {}).items():
        for point in points:
            move_away(env[name], env[point] if isinstance(point, str) else torch.tensor(float(point)))
    return signature, env


def move_away(x: Tensor, point: Tensor) -> None:
    """Move what is closer than `MARGIN` to a point to twice that distance."""
    x.copy_(torch.where((x - point).abs() < MARGIN, point + 2 * MARGIN, x))


class Filled:
    """A result of a plain run: a tensor of NaN that must be written whole, in its own shape."""

    def __init__(self, name: str, type: TensorType) -> None:
        self.name, self.tensor = name, torch.full(shape(type), torch.nan, dtype=torch.float64)
        self.shape = self.tensor.shape

    def __setitem__(self, where: slice, value: Any) -> None:
        if isinstance(value, torch.Tensor) and value.shape != self.shape:
            raise OpFault(f"`{self.name}` is {list(self.shape)}, but what is written is {list(value.shape)}")
        self.tensor[...] = value


class Swallow:
    """A result the op does not have."""

    def __setitem__(self, where: slice, value: Any) -> None:
        pass


def run_plain(op: Layer | Loss, phase: Phase, env: Env, writes: Mapping[str, TensorType]) -> Env:
    """The meaning of a phase: the formula on plain tensors, or a kernel's reference."""
    if isinstance(op, Kernel):
        reference = getattr(op, f"reference_{phase}")
        kernel = access(reference.__func__)
        names = [
            each for name in kernel.reads for each in spread(name, kernel.variadic, dict.fromkeys(env, ""))
        ]
        results: Env = reference(*(env.get(name) for name in names))
        results = {name: results[name] for name in writes}
    else:
        sinks = {name: Filled(name, type) for name, type in writes.items()}
        call_kernel(getattr(op, phase), family(op), env, sinks, absent=Swallow())
        results = {name: sink.tensor for name, sink in sinks.items()}
    for name, value in results.items():
        if value.shape != shape(writes[name]):
            raise OpFault(f"{phase}: `{name}` is {list(value.shape)}, declared {writes[name]}")
        if torch.isnan(value).any():
            raise OpFault(f"{phase}: `{name}` has cells that are NaN or were never written")
    return results


def check_gradients(
    op: Layer | Loss, signature: Signature, env: Env, backward: Env, generator: torch.Generator
) -> None:
    """Compare each gradient with five-point central differences along one random direction."""

    def objective(values: Env) -> float:
        out = run_plain(op, "forward", values, results_of(op, signature))
        if isinstance(op, Loss):
            return float(out["loss"])
        return sum(float((out[name] * env[f"d{name}"]).sum()) for name in signature.out)

    for gradient, value in backward.items():
        name = gradient.removeprefix("d")
        direction = torch.randn(value.shape, generator=generator, dtype=torch.float64)
        direction /= direction.norm()

        def along(distance: float, name: str = name, direction: Tensor = direction) -> float:
            return objective(env | {name: env[name] + distance * direction})

        numeric = (8 * (along(STEP) - along(-STEP)) - (along(2 * STEP) - along(-2 * STEP))) / (12 * STEP)
        exact = float((value * direction).sum())
        rounding = 4 * torch.finfo(torch.float64).eps * abs(along(0.0)) / STEP
        if not abs(numeric - exact) <= GRADIENT_TOLERANCE * max(1e-3, abs(numeric), abs(exact)) + rounding:
            raise OpFault(
                f"`{gradient}` along a direction is {exact!r}, central differences give {numeric!r}"
            )


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
                dtype,
            )


def typed(type: TensorType, dtype: DType) -> TensorType:
    """A type with another floating dtype; indices stay."""
    return TensorType(type.shape, dtype) if type.is_float else type


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
    with torch.profiler.profile(
        activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True
    ) as profile:
        run()
    results: Any = profile.profiler
    events = results.kineto_results.events()
    return sum(max(0, event.nbytes()) for event in events if event.name() == "[memory]")


def compare(what: str, got: Tensor, expected: Tensor, dtype: DType) -> None:
    """Fail if a rendering differs from the plain run by more than its tolerance."""
    tolerance = RENDERED_TOLERANCE[dtype]
    scale = (
        expected.abs()
        .clamp(min=float(expected.abs().max()) * 0.1 if expected.numel() else 1.0)
        .clamp(min=1e-30)
    )
    error = float(((got.double() - expected).abs() / scale).max()) if expected.numel() else 0.0
    if not error <= tolerance:
        raise OpFault(f"{what} differs from the formula by {error:.3g}, more than {tolerance:.3g}")


def check_update(op: Optimizer, type: TensorType, generator: torch.Generator) -> Env:
    """Hold an optimiser to its contract: at the first step and at a later one, in place."""
    kept = ("p", *op.state())
    env: Env = {
        name: torch.rand(shape(type), generator=generator, dtype=torch.float64) + 0.1 for name in (*kept, "g")
    }
    new: Env = {}
    for t in (1.0, 7.0):
        scalars = {"lr": torch.tensor(0.05, dtype=torch.float64), "t": torch.tensor(t, dtype=torch.float64)}
        sinks = {f"new_{name}": Filled(f"new_{name}", type) for name in kept}
        call_kernel(op.update, None, env | scalars, sinks, absent=Swallow())  # type: ignore[attr-defined]
        new = {name: sink.tensor for name, sink in sinks.items()}
        for name, value in new.items():
            if torch.isnan(value).any():
                raise OpFault(f"update: `{name}` has cells that are NaN or were never written")
        check_elementwise(op, env, scalars, new)
        for dtype in RENDERED_TOLERANCE:
            rendered = run_update(op, env, t, dtype)
            for name, value in new.items():
                compare(f"update: `{name}` ({dtype}, t={t:g})", rendered[name], value, dtype)
    return env | new


def check_elementwise(op: Optimizer, env: Env, scalars: Env, new: Env) -> None:
    """Fail unless an update of all parameters as one vector is the update of each, whatever lies beside."""
    beside = {name: torch.cat((value.reshape(-1), value.reshape(-1) * 3 + 1)) for name, value in env.items()}
    sinks = {name: Filled(name, TensorType((2 * value.numel(),))) for name, value in new.items()}
    call_kernel(op.update, None, beside | scalars, sinks, absent=Swallow())  # type: ignore[attr-defined]
    for name, value in new.items():
        if not torch.allclose(sinks[name].tensor[: value.numel()], value.reshape(-1), rtol=1e-12, atol=1e-14):
            raise OpFault(f"update: `{name}` depends on elements beside its own, so updates cannot be joined")


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
    binding.write_scalars(0.05, int(t))
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


__all__ = ["Formula", "OpFault", "allocations", "check_op"]
