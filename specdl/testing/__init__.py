"""The contract of an op: what `check_op` holds every op to, the package's and plug-ins' alike.

The formula on plain float64 tensors is the meaning. It is checked against central
differences; its rendering to torch calls is checked against it, for every subset of the
results that somebody could want, on buffers that start as NaN and without an allocation; and so
is its native code, where there is a C compiler.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch

from specdl.core.types import TensorType
from specdl.ops.base import Formula, Layer, Loss, Optimizer, Signature
from specdl.testing.native import STEPS, NativeCheck
from specdl.testing.plain import (
    LR,
    Env,
    OpFault,
    Tensor,
    compare,
    input_names,
    results_of,
    run_plain,
    run_rule,
    sample,
    shape,
)
from specdl.testing.rendered import RENDERED_TOLERANCE, allocations, check_rendered, run_update

STEP = 1e-3
GRADIENT_TOLERANCE = 1e-7


def check_op(
    op: Layer | Loss | Optimizer,
    *types: TensorType,
    given: Mapping[str, Tensor] | None = None,
    seed: int = 0,
    natively: bool = True,
) -> Env:
    """Hold an op to its contract on inputs of these types; every value by argument, in float64.

    `types` are those of the inputs (a loss's output and target, an optimiser's parameter), with
    numbers for every axis. Inputs and parameters are drawn by `seed`, away from the points
    where the op says its derivative jumps; `given` sets some of them instead. Native code is
    compiled and run only if `natively`, and where there is a C compiler.

    Raises `OpFault` if a result has another shape than declared, keeps a cell unwritten or adds
    to what is there; if a gradient differs from central differences by more than 1e-7; if a
    rendering differs from the formula, changes what it reads, writes what nobody wants or
    allocates; if native code differs from the formula or changes what it reads.

    >>> from specdl.core.types import TensorType
    >>> from specdl.ops.activations.tanh import Tanh
    >>> sorted(check_op(Tanh(), TensorType((4, 7))))
    ['dx', 'dy', 'x', 'y']
    """
    generator = torch.Generator().manual_seed(seed)
    if isinstance(op, Optimizer):
        return check_update(op, types[0], generator, natively)
    signature, env = sample(op, types, generator)
    env |= fitting(given or {}, env)
    env |= run_plain(op, "forward", env, results_of(op, signature))
    if isinstance(op, Layer):
        for name, type in signature.out.items():
            env[f"d{name}"] = torch.randn(shape(type), generator=generator, dtype=torch.float64)
    inputs = input_names(op, len(types))
    floats = [name for name in (*inputs, *signature.params) if env[name].is_floating_point()]
    wanted = {f"d{name}": TensorType(tuple(env[name].shape)) for name in floats if name != "target"}
    backward = run_plain(op, "backward", env, wanted)
    check_gradients(op, signature, env, backward, generator)
    native = NativeCheck(op, types, env | backward) if natively else None
    for dtype in RENDERED_TOLERANCE:
        check_rendered(op, "forward", env, results_of(op, signature), dtype)
        check_rendered(op, "backward", env, wanted, dtype)
    if native is not None:
        native.hold()
    return env | backward


def fitting(given: Mapping[str, Tensor], env: Env) -> Env:
    """Values given in place of drawn ones, in float64; raises `OpFault` for one the op does not take."""
    for name, value in given.items():
        if name not in env or value.shape != env[name].shape:
            have = ", ".join(f"{each} {list(tensor.shape)}" for each, tensor in env.items())
            raise OpFault(f"`given` has `{name}` of shape {list(value.shape)}; the op takes {have}")
    return {name: value.double() if value.is_floating_point() else value for name, value in given.items()}


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


def check_update(op: Optimizer, type: TensorType, generator: torch.Generator, natively: bool) -> Env:
    """Hold an optimiser to its contract: at the first step and at a later one, in place."""
    kept = ("p", *op.state())
    env: Env = {
        name: torch.rand(shape(type), generator=generator, dtype=torch.float64) + 0.1 for name in (*kept, "g")
    }
    native: NativeCheck | None = None
    new: Env = {}
    for t in STEPS:
        new = run_rule(op, env, LR, t)
        for name, value in new.items():
            if torch.isnan(value).any():
                raise OpFault(f"update: `{name}` has cells that are NaN or were never written")
        check_elementwise(op, env, new, t)
        if natively and native is None:
            native = NativeCheck(op, (type,), env)
        for dtype in RENDERED_TOLERANCE:
            rendered = run_update(op, env, t, dtype)
            for name, value in new.items():
                what = f"update: `{name}` ({dtype}, t={t})"
                compare(what, rendered[name], value, RENDERED_TOLERANCE[dtype])
    if native is not None:
        native.hold()
    return env | new


def check_elementwise(op: Optimizer, env: Env, new: Env, t: float) -> None:
    """Fail unless an update of all parameters as one vector is the update of each, whatever lies beside."""
    beside = {name: torch.cat((value.reshape(-1), value.reshape(-1) * 3 + 1)) for name, value in env.items()}
    joined = run_rule(op, beside, LR, t)
    for name, value in new.items():
        if not torch.allclose(joined[name][: value.numel()], value.reshape(-1), rtol=1e-12, atol=1e-14):
            raise OpFault(f"update: `{name}` depends on elements beside its own, so updates cannot be joined")


__all__ = ["Formula", "OpFault", "allocations", "check_op"]
