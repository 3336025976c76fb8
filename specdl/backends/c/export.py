"""A model as C that stands alone: a source, a header, a table of names, and perhaps a file of weights."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from specdl.backends.c.export_face import Face
from specdl.backends.c.export_header import header
from specdl.backends.c.export_source import source
from specdl.core.errors import UsageError

Array = np.ndarray[Any, Any]


def export(
    face: Face, weights: Mapping[str, Array], more: Mapping[str, Any] | None = None
) -> dict[str, bytes]:
    """The files of a model by name.

    `weights` are by the spec's names, in torch's layout; `more` is put into the table of names, the
    only file that has words of the spec in it.
    """
    dtype = np.dtype(face.plan.target.dtype)
    dense = {name: np.ascontiguousarray(array, dtype) for name, array in weights.items()}
    for parameter in face.plan.parameters:
        have = dense[parameter.name].shape
        if have != parameter.shape:
            raise UsageError(f"`{parameter.name}` is {list(have)}, the model's is {list(parameter.shape)}")
    table = {"version": 1, **face.table(), **(more or {})}
    files = {
        f"{face.name}.c": source(face, dense).encode("ascii"),
        f"{face.name}.h": header(face).encode("ascii"),
        f"{face.name}.json": f"{json.dumps(table, indent=2, ensure_ascii=False)}\n".encode(),
    }
    if not face.inside:
        little = dtype.newbyteorder("<")
        files[f"{face.name}.bin"] = b"".join(
            dense[each.name].astype(little).tobytes() for each in face.plan.parameters
        )
    return files


__all__ = ["export"]
