"""Say everything that is wrong with specs at once, each with file, line, column and a way to mend it.

Nothing is run, and nothing of a spec can run code. Exit code: 0 without errors, 1 with errors, 4 if
memory is all that is lacking.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from specdl.cli import output
from specdl.cli.options import format_option, reading_options, size
from specdl.core.errors import UsageError

if TYPE_CHECKING:
    from specdl.core.diagnostics import Diagnostic


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument(
        "specs", metavar="SPEC", nargs="+", help="specs, JSON or YAML; `-` reads standard input"
    )
    parser.add_argument(
        "--data", action="store_true", help="open the data files too, and check what is in them"
    )
    parser.add_argument(
        "--max-memory",
        type=size,
        metavar="SIZE",
        help="what a run may take, as in 8GiB (default: the machine's memory)",
    )
    parser.add_argument("--strict", action="store_true", help="warnings count as errors")
    format_option(parser, "human", "concise", "json")
    reading_options(parser)


def run(args: argparse.Namespace) -> int:
    """Check every spec; the exit code."""
    if args.specs.count("-") > 1:
        raise UsageError("standard input can only be read once")
    found: list[Diagnostic] = []
    unread: list[UsageError] = []
    for source in args.specs:
        try:
            found += diagnose(args, source)
        except UsageError as error:
            unread.append(error)
    print_findings(args, found, ok=not unread)
    for each in unread:
        output.message(output.told(each))
    output.message(summary(found, len(args.specs), len(unread)))
    return UsageError.exit_code if unread else output.exit_code(found, args.strict)


def diagnose(args: argparse.Namespace, source: str) -> list[Diagnostic]:
    """Every finding about one spec."""
    from specdl.compiler import check

    return check(
        source,
        overrides=args.overrides,
        plugins=args.plugins,
        max_memory=args.max_memory,
        allow=args.allow,
        data=args.data,
    )


def print_findings(args: argparse.Namespace, found: list[Diagnostic], ok: bool) -> None:
    """The findings, on standard output: they are what was asked for."""
    from specdl.core import render

    if args.format == "json":
        value = output.findings_json(found, args.strict)
        output.data_json(value | {"ok": ok and value["ok"]})
    elif found:
        human = args.format == "human"
        output.data(render.human(found, output.wants_color(sys.stdout)) if human else render.concise(found))


def summary(found: list[Diagnostic], specs: int, unread: int) -> str:
    """One line: how many errors and warnings there are."""
    errors = sum(each.count for each in found if each.severity == "error")
    warnings = sum(each.count for each in found if each.severity == "warning")
    counts = [counted(errors, "error"), counted(warnings, "warning")]
    said = ", ".join(each for each in counts if each) or ("" if unread else "no findings")
    if unread:
        said = f"{said}, " if said else ""
        said += f"{counted(unread, 'spec')} could not be read"
    return f"{said} in {counted(specs, 'spec')}" if specs > 1 else said


def counted(number: int, noun: str) -> str:
    """`3 errors`, `1 error`, or nothing."""
    return f"{number} {noun}{'' if number == 1 else 's'}" if number else ""
