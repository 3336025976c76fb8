"""How much memory the samples of files will take, as far as that is told before they are read."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.errors import FindingsError
from specdl.data.base import Ahead, DataSpec, Need, Reading
from specdl.data.numpy_files import UNREADABLE, header
from specdl.data.paths import resolve

SAMPLE = 1 << 16
"""Bytes of a text file by which its rows are counted."""
CELL = 8
"""Bytes of a number as it is read from text, and of the line that a row stands on."""


def ahead(spec: DataSpec, reading: Reading) -> Ahead | None:
    """The bytes that the samples of a spec's files will take; None where nothing tells.

    Npy files are mapped, so that only what is made of them counts; an npz file's arrays are read
    whole, and so are tables. Files that cannot be had count nothing: reading says why.
    """
    source = spec.source
    if source is None or source.type not in ("npy", "npz", "csv"):
        return None
    files: dict[Path, DocumentPath] = {}
    for place, name in source.files().items():
        try:
            files.setdefault(resolve(name, reading.folder, reading.allowed, place), place)
        except FindingsError:
            continue
    if not files:
        return None
    if source.type == "npy":
        return Ahead(sum(of_npy(file, place, reading.need) for file, place in files.items()))
    if source.type == "npz":
        return Ahead(sum(of_npz(file, reading.need) for file in files), exact=False)
    return Ahead(sum(of_csv(file, source, reading.need) for file in files), exact=False)


def of_npy(file: Path, place: DocumentPath, need: Need) -> int:
    """The bytes of an array's samples in the type that a model takes, as its header tells.

    `place` is where the source names the file: its part, `x` or `y`, and perhaps a name.
    """
    try:
        with file.open("rb") as handle:
            shape, dtype = header(handle)
            whole = prod(shape) * dtype.itemsize <= file.stat().st_size
    except UNREADABLE:
        return 0
    if not whole:  # it is cut short, as reading will say
        return 0
    types = need.inputs if place[1] == "x" else need.targets
    type = types.get(str(place[-1])) if len(place) > 2 else next(iter(types.values()))
    return shape[0] * type.nbytes(1) if shape and type else 0


def of_npz(file: Path, need: Need) -> int:
    """About the bytes of a file's arrays, as they are stored and in the type that a model takes."""
    total = 0
    try:
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                with archive.open(member) as handle:
                    shape, dtype = header(handle)
                if prod(shape) * dtype.itemsize > member.file_size:
                    return 0
                total += prod(shape) * (dtype.itemsize + itemsize(need))
    except UNREADABLE:
        return 0
    return total


def itemsize(need: Need) -> int:
    """The fewest bytes that a number takes in a model's inputs."""
    sizes = {"float32": 4, "bfloat16": 4, "float64": 8, "int64": 8, "bool": 1}
    return min(sizes[type.dtype] for type in need.inputs.values())


def of_csv(file: Path, source: Any, need: Need) -> int:
    """About the bytes of a table: its first rows tell how long a row is, and the file how many there are."""
    try:
        size = file.stat().st_size
        with file.open("rb") as handle:
            rows = list(whole_rows(handle, source.delimiter))
    except (OSError, csv.Error):
        return 0
    if not rows:
        return 0
    samples = size * len(rows) // sum(count for count, _ in rows)
    width = sum(type.numel(1) for type in (*need.inputs.values(), *need.targets.values()))
    cells = max(len(cells) for _, cells in rows)
    return samples * (CELL * (min(cells, width) + 1) + itemsize(need) * width)


def whole_rows(handle: BinaryIO, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The first whole lines of a file as cells, each with its bytes."""
    text = handle.read(SAMPLE)
    lines = text.splitlines(keepends=True)
    whole = lines if len(text) < SAMPLE or len(lines) == 1 else lines[:-1]
    for line in whole:
        if not line.strip():
            continue
        for cells in csv.reader(io.StringIO(line.decode("utf-8", "replace")), delimiter=delimiter):
            yield len(line), cells
