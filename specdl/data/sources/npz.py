"""Arrays in npz files."""

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
ArrayName = Annotated[str, Field(min_length=1, max_length=4096)]


class ArrayNames(Entry):
    """The arrays of one part, by their names in the file."""

    path: Annotated[
        FileName | None,
        Field(description="The part's own file; default: the source's.", examples=["test.npz"]),
    ] = None
    x: Annotated[
        ArrayName | Mapping[str, ArrayName] | None,
        Field(
            description="The input, or inputs by name; default `x`, or the inputs' own names.",
            examples=["x_train", {"image": "images", "age": "ages"}],
        ),
    ] = None
    y: Annotated[
        ArrayName | Mapping[str, ArrayName] | None,
        Field(
            description="The target, or targets by name; default `y`, or the targets' own names.",
            examples=["y_train"],
        ),
    ] = None


class Npz(Source):
    """Arrays in numpy's npz files, by name.

    Axis 0 of every array counts samples. One file may hold every part, under names of their
    own, or each part may have a file::

        {"type": "npz", "path": "mnist.npz",
         "train": {"x": "x_train", "y": "y_train"}, "test": {"x": "x_test", "y": "y_test"}}
        {"type": "npz", "path": "train.npz", "test": {"path": "test.npz"}}

    Targets are class numbers, class names or values. Arrays of objects are refused, since
    reading one could run code.
    """

    type: Literal["npz"] = "npz"
    path: Annotated[FileName, Field(description="The file.", examples=["mnist.npz"])]
    train: Annotated[
        ArrayNames,
        Field(description="The arrays of the training part.", examples=[{"x": "x_train", "y": "y_train"}]),
    ] = ArrayNames()
    validation: Annotated[
        ArrayNames | None,
        Field(description="The arrays of the validation part.", examples=[{"x": "x_val", "y": "y_val"}]),
    ] = None
    test: Annotated[
        ArrayNames | None,
        Field(description="The arrays of the test part.", examples=[{"x": "x_test", "y": "y_test"}]),
    ] = None

    def files(self) -> Mapping[DocumentPath, str]:
        named = {part: getattr(self, part).path for part in self.parts()}
        own: dict[DocumentPath, str] = {(part, "path"): file for part, file in named.items() if file}
        return {("path",): self.path, **own}

    def place(self, kind: Literal["inputs", "targets"]) -> DocumentPath:
        key = "x" if kind == "inputs" else "y"
        return ("train", key) if "train" in self.model_fields_set and getattr(self.train, key) else ()

    def read(self, reading: Reading) -> Raw:
        faults = Faults()
        parts = {}
        for part in PARTS:
            if part in self.parts() and (found := faults.attempt(self.part, part, reading)):
                parts[part] = found
        faults.settle()
        return Raw(parts)

    def part(self, part: str, reading: Reading) -> Part:
        """The arrays of a part."""
        from specdl.data.numpy_files import read_npz

        names: ArrayNames = getattr(self, part)
        place = (*SOURCE, part)
        need = reading.need
        x, y = arrays(names.x, need.inputs, "x"), arrays(names.y, need.targets, "y")
        if reading.column == "input" and names.y is None:
            y = {}
        file = names.path or self.path
        path = (*place, "path") if names.path else (*SOURCE, "path")
        wanted = {
            **{key: self.spot(names, place, "x") for key in x.values()},
            **{key: self.spot(names, place, "y") for key in y.values()},
        }
        found: dict[str, Array] = read_npz(
            resolve(file, reading.folder, reading.allowed, path), file, wanted, path
        )
        return Part(
            {name: found[key] for name, key in x.items()}, {name: found[key] for name, key in y.items()}
        )

    def spot(self, names: ArrayNames, place: DocumentPath, key: str) -> DocumentPath:
        """Where the spec names arrays, or else their file."""
        if getattr(names, key) is not None:
            return (*place, key)
        return (*place, "path") if names.path else (*SOURCE, "path")


def arrays(chosen: str | Mapping[str, str] | None, needed: Mapping[str, object], word: str) -> dict[str, str]:
    """The array's name for each input or target."""
    if isinstance(chosen, Mapping):
        return dict(chosen)
    if chosen is None and len(needed) > 1:
        return {name: name for name in needed}
    return {only(needed, word): chosen or word}
