"""What the language of formulas means: each function on plain torch tensors.

A formula run on float64 tensors uses these, and is the op's meaning; renderings are
tested against it. Numbers may stand wherever a tensor may.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from specdl.core.lazy import torch

Tensor = Any


def tensors(*values: Any) -> list[Tensor]:
    """All arguments as tensors of the dtype of those that are."""
    like = next((v for v in values if isinstance(v, torch.Tensor) and v.dtype != torch.bool), None)
    dtype = torch.float64 if like is None else like.dtype
    return [v if isinstance(v, torch.Tensor) else torch.tensor(v, dtype=dtype) for v in values]


def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)), exact to rounding for large arguments of either sign."""
    (x,) = tensors(x)
    return torch.clamp(x, min=0) + torch.log1p(torch.exp(-torch.abs(x)))


def torch_map(name: str) -> Callable[..., Tensor]:
    """Torch's function of that name, for tensors and numbers."""
    return lambda *values: getattr(torch, name)(*tensors(*values))


MAP: dict[str, Callable[..., Tensor]] = {
    name: torch_map(name)
    for name in (
        "add sub mul div neg pow maximum minimum where exp log log1p sqrt rsqrt erf tanh sigmoid abs sign"
    ).split()
} | {"softplus": softplus, "eq": torch_map("eq")}


def sum_axes(x: Tensor, axes: Sequence[int], keepdim: bool) -> Tensor:
    """The sum over axes; none leaves x as it is."""
    return torch.sum(x, tuple(axes), keepdim=keepdim) if axes else x


def max_axes(x: Tensor, axes: Sequence[int], keepdim: bool) -> Tensor:
    """The maximum over axes; none leaves x as it is."""
    return torch.amax(x, tuple(axes), keepdim=keepdim) if axes else x


REDUCE: dict[str, Callable[[Tensor, Sequence[int], bool], Tensor]] = {"sum": sum_axes, "max": max_axes}


def one_hot(index: Tensor, like: Tensor) -> Tensor:
    """1 where the place along the last axis of `like` is `index`, else 0."""
    return (torch.arange(like.shape[-1]) == index[..., None]).to(like.dtype)


def concat(parts: Sequence[Tensor], axis: int) -> Tensor:
    """Tensors beside one another along an axis."""
    return torch.cat(tuple(parts), axis)
