"""Say how two specs, or runs, differ in meaning: layers, settings, weights that still load, and costs.

How they are written makes no difference: JSON or YAML, variables and blocks or everything written out.
Exit code: 0 if they mean the same, 1 if they differ, 2 where one of them cannot be compared.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specdl.cli import output
from specdl.cli.options import format_option, reading_options
from specdl.core.errors import SpecError, UsageError

if TYPE_CHECKING:
    from specdl.plan.compare import Change, Comparison, Side, Weights

SAME, DIFFERENT, TROUBLE = 0, 1, 2
SHOWN = 4
"""How many names a line lists before it counts the rest."""
RESOLVED = "resolved.json"
FIGURES = {
    "parameters": "parameters",
    "trainable_parameters": "trainable parameters",
    "flops": "FLOPs, forward, one sample",
    "flops_step": "FLOPs, a training step",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    for name, which in (("a", "the first"), ("b", "the second")):
        parser.add_argument(name, metavar=name.upper(), help=f"{which} spec, or the folder of a run")
    format_option(parser, "human", "json")
    reading_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print what differs; the exit code."""
    from specdl.plan.compare import compare

    if args.a == args.b == "-":
        raise UsageError("standard input can only be read once")
    try:
        found = compare(side(args, args.a), side(args, args.b))
    except SpecError as error:
        output.diagnostics_to_stderr(error.diagnostics)
        if args.format == "json":
            output.data_json(output.findings_json(error.diagnostics))
        return TROUBLE
    if args.format == "json":
        output.data_json(as_json(found))
    else:
        output.data("\n\n".join("\n".join(lines) for lines in paragraphs(args, found)))
    return SAME if found.same else DIFFERENT


def side(args: argparse.Namespace, source: str) -> Side:
    """One of the two; raises `SpecError`. A run is compared by the spec it was trained with."""
    from specdl.analysis import analyse
    from specdl.plan.compare import Side

    path = Path(source)
    if source != "-" and path.is_dir():
        path = path / RESOLVED
        if not path.is_file():
            raise UsageError(f"`{source}` is a folder, and holds no run")
        source = str(path)
    compilation, findings = analyse(source, args.overrides, args.plugins, allow=args.allow)
    if compilation is None:
        raise SpecError(findings)
    return Side(compilation.settled, compilation.graph, compilation.plan)


def as_json(found: Comparison) -> dict[str, Any]:
    """The comparison as JSON has it; of figures both values are there."""
    value = asdict(found)
    hashes = value.pop("hashes")
    figures = {name: {"before": both[0], "after": both[1]} for name, both in value.pop("figures").items()}
    return {
        "same": found.same,
        "hash": {"before": hashes[0], "after": hashes[1]},
        **value,
        "figures": figures,
    }


def paragraphs(args: argparse.Namespace, found: Comparison) -> Iterator[list[str]]:
    """The comparison for people, each part that has something to say."""
    if found.same:
        yield [f"`{args.a}` and `{args.b}` mean the same"]
        return
    layers = list(layer_lines(found))
    if layers:
        yield ["layers", *layers]
    settings = [f"  {line}" for line in map(told, found.settings)]
    if settings:
        yield ["settings", *settings]
    starts = list(start_lines(found.parameters))
    if starts:
        yield ["parameters", *starts]
    yield ["weights", *weight_lines(found.weights)]
    figures = figure_lines(found.figures)
    if figures:
        yield figures


def layer_lines(found: Comparison) -> Iterator[str]:
    """Layers that are gone, new, and changed."""
    for sign, layers in (("-", found.removed), ("+", found.added)):
        for layer in layers:
            yield f"  {sign} {layer.name}: {layer.type}, {layer.shape}"
    for change in found.changed:
        was = "" if change.was == change.name else f" (was {change.was})"
        said = "; ".join(map(told, change.changes)) or "only its name differs"
        yield f"  ~ {change.name}{was}: {said}"


def told(change: Change) -> str:
    """`lr: 0.1 -> 0.01`."""
    return f"{change.what}: {shown(change.before)} -> {shown(change.after)}"


def shown(value: Any) -> str:
    """A value in few words."""
    if value is None:
        return "none"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def start_lines(found: Iterable[Change]) -> Iterator[str]:
    """How parameters start, those that differ alike on one line."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for each in found:
        name, _, what = each.what.rpartition(": ")
        alike.setdefault((what, shown(each.before), shown(each.after)), []).append(name)
    for (what, before, after), names in alike.items():
        yield f"  {what}: {before} -> {after}, of {listed(names)}"


def listed(names: Iterable[str]) -> str:
    """Some names, and how many more there are."""
    all_names = list(names)
    more = len(all_names) - SHOWN
    return f"{', '.join(all_names[:SHOWN])} and {more:,} more" if more > 1 else ", ".join(all_names)


def weight_lines(found: Weights) -> Iterator[str]:
    """Which weights of the first the second can load."""
    yield f"  {len(found.load):,} of {len(found.load) + len(found.lost) + len(found.reshaped):,} load"
    reshaped = [f"{each.what} {each.before} -> {each.after}" for each in found.reshaped]
    for what, names in (("new", found.new), ("lost", found.lost), ("of another shape", reshaped)):
        if names:
            yield f"  {what}: {listed(names)}"


def figure_lines(figures: Mapping[str, tuple[int, int]]) -> list[str]:
    """The sizes and costs that differ, as a table."""
    rows = [
        [
            FIGURES.get(name, name.replace("bytes_", "bytes, ").replace("_", " ")),
            f"{a:,}",
            "->",
            f"{b:,}",
            f"{b - a:+,}",
        ]
        for name, (a, b) in figures.items()
        if a != b
    ]
    return output.table(rows, right=(1, 3, 4)).splitlines() if rows else []
