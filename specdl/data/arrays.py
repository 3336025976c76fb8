"""Arrays that a caller passes in Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from specdl.core.diagnostics import Finding
from specdl.core.errors import FindingsError, UsageError
from specdl.core.wording import quoted
from specdl.data.base import DATA, PARTS, Array, Need, Part, Raw, only
from specdl.data.faults import Faults


def from_arrays(arrays: Mapping[str, Any], need: Need) -> Raw:
    """What `specdl.train(spec, data={"train": (x, y), "validation": (x, y)})` passes.

    x and y are arrays, or dicts of them by name; y may be None or left out where the model
    predicts its input. Anything that numpy makes an array of will do, torch tensors on any
    device included. Raises `UsageError` for anything else.
    """
    strange = [name for name in arrays if name not in PARTS]
    if strange or "train" not in arrays:
        what = f"and not {quoted(strange)}" if strange else "and `train` is missing"
        raise UsageError(f"data is given by part, `train`, `validation` and `test`, {what}")
    faults = Faults()
    parts = {}
    for name in PARTS:
        if arrays.get(name) is None:
            continue
        x, y = pair(name, arrays[name])
        inputs = faults.attempt(by_name, x, need.inputs, "x")
        targets = faults.attempt(by_name, y, need.targets, "y")
        if inputs is not None and targets is not None:
            parts[name] = Part(inputs, targets)
    faults.settle()
    return Raw(parts)


def pair(name: str, given: Any) -> tuple[Any, Any]:
    """The x and y of a part."""
    if isinstance(given, tuple | list) and 1 <= len(given) <= 2:
        return given[0], given[1] if len(given) == 2 else None
    raise UsageError(f'data["{name}"] is a {type(given).__name__}, and a pair (x, y) was expected')


def by_name(given: Any, needed: Mapping[str, object], word: str) -> dict[str, Array]:
    """Arrays by the names of inputs or targets; `word` is what messages call one that stands alone."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(name): as_array(value, str(name)) for name, value in given.items()}
    return {only(needed, word): as_array(given, only(needed, word))}


def as_array(value: Any, name: str) -> Array:
    """A value as an array with an axis of samples; raises `FindingsError` (E414) if it is none."""
    try:
        if hasattr(value, "detach") and hasattr(value, "cpu"):
            value = value.detach().cpu()
        array = np.asarray(value)
        if array.dtype.kind == "O":
            array = np.array(array.tolist())
    except (TypeError, ValueError, RuntimeError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise FindingsError([Finding("E414", f"`{name}` cannot be read as an array: {why}", DATA)]) from None
    if array.ndim == 0 or array.dtype.kind not in "biufU":
        what = "a single value" if array.ndim == 0 else f"an array of {array.dtype}"
        message = f"`{name}` is {what}, and an array of numbers with a row for each sample was expected"
        raise FindingsError([Finding("E414", message, DATA)])
    return array
