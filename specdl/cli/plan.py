"""Show a spec's layers with shapes, parameters and costs, and the bytes of a run: nothing is run.

Costs are of the forward pass for one sample; a multiply-accumulate (MAC) counts as two
floating-point operations (FLOPs). Bytes are exact, and are those of the whole run at
data.batch_size, without the data itself. Activations share their place by lifetime, so a layer's
bytes are what it holds when most is held. Exit code: 4 if --fit finds that not even one sample fits.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from specdl.cli import output
from specdl.cli.options import analysed, compile_options, format_option, size, spec_argument
from specdl.core.diagnostics import Path, path_text
from specdl.core.errors import ResourceError

if TYPE_CHECKING:
    from specdl.analysis import Compilation
    from specdl.graph.graph import Graph
    from specdl.plan.consumers import Consumers
    from specdl.plan.plan import AnyPlan, Plan, Schedule
    from specdl.program.cost import Cost

Marks = Sequence[str] | None
"""What becomes of each instruction where C runs them, as `specdl.backends.choice.marks` says; else None."""


@dataclass(frozen=True)
class Row:
    """One layer: its result without the batch, what it owns, and what one sample costs."""

    name: str
    type: str
    shape: str
    parameters: int
    macs: int
    flops: int
    bytes: int


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    spec_argument(parser)
    parser.add_argument("--program", action="store_true", help="print every instruction of a training step")
    parser.add_argument(
        "--fit", type=size, metavar="SIZE", help="the largest batch that fits in 8GiB, 500MB, ..."
    )
    format_option(parser, "human", "json")
    compile_options(parser)


def run(args: argparse.Namespace) -> int:
    """Print the plan; the exit code."""
    from specdl.backends.choice import marks, planned
    from specdl.compiler import supported

    supported(args.backend, args.device, args.threads)
    compilation = analysed(args)
    chosen = planned(compilation.plan, args.backend, args.threads, output.message)
    marked = marks(chosen)
    figures = summary(compilation, chosen, marked)
    if args.fit is not None:
        figures["fit"] = fit(compilation, chosen, args)
    if args.format == "json":
        if args.program:
            figures["program"] = instructions(compilation.plan, marked)
        output.data_json(figures)
        return exit_code(figures)
    parts = sections(compilation, figures)
    if args.program:
        parts.append(program_text(compilation.plan, marked))
    output.data("\n\n".join(parts))
    return exit_code(figures)


def exit_code(figures: dict[str, Any]) -> int:
    """4 where a batch was to fit and none does, else 0."""
    return ResourceError.exit_code if figures.get("fit", {"batch_size": 1})["batch_size"] == 0 else 0


def summary(compilation: Compilation, chosen: AnyPlan, marked: Marks = None) -> dict[str, Any]:
    """The figures of a plan, by the keys of its JSON; the bytes are those of the backend's plan."""
    from specdl.analysis import known
    from specdl.backends.c.marks import native_count
    from specdl.plan.consumers import consumers

    plan = compilation.plan
    taken = consumers(chosen, compilation.graph)
    rows = layers(compilation.graph, plan, {each.name: each.total for each in taken.each})
    step = plan.schedules.get("train")
    return {
        "name": compilation.spec.name,
        "batch_size": plan.rows,
        "layers": [asdict(row) for row in rows],
        "parameters": compilation.graph.parameter_count,
        "trainable_parameters": compilation.graph.trainable_count,
        "macs": sum(row.macs for row in rows),
        "flops": sum(row.flops for row in rows),
        "flops_step": sum(each.flops for each in costs(step, plan.rows)) if step else 0,
        "bytes": asdict(chosen.bytes),
        "data_bytes": known(compilation).nbytes,
        "memory": memory(compilation, taken),
        "instructions": len((step or plan.schedules["infer"]).program.instrs),
        "native_instructions": native_count(marked or ()),
    }


