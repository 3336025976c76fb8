"""An op's meaning: its formula on plain float64 tensors, or a kernel's reference."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from specdl.core.access import access, call_kernel
from specdl.core.types import DType, TensorType
from specdl.ops.base import Kernel, Layer, Loss, Optimizer, Signature
from specdl.program.formulas import family
from specdl.program.lower import spread
from specdl.program.program import Phase

Tensor = torch.Tensor
Env = dict[str, Tensor]
MARGIN = 1e-2
LR = 0.05


class OpFault(AssertionError):  # noqa: N818 - a broken promise of the op, not an error of a user's
    """An op breaks its contract; the message says which promise, with figures."""


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


def run_rule(op: Optimizer, env: Env, lr: float, t: float) -> Env:
    """The meaning of an update: what it hands on, by argument."""
    scalars = {"lr": torch.tensor(lr, dtype=torch.float64), "t": torch.tensor(t, dtype=torch.float64)}
    sinks = {f"new_{n}": Filled(f"new_{n}", TensorType(tuple(env[n].shape))) for n in ("p", *op.state())}
    call_kernel(op.update, None, env | scalars, sinks, absent=Swallow())  # type: ignore[attr-defined]
    return {name: sink.tensor for name, sink in sinks.items()}


def compare(what: str, got: Tensor, expected: Tensor, tolerance: float) -> None:
    """Fail if what was computed differs from the plain run by more than a share of it."""
    scale = (
        expected.abs()
        .clamp(min=float(expected.abs().max()) * 0.1 if expected.numel() else 1.0)
        .clamp(min=1e-30)
    )
    error = float(((got.double() - expected).abs() / scale).max()) if expected.numel() else 0.0
    if not error <= tolerance:
        raise OpFault(f"{what} differs from the formula by {error:.3g}, more than {tolerance:.3g}")


def typed(type: TensorType, dtype: DType) -> TensorType:
    """A type with another floating dtype; indices stay."""
    return TensorType(type.shape, dtype) if type.is_float else type
