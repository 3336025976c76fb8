"""What tests of ops share: agreement with torch's own modules, and single kernels at chosen inputs."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from specdl.core.types import TensorType
from specdl.ops.base import Layer, Loss
from specdl.program.lower import arguments
from specdl.program.program import Instr
from specdl.testing.plain import results_of, run_plain
from specdl.testing.rendered import run_instruction

Tensor = torch.Tensor
SHAPES = [(4, 7), (7, 4), (2, 3, 5), (1, 6), (6, 1), (1, 1), (3, 1, 4), (1, 2, 1), (2, 3, 2, 5)]
"""Unequal sizes, a size of one at every place, and more axes than two."""


def close(got: Tensor, wanted: Tensor, tolerance: float = 1e-12) -> None:
    torch.testing.assert_close(got, wanted.detach(), rtol=tolerance, atol=tolerance)


def agrees(env: Mapping[str, Tensor], function: Callable[..., Tensor], **names: str) -> None:
    """Hold what `check_op` returned to torch: the result, and by autograd every gradient.

    `names` are the function's arguments, as names in `env`.
    """
    given = {
        arg: env[name].clone().requires_grad_(env[name].is_floating_point()) for arg, name in names.items()
    }
    y = function(**given)
    loss = "loss" in env
    close(env["loss" if loss else "y"], y)
    y.backward(None if loss else env["dy"])
    for arg, name in names.items():
        if f"d{name}" in env:
            close(env[f"d{name}"], given[arg].grad)


def rendered(op: Any, phase: str, reads: Mapping[str, Tensor], dtype: str = "float64") -> dict[str, Tensor]:
    """What the torch calls of an op compute for given values; results have the shapes of `shaped`."""
    env = dict(reads)
    types = [TensorType(tuple(env[name].shape), dtype_of(env[name])) for name in inputs(op) if name in env]
    signature = op.signature(*types)
    writes = results_of(op, signature)
    if phase == "backward":
        writes = {f"d{n}": TensorType(tuple(env[n].shape)) for n in ("x",) if n in env}
    names, _ = arguments(op, phase, dict.fromkeys(env, ""))
    instr = Instr(phase, "op", op, {n: n for n in names}, {n: f"{n}'" for n in writes})
    return run_instruction(instr, {n: env[n] for n in names}, writes, dtype, True)


def inputs(op: Layer | Loss) -> tuple[str, ...]:
    return ("x", "target") if isinstance(op, Loss) else ("x",)


def dtype_of(x: Tensor) -> str:
    return "float64" if x.is_floating_point() else "int64"


def plain(op: Any, phase: str, reads: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What an op means for given values: its formula on plain tensors."""
    env = dict(reads)
    if phase == "forward":
        types = [TensorType(tuple(env[n].shape), dtype_of(env[n])) for n in inputs(op) if n in env]
        return run_plain(op, phase, env, results_of(op, op.signature(*types)))
    return run_plain(op, phase, env, {"dx": TensorType(tuple(env["x"].shape))})


def both(op: Any, phase: str, **reads: Tensor) -> dict[str, Tensor]:
    """The meaning of a phase, once it was seen that the torch calls in float64 agree with it."""
    meant = plain(op, phase, reads)
    for name, value in rendered(op, phase, reads).items():
        close(value, meant[name])
    return meant
