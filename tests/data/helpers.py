"""Needs, readings and specs to load, and findings as text."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from specdl.core.diagnostics import Finding, path_text
from specdl.core.errors import FindingsError
from specdl.core.types import BATCH, TensorType
from specdl.data.base import Data, DataSpec, Need, Reading, Source
from specdl.data.load import load


def f32(*shape: int) -> TensorType:
    return TensorType((BATCH, *shape))


def f64(*shape: int) -> TensorType:
    return TensorType((BATCH, *shape), "float64")


def i64(*shape: int) -> TensorType:
    return TensorType((BATCH, *shape), "int64")


def classes(n: int, input: TensorType | None = None, encode: str = "index", **more: Any) -> Need:
    """A model with one input and an output of n scores, whose target is a class number."""
    target = i64() if encode == "index" else f32(n)
    return Need({"input": input or f32(2)}, {"target": target}, {"target": encode}, {"target": n}, **more)


def values(*shape: int, input: TensorType | None = None, **more: Any) -> Need:
    """A model with one input, whose target is values of a shape."""
    return Need({"input": input or f32(2)}, {"target": f32(*shape)}, {"target": "value"}, **more)


def reading(need: Need, folder: Path = Path(), seed: int = 0, **more: Any) -> Reading:
    return Reading(need, seed, folder, **more)


def loaded(
    source: Source | None, need: Need, folder: Path = Path(), arrays: Any = None, **options: Any
) -> Data:
    options.setdefault("batch_size", 1)
    target = options.pop("target", None)
    given = {} if target is None else {"target": target}
    return load(DataSpec(source=source, **given, **options), reading(need, folder), arrays)


def lines(findings: Sequence[Finding]) -> list[str]:
    """Findings in full, one text line for each of their lines."""
    told = []
    for each in findings:
        told.append(f"{each.code} {path_text(each.path)}: {each.message}")
        told += [f"  note: {note.message}{standing(note)}" for note in each.notes]
        told += [f"  help: {each.help}"] if each.help else []
    return told


def complaints(do: Callable[..., Any], *args: Any, **options: Any) -> list[str]:
    """What a call that must fail finds."""
    with pytest.raises(FindingsError) as caught:
        do(*args, **options)
    return lines(caught.value.findings)


def standing(note):
    """Where a note leads to in another file, as it is told."""
    if note.spot is None:
        return ""
    return f" at {note.spot.file}:{note.spot.position.line}:{note.spot.position.column}"
