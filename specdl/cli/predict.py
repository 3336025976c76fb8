"""Compute a run's predictions for samples from a file, as CSV or npy.

INPUT is CSV, npy or npz, with samples as the run's own data has them: its transforms are applied. A
run that was trained on CSV finds its columns by their names, and needs no column for the target;
for others a row of the table is a sample. In CSV, a model of classes gives the class first, then
the outputs as they are.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from specdl.cli.runs import opened, run_options
from specdl.core.errors import UsageError

if TYPE_CHECKING:
    from specdl.runner.run import Run


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    run_options(parser)
    parser.add_argument(
        "input", metavar="INPUT", help="samples: .csv, .npy or .npz; `-` reads CSV from standard input"
    )
    parser.add_argument("--out", metavar="FILE", type=Path, help="where to write (default: standard output)")
    parser.add_argument(
        "--format",
        choices=("csv", "npy"),
        help="what is written (default: as the name of --out says, else csv)",
    )


def run(args: argparse.Namespace) -> int:
    """Predict, and write the outputs; the exit code."""
    from specdl.cli.written import write

    found = opened(args)
    results = predicted(found, samples(found, args.input))
    suffix = args.out.suffix.lower().removeprefix(".") if args.out else "csv"
    kind = args.format or (suffix if suffix in ("csv", "npy") else None)
    if kind is None:
        raise UsageError(f"`{args.out}` ends in neither .csv nor .npy: say which with --format")
    if kind == "npy":
        write_npy(results, args.out)
    elif args.out is None:
        write_csv(results, classes(found), sys.stdout)
    else:
        text = io.StringIO()
        write_csv(results, classes(found), text)
        write(args.out, text.getvalue().encode())
    return 0


def predicted(found: Run, x: Any) -> dict[str, Any]:
    """The outputs by name."""
    outputs = found.predict(x)
    return outputs if isinstance(outputs, dict) else {next(iter(found.model.graph.outputs)): outputs}


def samples(found: Run, name: str) -> Any:
    """The samples of a file, as the run's data source has them."""
    if name == "-":
        with tempfile.NamedTemporaryFile("w", suffix=".csv", encoding="utf-8") as file:
            file.write(sys.stdin.read())
            file.flush()
            return table(found, Path(file.name), "<stdin>")
    path = Path(name)
    if not path.is_file():
        raise UsageError(f"there is no file `{name}`")
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return table(found, path, name)
    if suffix not in (".npy", ".npz"):
        raise UsageError(f"`{name}` ends in neither .csv, .npy nor .npz")
    return arrays(found, path, name)


def arrays(found: Run, path: Path, name: str) -> Any:
    """The array of an npy file, or those of an npz file by the names of the inputs."""
    from specdl.data.numpy_files import read_npy, read_npz

    if path.suffix.lower() == ".npy":
        return read_npy(path, name, ())
    return read_npz(path, name, dict.fromkeys(found.model.graph.inputs, ()), ())


def table(found: Run, path: Path, name: str) -> Any:
    """The rows of a CSV file: by the columns' names where the run's own data is CSV, else as they stand."""
    from specdl.data.sources.csv import Csv
    from specdl.graph.need import need

    source = found.model.spec.data.source
    if isinstance(source, Csv):
        fitted = (found.folder.read("data.json") or {}).get("fitted", {})
        return source.read_inputs(path, need(found.model.graph, found.model.spec), fitted)
    return matrix(path, name)


def matrix(path: Path, name: str) -> Any:
    """A table of numbers; a first line that holds no number is taken for names."""
    import numpy as np

    rows: list[list[float]] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, cells in enumerate(filter(None, csv.reader(file)), start=1):
            values = [as_number(cell) for cell in cells]
            if number == 1 and not any(value is not None for value in values):
                continue
            if None in values:
                cell = cells[values.index(None)]
                raise UsageError(f"`{name}`, row {number}: `{cell}` is no number")
            if rows and len(values) != len(rows[0]):
                raise UsageError(
                    f"`{name}`, row {number}: {len(values)} values, and the row before has {len(rows[0])}"
                )
            rows.append([value for value in values if value is not None])
    if not rows:
        raise UsageError(f"`{name}` has no rows")
    return np.array(rows)


def as_number(cell: str) -> float | None:
    """The number in a cell, or None if there is none."""
    try:
        return float(cell)
    except ValueError:
        return None


def classes(found: Run) -> dict[str, tuple[str, ...]]:
    """For each output that is compared with classes, their names (or none, where they are numbers)."""
    from specdl.graph.need import need

    graph = found.model.graph
    wanted = need(graph, found.model.spec)
    labels = (found.folder.read("data.json") or {}).get("labels", {})
    compared = {loss.output: loss.target for loss in graph.losses if wanted.encode[loss.target] != "value"}
    return {
        name: tuple(labels.get(compared[value], ()))
        for name, value in graph.outputs.items()
        if value in compared
    }


def write_csv(results: Mapping[str, Any], classes: Mapping[str, tuple[str, ...]], stream: TextIO) -> None:
    """A line of names, then a line for each sample."""
    writer = csv.writer(stream, lineterminator="\n")
    columns: dict[str, list[Any]] = {}
    for name, values in results.items():
        flat = values.reshape(len(values), -1)
        if name in classes and values.ndim == 2 and values.shape[1] > 1:
            labels = classes[name]
            found = (int(each) for each in flat.argmax(1))
            columns[f"{name}.class"] = [labels[each] if labels else each for each in found]
        for number in range(flat.shape[1]):
            # numpy's own text of a number is the shortest that reads back to it
            columns[f"{name}.{number}"] = [str(value) for value in flat[:, number]]
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))


def write_npy(results: Mapping[str, Any], out: Path | None) -> None:
    """The array of the one output."""
    import numpy as np

    from specdl.cli.written import write

    if len(results) > 1:
        raise UsageError(f"an npy file holds one array, and the model has {', '.join(results)}: write CSV")
    (values,) = results.values()
    content = io.BytesIO()
    np.lib.format.write_array(content, values, allow_pickle=False)
    if out is None:
        sys.stdout.buffer.write(content.getvalue())
    else:
        write(out, content.getvalue())
