"""Say everything that is wrong with specs at once, each with file, line, column and a way to mend it.

Nothing is run, and nothing of a spec can run code. Exit code: 0 without errors, 1 with errors, 4 if
memory is all that is lacking.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from specdl.cli import output
from specdl.cli.options import format_option, reading_options, size
from specdl.core.errors import UsageError

if TYPE_CHECKING:
    from specdl.compiler import Compilation
    from specdl.core.diagnostics import Diagnostic
    from specdl.spec.document import Document

SHORT = 12
"""As many digits of a hash as people need to tell specs apart."""


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
    parser.add_argument(
        "--ignore",
        metavar="CODE",
        action="append",
        default=[],
        help="a warning that is not told, as in W330; may be repeated (in a spec: `lint`)",
    )
    parser.add_argument(
        "--fix",
        action="store_true",
        help="mend what is surely meant otherwise; a spec from standard input is printed mended",
    )
    parser.add_argument(
        "--unsafe-fixes", action="store_true", help="mend what is likely meant otherwise too, as with --fix"
    )
    parser.add_argument(
        "--diff", action="store_true", help="print what --fix would change, and write nothing"
    )
    format_option(parser, *output.FORMATS)
    reading_options(parser)


def run(args: argparse.Namespace) -> int:
    """Check every spec; the exit code."""
    if args.specs.count("-") > 1:
        raise UsageError("standard input can only be read once")
    if args.ignore:
        from specdl.lint.silence import require_warnings

        require_warnings(args.ignore)
    found: list[Diagnostic] = []
    unread: list[UsageError] = []
    told: list[str] = []
    known: list[Compilation | None] = []
    for source in args.specs:
        try:
            found += mend(args, source, told, known) if mending(args) else diagnose(args, source, known)
        except UsageError as error:
            unread.append(error)
    failures = [output.told(each) for each in unread]
    told_hash = hash_of(known[-1]) if len(args.specs) == 1 and known and wants_hash(args, found) else None
    if mending(args) and (args.diff or "-" in args.specs):  # the text goes to standard output
        output.diagnostics_to_stderr(found)
    else:
        more = {"hash": told_hash} if len(args.specs) == 1 else {}
        output.print_findings(args.format, found, strict=args.strict, failures=failures, more=more)
    for each in (*failures, *told):
        output.message(each)
    offer = offered(found) if args.format in ("human", "concise") else ""
    offer += f"; the spec's hash is {told_hash[:SHORT]}" if told_hash and not found else ""
    output.message(summary(found, len(args.specs), len(unread)) + offer)
    code = UsageError.exit_code if unread else output.exit_code(found, args.strict)
    return max(code, 1) if args.diff and told else code


def diagnose(
    args: argparse.Namespace, source: str | Document, known: list[Compilation | None]
) -> list[Diagnostic]:
    """Every finding about one spec; what it was compiled to is added to `known`."""
    from specdl.compiler import checked

    compilation, found = checked(
        source,
        overrides=args.overrides,
        plugins=args.plugins,
        max_memory=args.max_memory,
        allow=args.allow,
        data=args.data,
        ignore=args.ignore,
    )
    known.append(compilation)
    return found


def wants_hash(args: argparse.Namespace, found: list[Diagnostic]) -> bool:
    """Whether the hash of the spec is told: as JSON, and to people where there is nothing else to say."""
    if any(each.severity == "error" for each in found):
        return False
    return args.format == "json" or (args.format in ("human", "concise") and not found)


def hash_of(compilation: Compilation | None) -> str | None:
    """The hash of a spec's meaning."""
    from specdl.spec.resolved import digest

    return digest(compilation.spec) if compilation else None


def mending(args: argparse.Namespace) -> bool:
    """Whether fixes are to be applied, or shown."""
    return bool(args.fix or args.unsafe_fixes or args.diff)


def mend(
    args: argparse.Namespace, source: str, told: list[str], known: list[Compilation | None]
) -> list[Diagnostic]:
    """Mend a spec, add a line to `told` if there was anything to mend, and give what remains."""
    from specdl.cli import fixing
    from specdl.spec.document import read

    def settled(document: Document) -> Document:
        return read(document, tuple(args.overrides), tuple(map(Path, args.allow)))

    def check(document: Document) -> list[Diagnostic]:
        return diagnose(args, document, known)

    mended = fixing.mend(source, check, settled, unsafe=args.unsafe_fixes)
    line = fixing.deliver(mended, args.diff)
    told += [line] if line else []
    return mended.found


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


def offered(found: list[Diagnostic]) -> str:
    """How many findings `--fix` would mend, and how many more `--unsafe-fixes`; empty if none."""
    fixes = [(each.fix, each.count) for each in found]
    sure = sum(count for fix, count in fixes if fix and fix.sure)
    likely = sum(count for fix, count in fixes if fix and not fix.sure)
    told = [f"{sure:,} fixable with --fix"] if sure else []
    if likely:
        told.append(f"{likely:,} {'more' if sure else 'fixable'} with --unsafe-fixes")
    return f"; {', '.join(told)}" if told else ""


def counted(number: int, noun: str) -> str:
    """`3 errors`, `1 error`, or nothing."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}" if number else ""
