"""What the commands that take a run folder have in common."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from specdl.cli.options import compile_options
from specdl.cli.output import message

if TYPE_CHECKING:
    from specdl.runner.run import Run


def run_argument(parser: argparse.ArgumentParser) -> None:
    """A run folder and one of its checkpoints."""
    parser.add_argument("run_folder", metavar="RUN", help="the folder of a run, as `specdl train` makes it")
    parser.add_argument(
        "--checkpoint",
        default="latest",
        metavar="NAME",
        help="latest, best or the name of a folder in RUN/checkpoints (default: %(default)s)",
    )


def run_options(parser: argparse.ArgumentParser) -> None:
    """A run folder, one of its checkpoints, and what its spec is compiled with."""
    run_argument(parser)
    compile_options(parser)


def opened(args: argparse.Namespace) -> Run:
    """The run that a command was given, with its model."""
    from specdl.training import load

    return load(
        args.run_folder,
        checkpoint=args.checkpoint,
        backend=args.backend,
        device=args.device,
        threads=args.threads,
        overrides=args.overrides,
        plugins=args.plugins,
        tell=message,
    )
