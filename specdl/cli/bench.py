"""Measure the median time of a training step, with what shuffling and gathering take, as training runs it.

The limit is what no implementation could go below on this machine: a step's floating-point operations
at the rate measured for a large matrix product, or the bytes it has to move at the rate of a copy,
whichever takes longer. Data that cannot be read is replaced by random samples.
"""

from __future__ import annotations

import argparse
from time import perf_counter
from typing import TYPE_CHECKING, Any

from specdl.cli import output
from specdl.cli.gradcheck import number
from specdl.cli.options import analysed, built, compile_options, format_option, spec_argument
from specdl.cli.samples import training_part
from specdl.core.errors import UsageError

if TYPE_CHECKING:
    from specdl.analysis import Compilation

RANDOM_BATCHES = 20


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    spec_argument(parser)
    parser.add_argument(
        "--seconds",
        type=number,
        default=2.0,
        metavar="X",
        help="how long to measure steps (default: %(default)s)",
    )
    format_option(parser, "human", "json")
    compile_options(parser)


def run(args: argparse.Namespace) -> int:
    """Measure, and print what was found; the exit code."""
    from specdl.compiler import supported

    supported(args.backend, args.device, args.threads)
    figures = measured(args)
    if args.format == "json":
        output.data_json(figures)
    else:
        output.data(text(figures))
    return 0


def measured(args: argparse.Namespace) -> dict[str, Any]:
    """All figures, by the keys of the JSON."""
    from specdl.runner.bench import bench, limit

    start = perf_counter()
    compilation = analysed(args)
    model = built(args, compilation)
    compile_s = perf_counter() - start
    if not compilation.graph.losses:
        raise UsageError("the model has no loss: there is no training step to measure")
    part = training_part(args, compilation, RANDOM_BATCHES * compilation.plan.rows)
    timing = bench(model, part, args.seconds)
    bound = limit(compilation.plan)
    executable = model.executable
    return {
        "name": compilation.spec.name,
        "batch_size": min(compilation.plan.rows, part.rows),
        "us_per_step": round(timing.us_per_step, 3),
        "steps": timing.steps,
        "first_step_s": round(timing.first_step_s, 6),
        "compile_s": round(compile_s, 6),
        "backend": executable.name,
        "threads": executable.threads,
        "instructions": instructions(compilation),
        "native_instructions": executable.native_instructions,
        "limit_us": round(bound.us, 3),
        "flops_step": bound.flops,
        "flops_per_s": round(bound.flops_per_s),
        "bytes_per_s": round(bound.bytes_per_s),
    }


def instructions(compilation: Compilation) -> int:
    """How many instructions a training step has."""
    return len(compilation.plan.schedules["train"].program.instrs)


def text(figures: dict[str, Any]) -> str:
    """The figures for people."""
    step, bound = figures["us_per_step"], figures["limit_us"]
    rows = [
        ["step", f"{step:,.1f} us", f"median of {figures['steps']:,}, {1e6 / step:,.0f} steps per second"],
        [
            "limit",
            f"{bound:,.1f} us",
            f"{step / bound:,.1f} times less; {figures['flops_step']:,} FLOPs per step",
        ],
        ["first step", f"{figures['first_step_s'] * 1e3:,.1f} ms", ""],
        ["compile", f"{figures['compile_s'] * 1e3:,.1f} ms", ""],
    ]
    counted = f"{figures['instructions']} instructions, {figures['native_instructions']} native"
    threads = f"{figures['threads']} thread{'' if figures['threads'] == 1 else 's'}"
    header = (
        f"{figures['name']}, batches of {figures['batch_size']:,}, {figures['backend']}, {threads}, {counted}"
    )
    return f"{header}\n\n{output.table(rows, right=(1,))}"
