"""Write a run as one HTML page that opens without a network: curves, the model drawn, memory, mistakes.

Predictions are those of the best checkpoint, unless --checkpoint names another, on the test part of
the run's data, or on validation or training where there is none. Where the data cannot be read any
more, the page is written without them.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from specdl.cli import output
from specdl.cli.runs import opened, run_options

PAGE = "report.html"


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    run_options(parser)
    parser.set_defaults(checkpoint="best")
    parser.add_argument(
        "--out", metavar="FILE", help=f"the page; `-` is standard output (default: {PAGE} in the run folder)"
    )


def run(args: argparse.Namespace) -> int:
    """Write the page; the exit code."""
    from specdl.cli.written import write
    from specdl.core.errors import SpecError
    from specdl.runner.report import gather, report
    from specdl.training import samples_of

    found = opened(args)
    try:
        data = samples_of(found, args.allow)
    except SpecError as error:
        reason = error.diagnostics[0].message
        output.message(f"the data cannot be read ({reason}): the page is without predictions")
        data = None
    page = report(gather(found, data, args.checkpoint))
    if args.out == "-":
        output.data(page)
        return 0
    path = found.path / PAGE if args.out is None else Path(args.out)
    write(path, page.encode())
    output.message(f"the report is {path}")
    return 0
