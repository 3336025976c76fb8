"""Arrays in npy files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field

from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.entry import Entry
from specdl.data.base import PARTS, SOURCE, Array, Part, Raw, Reading, Source, only
from specdl.data.faults import Faults
from specdl.data.paths import resolve

FileName = Annotated[str, Field(min_length=1, max_length=4096)]


class ArrayFiles(Entry):
    """The files of one part: one for each input and target."""

    x: Annotated[
        FileName | Mapping[str, FileName],
        Field(
            description="The input, or inputs by name.",
            examples=["x.npy", {"image": "image.npy", "age": "age.npy"}],
        ),
    ]
    y: Annotated[
        FileName | Mapping[str, FileName] | None,
        Field(
            description="The target, or targets by name; may be left out where `from` is `input`.",
            examples=["y.npy"],
        ),
    ] = None


class Npy(Source):
    """Arrays in numpy's npy files, one file for each input and target of a part.

    Axis 0 of every array counts samples. With one input and one target the names of the files
    stand alone; with several, they stand by name::

        {"type": "npy", "train": {"x": "x.npy", "y": "y.npy"}}
        {"type": "npy", "train": {"x": {"image": "image.npy", "age": "age.npy"}, "y": "y.npy"}}

    Targets are class numbers, class names or values. Arrays of objects are refused, since
    reading one could run code.
    """

    type: Literal["npy"] = "npy"
    train: Annotated[
        ArrayFiles,
        Field(
            description="The files of the training part.", examples=[{"x": "x_train.npy", "y": "y_train.npy"}]
        ),
    ]
    validation: Annotated[
        ArrayFiles | None,
        Field(
            description="The files of the validation part.", examples=[{"x": "x_val.npy", "y": "y_val.npy"}]
        ),
    ] = None
    test: Annotated[
        ArrayFiles | None,
        Field(description="The files of the test part.", examples=[{"x": "x_test.npy", "y": "y_test.npy"}]),
    ] = None

    def files(self) -> Mapping[DocumentPath, str]:
        return {
            (part, key, *rest): file
            for part in self.parts()
            for key in ("x", "y")
            for rest, file in named(getattr(getattr(self, part), key))
        }

    def place(self, kind: Literal["inputs", "targets"]) -> DocumentPath:
        key = "x" if kind == "inputs" else "y"
        return ("train", key) if getattr(self.train, key) is not None else ("train",)

    def read(self, reading: Reading) -> Raw:
        faults = Faults()
        parts = {part: self.part(part, getattr(self, part), reading, faults) for part in self.parts()}
        faults.settle()
        return Raw({part: parts[part] for part in PARTS if part in parts})

    def part(self, part: str, files: ArrayFiles, reading: Reading, faults: Faults) -> Part:
        """The arrays of a part."""
        arrays: dict[str, dict[str, Array]] = {"x": {}, "y": {}}
        for key, needed in (("x", reading.need.inputs), ("y", reading.need.targets)):
            for rest, file in named(getattr(files, key)):
                path = (*SOURCE, part, key, *rest)
                array = faults.attempt(read, file, reading, path)
                if array is not None:
                    arrays[key][rest[0] if rest else only(needed, key)] = array
        return Part(arrays["x"], arrays["y"])


def named(files: str | Mapping[str, str] | None) -> list[tuple[tuple[str, ...], str]]:
    """Files with the rest of their document paths: () for one that stands alone, (name,) for others."""
    if files is None:
        return []
    return [((), files)] if isinstance(files, str) else [((name,), file) for name, file in files.items()]


def read(file: str, reading: Reading, path: DocumentPath) -> Array:
    """The array of a file that stands at `path` of the spec."""
    from specdl.data.numpy_files import read_npy

    return read_npy(resolve(file, reading.folder, reading.allowed, path), file, path)
