"""What a caller gives a model: arrays, learning rates and class numbers, checked before they are used."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from specdl.core.errors import UsageError

Tensor = torch.Tensor


def as_tensor(what: str, value: Any) -> Tensor:
    """Anything that holds real numbers as a tensor in memory; raises `UsageError` for what does not."""
    if not isinstance(value, Tensor):
        value = torch.from_numpy(as_array(what, value))
    if value.is_complex() or value.layout != torch.strided or value.device.type == "meta":
        raise UsageError(f"`{what}` is no dense tensor of real numbers: {value.dtype}, {value.layout}")
    tensor: Tensor = value.detach()
    return tensor


def as_array(what: str, value: Any) -> np.ndarray[Any, Any]:
    """A numpy array that torch can take: of numbers, writable, in this machine's order, read forwards."""
    try:
        array = np.asarray(value)
    except (TypeError, ValueError, RuntimeError) as error:
        raise UsageError(f"`{what}` is no array of numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        raise UsageError(f"`{what}` is no array of real numbers, but of {array.dtype}")
    as_is = array.flags.writeable and array.dtype.isnative and all(step >= 0 for step in array.strides)
    return array if as_is else array.astype(array.dtype.newbyteorder("="))


def learning_rate(lr: Any) -> float:
    """A learning rate as a number; raises `UsageError` if it is none."""
    try:
        rate = float(lr)
    except (TypeError, ValueError, OverflowError):
        rate = math.nan
    if not math.isfinite(rate):
        raise UsageError(f"`lr` is {str(lr)[:40]}, and must be a finite number")
    return rate


def require_classes(name: str, target: Tensor, classes: int) -> None:
    """Raise `UsageError` if a target of class numbers names a class that there is not."""
    if not target.numel():
        return
    low, high = int(target.min()), int(target.max())
    if low < 0 or high >= classes:
        wrong = low if low < 0 else high
        row = int((target == wrong).nonzero()[0, 0])
        raise UsageError(f"`y[{name!r}]` has class {wrong} in row {row}; the classes are 0 to {classes - 1}")
