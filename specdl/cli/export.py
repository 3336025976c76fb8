"""Write a run's model as C that stands alone: a source, a header, and a table of the spec's names.

The C needs nothing but libm, and compiles with gcc and clang. Predictions take samples as the run's
own data has them, where its transforms are arithmetic on each number (normalize, and filling what is
missing); what else there is to do is said here, and left to the caller. Training, with --train,
begins anew with the optimiser's state, from the weights of the checkpoint.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specdl.cli import output
from specdl.cli.options import format_option, positive, reading_options
from specdl.cli.runs import run_argument
from specdl.core.errors import UsageError

if TYPE_CHECKING:
    from specdl.backends.c.export_face import Face
    from specdl.data.elementwise import Step
    from specdl.runner.run import Run

LARGE = 1 << 20
"""With more numbers than that inside, a compiler takes seconds."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    run_argument(parser)
    parser.add_argument("--to", choices=("c",), required=True, help="what is written")
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="the folder to write to (default: one with the name)"
    )
    parser.add_argument("--name", help="how the files and all names in C begin (default: the spec's name)")
    parser.add_argument("--train", action="store_true", help="with the training step")
    parser.add_argument(
        "--weights",
        choices=("inside", "file"),
        default="inside",
        help="where the weights go: into the source, or beside it (default: %(default)s)",
    )
    parser.add_argument(
        "--batch",
        type=positive,
        metavar="N",
        help="samples computed at a time (default: the spec's batch_size)",
    )
    parser.add_argument(
        "--vector-bytes",
        type=int,
        choices=(16, 32, 64),
        default=16,
        help="bytes of a vector: 16 suits every processor, 32 AVX2, 64 AVX-512 (default: %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="write over files that are there")
    reading_options(parser)
    format_option(parser, "human", "json")


def run(args: argparse.Namespace) -> int:
    """Write the files; the exit code."""
    from specdl.backends.c.export import export
    from specdl.backends.c.export_face import checked
    from specdl.training import load

    if args.name is not None:
        checked(args.name)
    found = load(
        args.run_folder,
        checkpoint=args.checkpoint,
        backend="torch",
        overrides=args.overrides,
        plugins=args.plugins,
        tell=output.message,
    )
    fitted = found.folder.read("data.json") or {}
    face = face_of(found, args, fitted.get("fitted", {}))
    weights = {name: tensor.numpy() for name, tensor in found.model.parameters.items()}
    folder = Path(face.name) if args.out is None else args.out
    words = {"labels": fitted.get("labels", {}), "categories": fitted.get("fitted", {}).get("categories", {})}
    files = export(face, weights, {name: each for name, each in words.items() if each})
    write(folder, files, force=args.force)
    tell(face, found, fitted.get("fitted", {}))
    if args.format == "json":
        listed = [{"path": str(folder / name), "bytes": len(content)} for name, content in files.items()]
        output.data_json({"files": listed, **{k: v for k, v in face.table().items() if k != "version"}})
    else:
        rows = [(str(folder / name), f"{len(content):,}", "bytes") for name, content in files.items()]
        output.data(output.table(rows, right=[1]))
    return 0


def face_of(found: Run, args: argparse.Namespace, fitted: Mapping[str, Any]) -> Face:
    """What is exported of a run; raises `UsageError` where it cannot be."""
    from specdl.backends.c.export_face import Face, identifier
    from specdl.backends.c.export_plan import make
    from specdl.backends.c.target import Target

    model = found.model
    dtype = model.spec.model.dtype
    if dtype not in ("float32", "float64"):
        raise UsageError(f"this model cannot be exported to C: its dtype is {dtype}")
    schedules = model.plan.schedules
    if args.train and "train" not in schedules:
        raise UsageError("the model has no loss: there is no training step to export")
    step = schedules["train"].program if args.train else None
    rows = model.plan.rows if args.batch is None else args.batch
    plan = make(schedules["infer"].program, step, rows, Target(dtype, args.vector_bytes))
    rate = model.spec.optimizer.lr if step else None
    name = args.name or identifier(model.graph.name)
    steps, reflected = steps_of(found, fitted), reflections(found)
    return Face(name, plan, args.weights == "inside", rate, steps, reflected)


def steps_of(found: Run, fitted: Mapping[str, Any]) -> dict[str, tuple[Step, ...]]:
    """By input, what is done to raw samples; without those for which that is no arithmetic."""
    from specdl.data.elementwise import elementwise

    steps = {}
    for name, type in found.model.graph.inputs.items():
        each = elementwise(found.model.spec.data, fitted, name, type.numel(1))
        if each is not None:
            steps[name] = each
    return steps


def reflections(found: Run) -> dict[str, str]:
    """By target, the input that it is, where the model is to predict what it is given."""
    from specdl.data.load import own_input
    from specdl.graph.need import need

    graph, spec = found.model.graph, found.model.spec
    source = own_input(spec.data, need(graph, spec))
    if source is None:
        return {}
    same = graph.inputs[source]
    return {
        name: source
        for name, type in graph.targets.items()
        if type.dtype == same.dtype and type.numel(1) == same.numel(1)
    }


def write(folder: Path, files: Mapping[str, bytes], *, force: bool) -> None:
    """Write files, all or none where one is there that may not be replaced (`UsageError`)."""
    from specdl.cli.written import write as put
    from specdl.runner.errors import file_errors

    there = [name for name in files if (folder / name).exists()]
    if there and not force:
        names = ", ".join(f"`{folder / name}`" for name in there)
        raise UsageError(f"{names} would be written over", help="--force does so; --out names another folder")
    with file_errors(folder, "written"):
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        put(folder / name, content)


def tell(face: Face, found: Run, fitted: Mapping[str, Any]) -> None:
    """Say what one may not expect of the files."""
    for door in face.plan.inputs:
        named, changed = f"{door.c} (`{door.value}`)", " and ".join(changes(found, fitted, door.value))
        if door.value not in face.steps:
            output.message(f"{named} is to come changed as the run does it, by {changed}: C does not do that")
        elif changed:
            output.message(f"{named} is to come raw: {changed} is done in C")
    if fitted.get("categories"):
        output.message(f"words in columns are numbers in C: {face.name}.json lists them in order")
    count = sum(each.count for each in face.plan.parameters)
    if face.inside and count > LARGE:
        output.message(
            f"{count:,} weights take a compiler a while: --weights file puts them beside the source"
        )


def changes(found: Run, fitted: Mapping[str, Any], name: str) -> Iterator[str]:
    """What a run's data does to an input, in words."""
    if name in fitted.get("fill", {}):
        yield "filling of what is missing"
    for transform, state in zip(found.model.spec.data.transforms, fitted.get("transforms", ()), strict=False):
        if name in state:
            yield f"`{transform.type}`"
