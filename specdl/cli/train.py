"""Train a spec into a run folder, with progress on standard error.

The folder holds the spec, the figures of every evaluation (metrics.jsonl) and checkpoints from which
--resume goes on bit for bit. SIGINT and SIGTERM save before they end the run (exit codes 130 and 143);
training that diverges ends with exit code 3, and the folder has the last good state.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specdl.cli import output
from specdl.cli.options import analysed, compile_options, format_option, spec_argument

if TYPE_CHECKING:
    from specdl.runner.run import Run
    from specdl.runner.train import Job


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    spec_argument(parser)
    parser.add_argument(
        "--out", metavar="DIR", type=Path, help="the run folder (default: runs/NAME, numbered)"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on from the newest good checkpoint in the folder, or begin if there is none",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="do all that comes before the first step, and write nothing"
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    format_option(parser, "human", "json")
    compile_options(parser)


def run(args: argparse.Namespace) -> int:
    """Train; the exit code."""
    from specdl.training import job

    compilation = analysed(args)
    wanted = {"backend": args.backend, "device": args.device, "threads": args.threads}
    made = job(compilation, **wanted, allow=args.allow, tell=output.message)
    if args.dry_run:
        preview(args, made)
        return 0
    from specdl.cli.signals import leave
    from specdl.runner.progress import progress
    from specdl.runner.train import train

    watcher = progress(quiet=args.quiet)
    trained = train(made, args.out, resume=args.resume, progress=watcher, at_once=leave)
    if args.format == "json":
        output.data_json(outcome(trained, made.environment["spec_hash"]))
    return 0


def outcome(trained: Run, spec_hash: str) -> dict[str, Any]:
    """A finished run as JSON; a figure that is not finite is null."""
    return {
        "run": str(trained.path),
        "spec_hash": spec_hash,
        "metrics": {part: figures(of) for part, of in trained.metrics.items()},
    }


def figures(found: Any) -> dict[str, float | None]:
    """Figures by metric, as JSON can hold them."""
    return {name: value if math.isfinite(value) else None for name, value in found.items()}


def preview(args: argparse.Namespace, made: Job) -> None:
    """Say what would be trained, if there is room for its checkpoints."""
    from specdl.plan.machine import readable
    from specdl.runner.folder import RunFolder
    from specdl.runner.pace import pace
    from specdl.runner.train import RUNS, require_room

    require_room(made, RunFolder(args.out or RUNS))
    spec, rows = made.model.spec, {name: part.rows for name, part in made.data.parts.items()}
    length = pace(spec.train, spec.data, rows["train"])
    held = sum(made.model.executable.allocated().values())
    if args.format == "json":
        output.data_json(
            {"steps": length.steps, "steps_per_epoch": length.steps_per_epoch, "rows": rows, "bytes": held}
        )
        return
    parts = ", ".join(f"{count:,} for {name}" for name, count in rows.items())
    output.data(
        f"{spec.name}: {length.steps:,} steps, {length.steps_per_epoch:,} per epoch\n"
        f"samples: {parts}\nbuffers: {readable(held)}"
    )
    output.message("a dry run: nothing was trained or written")
