"""Compute the loss and the metrics of a run on its data, which is read again.

The figures are those of the run's spec; `--set data.source.path=new.csv` and the like compute them on
other data.
"""

from __future__ import annotations

import argparse

from specdl.cli import output
from specdl.cli.options import format_option
from specdl.cli.runs import opened, run_options
from specdl.cli.train import figures
from specdl.core.errors import UsageError


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    run_options(parser)
    parser.add_argument(
        "--part",
        metavar="PART",
        choices=("train", "validation", "test"),
        action="append",
        help="train, validation or test (default: every part there is); may be repeated",
    )
    format_option(parser, "human", "json")


def run(args: argparse.Namespace) -> int:
    """Evaluate, and print a table; the exit code."""
    from specdl.training import samples_of

    found = opened(args)
    data = samples_of(found, args.allow)
    have = [name for name, part in data.parts.items() if part.rows]
    for name in args.part or ():
        if name not in have:
            raise UsageError(f"the data has no part `{name}`: it has {', '.join(have)}")
    results = {name: found.evaluate(data, name) for name in have if name in (args.part or have)}
    if args.format == "json":
        parts = {name: {"rows": data.parts[name].rows, **figures(of)} for name, of in results.items()}
        output.data_json({"run": str(found.path), "checkpoint": args.checkpoint, "parts": parts})
        return 0
    names = list(dict.fromkeys(metric for of in results.values() for metric in of))
    rows = [["part", "samples", *names]]
    for name, of in results.items():
        rows.append([name, f"{data.parts[name].rows:,}", *(f"{of[metric]:.6g}" for metric in names)])
    output.data(output.table(rows, right=range(1, len(names) + 2)))
    return 0
