"""Tables in CSV files, with columns chosen by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field

from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.entry import Entry
from specdl.data.base import PARTS, SOURCE, Array, Need, Raw, Reading, Source
from specdl.data.faults import Faults
from specdl.data.paths import resolve

FileName = Annotated[str, Field(min_length=1, max_length=4096)]
Names = Annotated[tuple[str, ...], Field(min_length=1)]
Kind = Literal["numeric", "categorical"]
Missing = Literal["error", "drop", "mean", "category"] | float


class Column(Entry):
    """What is in a column, where its kind alone does not say."""

    kind: Annotated[
        Kind | None, Field(description="Default: numeric for features.", examples=["categorical"])
    ] = None
    missing: Annotated[
        Missing | None, Field(description="Default: the source's `missing`.", examples=["category"])
    ] = None


class Csv(Source):
    """A CSV file whose first line names its columns.

    `features` lists the columns of the input, in order (default: all but the target), or, for
    several inputs, the columns of each by the input's name. `target` is a column, several for
    a vector of values, or one by the name of each target. Columns are found by name, so that
    their order in the file does not matter::

        {"type": "csv", "path": "a.csv", "features": ["x1", "x2"], "target": "y"}

    `columns` says what is in a column. A `numeric` one gives a number. A `categorical` one
    gives a vector of zeros with a one for the category, or the category's number where the
    input is of indices; categories are sorted, by value if all are numbers. A target of text
    is class names, sorted; `categorical` makes classes of numbers too.

    A cell that holds one of `missing_as` has no value. `missing` says what then: `error`;
    `drop` leaves the row out; a number stands in its place; `mean` is the mean of the column
    over the training part; `category` (for categorical columns) makes it a category of its own.

    `path` is the training part, or all there is where `split` cuts it.
    """

    type: Literal["csv"] = "csv"
    path: Annotated[FileName, Field(description="The file.", examples=["train.csv"])]
    validation: Annotated[
        FileName | None, Field(description="The file of the validation part.", examples=["validation.csv"])
    ] = None
    test: Annotated[
        FileName | None, Field(description="The file of the test part.", examples=["test.csv"])
    ] = None
    features: Annotated[
        Names | Mapping[str, Names] | None,
        Field(
            description="The input's columns, or those of each input by name.",
            examples=[("x1", "x2"), {"image": ("p1", "p2"), "age": ("years",)}],
        ),
    ] = None
    target: Annotated[
        str | Names | Mapping[str, str | Names] | None,
        Field(description="The target's column or columns.", examples=["label", ("lat", "lon")]),
    ] = None
    columns: Annotated[
        Mapping[str, Kind | Column],
        Field(
            description="What is in a column; features are numeric.",
            examples=[{"colour": "categorical", "age": {"missing": "mean"}}],
        ),
    ] = {}
    missing: Annotated[
        Missing, Field(description="What to do about cells without a value.", examples=["drop", 0.0])
    ] = "error"
    missing_as: Annotated[
        tuple[str, ...], Field(description="How cells without a value are written.", examples=[("", "?")])
    ] = (
        "",
        "NA",
        "N/A",
        "NaN",
        "nan",
        "null",
    )
    delimiter: Annotated[
        str, Field(min_length=1, max_length=1, description="Between cells.", examples=[";"])
    ] = ","
    header: Annotated[
        Names | None,
        Field(
            description="The columns' names, for a file that does not begin with them.",
            examples=[("x1", "x2", "label")],
        ),
    ] = None

    def files(self) -> Mapping[DocumentPath, str]:
        own: dict[DocumentPath, str] = {(part,): getattr(self, part) for part in self.parts()[1:]}
        return {("path",): self.path, **own}

    def place(self, kind: Literal["inputs", "targets"]) -> DocumentPath:
        option = "features" if kind == "inputs" else "target"
        return (option,) if option in self.model_fields_set else ()

    def read(self, reading: Reading) -> Raw:
        from specdl.data.table import Table, parse, read_table

        faults = Faults()
        table = Table(self, reading)
        raw = None
        for part in (part for part in PARTS if part in self.parts()):
            name = self.path if part == "train" else getattr(self, part)
            path = (*SOURCE, "path" if part == "train" else part)
            file = faults.attempt(resolve, name, reading.folder, reading.allowed, path)
            if file is not None and (part == "train" or raw is not None):
                more = faults.attempt(read_table, table, part, file, name, path)
                raw = raw if more is None else more
            elif file is not None:
                # without the training part only what is wrong in itself can be told
                faults.attempt_once(parse, table, file, name, path)
        faults.settle()
        assert raw is not None
        return raw

    def read_inputs(self, file: Path, need: Need, fitted: Mapping[str, Any]) -> dict[str, Array]:
        """The inputs of a file to predict on, by name, categories as they were in training.

        `fitted` is what `Raw.fitted` was. The file needs no column for the target. Raises
        `FindingsError`; so it does for a row with a missing value that training would have left
        out, since every row is to have a prediction.
        """
        from specdl.data.table import Table, read_table

        reading = Reading(need, 0, file.parent)
        table = Table(self, reading, known=fitted, predicting=True)
        return dict(read_table(table, "train", file, file.name, SOURCE).parts["train"].inputs)