def memory(compilation: Compilation, taken: Consumers) -> dict[str, Any]:
    """Who takes the bytes of a plan, by section, and the places of the spec that take most."""
    from specdl.plan.consumers import SECTIONS
    from specdl.plan.memory import SHOWN, optimizer, said

    document, tag = compilation.document, optimizer(compilation.plan)

    def place(path: Path) -> dict[str, Any]:
        position = document.position(path)
        line, column = (position.line, position.column) if position else (None, None)
        return {"path": path_text(path), "file": document.file, "line": line, "column": column}

    return {
        "fullest": taken.moment,
        "consumers": [
            {"name": each.name, "kind": each.kind, **place(each.path)}
            | {section: each.section(section) for section in SECTIONS}
            | {"total": each.total}
            for each in taken.each
        ],
        "largest": [
            {"message": said(group, tag), "where": document.place(group[0].path), **place(group[0].path)}
            | {"total": sum(each.total for each in group)}
            for group in taken.largest(SHOWN)
        ],
    }


def layers(graph: Graph, plan: Plan, taken: Mapping[str, int]) -> list[Row]:
    """A row for each node, with the bytes it has `taken`; shared parameters count where they were made."""
    infer = plan.schedules["infer"]
    spent: dict[str, tuple[int, int]] = {}
    for instr, each in zip(infer.program.instrs, costs(infer, 1), strict=True):
        macs, flops = spent.get(instr.node, (0, 0))
        spent[instr.node] = macs + each.macs, flops + each.flops
    rows, counted = [], set[str]()
    for node in graph.nodes:
        own = [name for name in node.params.values() if name not in counted]
        counted.update(own)
        shapes = (graph.values[value] for value in node.outputs.values())
        macs, flops = spent.get(node.name, (0, 0))
        rows.append(
            Row(
                name=node.name,
                type=node.op.type,
                shape=", ".join(str(shape) for shape in shapes),
                parameters=sum(graph.parameters[name].type.numel() for name in own),
                macs=macs,
                flops=flops,
                bytes=taken[node.name],
            )
        )
    return rows


def costs(schedule: Schedule, rows: int) -> list[Cost]:
    """The cost of each instruction at a batch size."""
    from specdl.program.cost import cost

    return [cost(instr, schedule.program, rows) for instr in schedule.program.instrs]


def fit(compilation: Compilation, chosen: AnyPlan, args: argparse.Namespace) -> dict[str, int]:
    """The largest batch within a limit beside the samples, and what its buffers take by the chosen plan."""
    from specdl.analysis import known
    from specdl.backends.choice import bytes_for
    from specdl.plan.fit import largest_batch

    limit, samples = args.fit, known(compilation).nbytes
    total = bytes_for(compilation.plan, chosen, args.threads)
    rows = largest_batch(total, limit - samples)
    return {
        "limit": limit,
        "batch_size": rows,
        "total": total(rows) if rows else 0,
        "data_bytes": samples,
    }


def sections(compilation: Compilation, figures: dict[str, Any]) -> list[str]:
    """The plan for people, in paragraphs."""
    inputs = ", ".join(f"{name}: {type}" for name, type in compilation.graph.inputs.items())
    header = f"{figures['name']}, {inputs}, batches of {figures['batch_size']:,}"
    parts = [header, layer_table(figures), byte_table(figures["bytes"]), largest(figures), step_line(figures)]
    if "fit" in figures:
        parts.append(fit_line(figures["fit"]))
    return parts


def layer_table(figures: dict[str, Any]) -> str:
    """Layers, what takes memory beside them, and a line of totals."""
    rows = [["layer", "type", "result", "parameters", "MACs", "FLOPs", "bytes"]]
    counts = ("parameters", "macs", "flops", "bytes")
    rows += [
        [each["name"], each["type"], each["shape"], *(f"{each[key]:,}" for key in counts)]
        for each in figures["layers"]
    ]
    rows += [
        [each["name"], "", "", "", "", "", f"{each['total']:,}"]
        for each in figures["memory"]["consumers"]
        if each["kind"] != "layer" and each["total"]
    ]
    totals = {**figures, "bytes": figures["bytes"]["total"]}
    rows.append(["total", "", "", *(f"{totals[key]:,}" for key in counts)])
    return output.table(rows, right=(3, 4, 5, 6))


