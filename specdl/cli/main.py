"""The command line: chooses a command, and turns what goes wrong into a message and an exit code."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from io import TextIOWrapper
from typing import NoReturn

from specdl import __version__

COMMANDS = {
    "check": "say everything that is wrong with specs, in a fraction of a second",
    "plan": "show layers, shapes, costs and bytes without running anything",
    "train": "train a spec into a run folder",
    "eval": "compute the metrics of a run",
    "predict": "compute predictions from a run",
    "report": "write a run as one HTML page",
    "export": "write a run's model as C that stands alone",
    "gradcheck": "compare gradients with central differences in float64",
    "bench": "measure a training step, and the limit that the machine sets",
    "explain": "say what a type or an error code means",
    "diff": "say how two specs, or runs, differ in meaning",
    "render": "write a spec out with everything in its place",
    "schema": "write the JSON Schema of specs, or validate a file by it",
    "init": "write a spec to start from",
    "lsp": "serve an editor: findings as you type, completion, hover",
}
"""Each is a module of this package with `arguments(parser)` and `run(args) -> exit code`."""

READERS = ("check", "diff", "explain", "plan", "render", "schema")
"""Commands that read and say what they found: none of them trains, or serves anybody."""
PATIENCE = 200_000
"""Objects that a reader makes before garbage is looked for: few need that many, and many specs need more."""

EPILOG = """exit codes: 0 fine; 1 the spec has errors; 2 wrong usage, or a fault of specdl; 3 training
diverged; 4 not enough memory or disk; 130 and 143 after a signal.

`specdl COMMAND --help` says more about a command."""

AT_ONCE = {
    "train": ("SIGINT", "SIGTERM"),
    "bench": ("SIGTERM",),
    "eval": ("SIGTERM",),
    "predict": ("SIGTERM",),
}
"""The signals that end what a command has started, such as compilers, with it."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code. Never raises for what a user did wrong."""
    words = list(sys.argv[1:] if argv is None else argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")  # what a terminal lacks is spelled
    signals = AT_ONCE.get(words[0]) if words else None
    if signals is None:
        return command(words)
    # from here on a signal ends the command as it should, long before torch is there
    with import_module("specdl.cli.signals").leaving_at_once(*signals):
        return command(words)


def command(words: list[str]) -> int:
    """Run one command with its options; the exit code."""
    as_json = False
    try:
        args = parsed(words)
        as_json = getattr(args, "format", "") == "json"
        code = int(args.run(args))
        sys.stdout.flush()
    except SystemExit as leaving:  # argparse's way to end
        return int(import_module("specdl.cli.failure").left(leaving))
    except (Exception, KeyboardInterrupt) as error:
        failure = import_module("specdl.cli.failure")
        return int(failure.explained(error, as_json))
    return code


def parsed(words: list[str]) -> argparse.Namespace:
    """The options of a command line; `run` is the function of its command."""
    if not words or words[0].startswith("-"):
        top_parser().parse_args(words or ["--help"])
    name = words[0]
    if name not in COMMANDS:
        unknown(top_parser(), name)
    command = import_module(f"specdl.cli.{name}")
    sub = argparse.ArgumentParser(
        prog=f"specdl {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.arguments(sub)
    sub.set_defaults(run=command.run)
    return sub.parse_args(words[1:])


def top_parser() -> argparse.ArgumentParser:
    """What stands before the command, and the help that lists all commands."""
    width = max(map(len, COMMANDS))
    listed = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog="specdl",
        usage="specdl COMMAND [...]",
        description=f"A compiler for declarative model specs.\n\ncommands:\n{listed}",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"specdl {__version__}")
    return parser


def unknown(parser: argparse.ArgumentParser, name: str) -> NoReturn:
    """End with the command that was probably meant."""
    meant = import_module("specdl.core.suggest").nearest(name, COMMANDS)
    hint = f"did you mean `{meant}`?" if meant else f"commands: {', '.join(COMMANDS)}"
    parser.error(f"there is no command `{name}`; {hint}")


def entry_point() -> NoReturn:
    """The script `specdl`."""
    # to look for plug-ins of pydantic's among all that is installed takes a tenth of a check
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    reads = len(sys.argv) > 1 and sys.argv[1] in READERS
    if reads:
        gc.set_threshold(PATIENCE)
    code = main()
    if reads:
        gc.freeze()  # else the end of the process goes through all objects, for garbage that goes with it
    sys.exit(code)
