"""Say everything that is wrong with specs at once, each with file, line, column and a way to mend it.

Nothing is run, and nothing of a spec can run code. Exit code: 0 without errors, 1 with errors, 4 if
memory is all that is lacking.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from specdl.cli import output
from specdl.cli.options import compile_options, format_option, size
from specdl.core.errors import UsageError
from specdl.core.wording import counted

if TYPE_CHECKING:
    from specdl.analysis import Compilation, Machine
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
    compile_options(parser)


def run(args: argparse.Namespace) -> int:
    """Check every spec; the exit code."""
    if args.specs.count("-") > 1:
        raise UsageError("standard input can only be read once")
    if args.ignore:
        from specdl.lint.silence import require_warnings

        require_warnings(args.ignore)
    session = Session(args)
    session.machine.require()
    for source in args.specs:
        session.look(source)
    session.tell()
    return session.code


@dataclass
class Session:
    """One call of the command: what it found in all specs.

    `failures` tell of specs that could not be read, `mended` of those that were mended, `refused` of
    fixes that were tried in vain; `compilation` is what the last spec was compiled to.
    """

    args: argparse.Namespace
    found: list[Diagnostic] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    compilation: Compilation | None = None

    @property
    def machine(self) -> Machine:
        """What a run would be on."""
        from specdl.analysis import Machine

        return Machine(self.args.backend, self.args.device, self.args.threads)

    @property
    def mending(self) -> bool:
        """Whether fixes are to be applied, or shown."""
        return bool(self.args.fix or self.args.unsafe_fixes or self.args.diff)

    @property
    def people(self) -> bool:
        """Whether the output is for people, who are told what they could do next."""
        return self.args.format in ("human", "concise")

    @property
    def code(self) -> int:
        """The exit code."""
        if self.failures:
            return UsageError.exit_code
        code = output.exit_code(self.found, self.args.strict)
        return max(code, 1) if self.args.diff and self.mended else code

    @property
    def hash(self) -> str | None:
        """The hash of what a spec means, of one spec without errors; worked out where it is told."""
        told = self.args.format == "json" or (self.people and not self.found)
        wrong = self.failures or any(each.severity == "error" for each in self.found)
        if not told or wrong or len(self.args.specs) > 1 or self.compilation is None:
            return None
        return self.compilation.hash

    def look(self, source: str) -> None:
        """Check a spec, and mend it where that is asked for."""
        try:
            self.found += self.mend(source) if self.mending else self.diagnose(source)
        except UsageError as error:
            self.failures.append(output.told(error))

    def diagnose(self, source: str | Document) -> list[Diagnostic]:
        """Every finding about one spec."""
        from specdl.analysis import checked

        self.compilation, found = checked(
            source,
            overrides=self.args.overrides,
            plugins=self.args.plugins,
            max_memory=self.args.max_memory,
            allow=self.args.allow,
            data=self.args.data,
            ignore=self.args.ignore,
            machine=self.machine,
        )
        return found

    def mend(self, source: str) -> list[Diagnostic]:
        """Mend a spec as far as it can be, and give what remains."""
        from specdl.cli import fixing
        from specdl.spec.document import read

        def settled(document: Document) -> Document:
            return read(document, tuple(self.args.overrides), tuple(map(Path, self.args.allow)))

        mended = fixing.mend(source, self.diagnose, settled, unsafe=self.args.unsafe_fixes)
        line = fixing.deliver(mended, self.args.diff)
        self.mended += [line] if line else []
        self.refused += fixing.taken_back(mended)
        return mended.found

    def tell(self) -> None:
        """Print the findings, and say on standard error how many there are."""
        known = self.hash
        if self.mending and (self.args.diff or "-" in self.args.specs):  # the text goes to standard output
            output.diagnostics_to_stderr(self.found)
        else:
            more = {"hash": known} if len(self.args.specs) == 1 else {}
            output.print_findings(
                self.args.format, self.found, strict=self.args.strict, failures=self.failures, more=more
            )
        for each in (*self.failures, *self.mended, *self.refused):
            output.message(each)
        last = summary(self.found, len(self.args.specs), len(self.failures))
        if self.people:
            last += offered(self.found)
            last += f"; the spec's hash is {known[:SHORT]}" if known else ""
        output.message(last)


def summary(found: list[Diagnostic], specs: int, unread: int) -> str:
    """One line: how many errors and warnings there are."""
    counts = {
        severity: sum(each.count for each in found if each.severity == severity)
        for severity in ("error", "warning")
    }
    said = ", ".join(counted(number, severity) for severity, number in counts.items() if number)
    said = said or ("" if unread else "no findings")
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