def largest(figures: dict[str, Any]) -> str:
    """What takes most, with its place, and when that is."""
    told = figures["memory"]
    lines = [f"{each['message']}, at {each['where']}" for each in told["largest"]]
    if told["fullest"]:
        lines.append(f"most is held {told['fullest']}")
    if figures["data_bytes"]:
        from specdl.plan.machine import readable

        lines.append(f"the samples take {readable(figures['data_bytes'])} beside")
    return "\n".join(lines)


def byte_table(sections: dict[str, int]) -> str:
    """Bytes by section."""
    from specdl.plan.machine import readable

    rows = [["bytes", "", ""]]
    for name, nbytes in sections.items():
        shown = readable(nbytes)
        rows.append([name.replace("_", " "), f"{nbytes:,}", "" if shown.endswith("bytes") else shown])
    return output.table(rows, right=(1, 2))


def step_line(figures: dict[str, Any]) -> str:
    """What a training step does, on one line."""
    frozen = figures["parameters"] - figures["trainable_parameters"]
    line = f"{figures['instructions']} instructions, {figures['flops_step']:,} FLOPs per training step"
    return f"{line}; {frozen:,} parameters are frozen" if frozen else line


def fit_line(found: dict[str, int]) -> str:
    """The largest batch, in a sentence."""
    from specdl.plan.machine import readable

    limit, total, samples = (readable(found[key]) for key in ("limit", "total", "data_bytes"))
    beside = f" beside {samples} of data" if found["data_bytes"] else ""
    if not found["batch_size"]:
        return f"not even one sample fits in {limit}{beside}"
    return f"the largest batch that fits in {limit}{beside} is {found['batch_size']:,}, with {total}"


def instructions(plan: Plan, marked: Marks = None) -> list[dict[str, Any]]:
    """The instructions that training runs, each with its torch calls, and its cost for a whole batch."""
    from specdl.backends.c.marks import is_native
    from specdl.program.cost import cost

    schedule = plan.schedules.get("train") or plan.schedules["infer"]
    found = []
    for number, (instr, calls) in enumerate(zip(schedule.program.instrs, schedule.lists, strict=True)):
        values: dict[str, Any] = {
            "text": str(instr),
            "phase": instr.phase,
            "node": instr.node,
            "calls": [str(call) for call in calls.calls],
            "scratch_bytes": sum(type.nbytes(plan.rows) for type in calls.scratch.values()),
            "native": marked is not None and is_native(marked[number]),
        }
        found.append(values | asdict(cost(instr, schedule.program, plan.rows)))
    return found


def note(found: dict[str, Any], mark: str | None) -> str:
    """What is said behind an instruction: what it becomes, or the number of its calls and their scratch."""
    if mark is not None:
        return mark
    count = len(found["calls"])
    calls = f"{count} call{'' if count == 1 else 's'}"
    return f"{calls}, {found['scratch_bytes']:,} bytes of scratch" if found["scratch_bytes"] else calls


def program_text(plan: Plan, marked: Marks = None) -> str:
    """The instructions, each with a note."""
    notes: dict[str, list[str]] = {}
    for number, found in enumerate(instructions(plan, marked)):
        mark = None if marked is None else marked[number]
        notes.setdefault(f"  {found['text']}", []).append(note(found, mark))
    schedule = plan.schedules.get("train") or plan.schedules["infer"]
    lines = str(schedule.program).splitlines()
    width = max(len(line) for line in lines[1:]) if len(lines) > 1 else 0
    shown = (f"{line:<{width}}  # {notes[line].pop(0)}" if line in notes else line for line in lines[1:])
    return "\n".join([lines[0], *shown])
