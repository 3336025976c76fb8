"""Mending specs: fixes are applied, the result is checked, and only what got better is kept.

A fix is an edit of the text, tried already on the text alone; here it must prove itself on the whole
check. What still has its finding afterwards, or brings an error of its own, is taken back.
"""

from __future__ import annotations

import difflib
import errno
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from specdl.cli import output, saving
from specdl.core.diagnostics import STDIN, Diagnostic, TextFix, visible
from specdl.core.errors import SpecError, UsageError
from specdl.core.wording import counted
from specdl.spec.document import Document, decode, load, of_text, read
from specdl.spec.edits import apart, applied
from specdl.spec.room import TOO_MANY
from specdl.spec.validate import validate

ROUNDS = 200
"""Checks of one spec, at most."""
BOM = b"\xef\xbb\xbf"
STOPPERS = ("E101", "E102")
"""Findings after which nothing else of a spec is judged."""

END = 5
"""How far a check comes that no error stops."""

Check = Callable[[Document], list[Diagnostic]]
"""Every finding about a document."""
Settle = Callable[[Document], Document]
"""A document with what it extends and what is set on the command line."""


@dataclass(frozen=True)
class Look:
    """A text with what a check says of it, and how far the check came."""

    text: str
    found: Sequence[Diagnostic]
    reached: int

    @property
    def errors(self) -> Counter[tuple[str, str]]:
        """The errors, each as often as it stands."""
        return tally(each for each in self.found if each.severity == "error")

    @property
    def cut(self) -> bool:
        """Whether there are more findings than are told, so that they cannot be compared."""
        return any(each.message in TOO_MANY for each in self.found)


@dataclass
class Mended:
    """A spec before and after it was mended."""

    file: str
    folder: Path
    before: bytes
    look: Look
    fixed: int = 0
    refused: dict[tuple[str, str, str], str] = field(default_factory=dict)
    """Findings whose fixes did not hold, and why."""

    @property
    def name(self) -> str:
        """The file as it can be printed."""
        return visible(self.file)

    @property
    def after(self) -> bytes:
        """The bytes of the mended text; a byte order mark stays."""
        if not self.fixed:
            return self.before
        return (BOM if self.before.startswith(BOM) else b"") + self.look.text.encode()

    @property
    def found(self) -> list[Diagnostic]:
        """What remains to be mended; a fix that did not hold is offered no more."""
        return [
            replace(each, mend=None) if identity(each) in self.refused else each for each in self.look.found
        ]

    def diff(self) -> str:
        """What was changed, as a unified diff."""
        before, after = (decode(data, self.file).splitlines(True) for data in (self.before, self.after))
        lines = [*difflib.unified_diff(before, after, self.name, self.name)]
        return "".join(
            line if line.endswith(("\n", "\r")) else f"{line}\n\\ No newline at end of file\n"
            for line in lines
        )


def mend(source: str, check: Check, settled: Settle = read, *, unsafe: bool = False) -> Mended:
    """A spec with every fix applied that holds: sure ones, and likely ones where `unsafe`.

    Raises `UsageError` for a file that cannot be read.
    """
    data, file, folder = load(source)
    try:
        text = decode(data, file)
    except SpecError as error:  # no text at all: nothing can be mended
        return Mended(file, folder, data, Look("", error.diagnostics, 0))
    looking = Looker(file, folder, check, settled)
    mended = Mended(file, folder, data, looking.look(text))
    most: int | None = None
    for _ in range(ROUNDS):
        chosen = choose(mended, unsafe)[:most]
        if not chosen:
            break
        fixes = [fix for _, fix in chosen]
        after = looking.look(applied(mended.look.text, [edit for fix in fixes for edit in fix.edits]))
        if better(mended.look, after, [each for each, _ in chosen]):
            mended.fixed += sum(gone(each, mended.look, after) for each, _ in chosen)
            mended.look, most = after, None
        elif len(chosen) > 1:
            most = len(chosen) // 2
        else:
            mended.refused[identity(chosen[0][0])] = consequence(mended.look, after)
            most = None
    return mended


@dataclass(frozen=True)
class Looker:
    """Checks texts as if they were what a file says."""

    file: str
    folder: Path
    check: Check
    settled: Settle

    def look(self, text: str) -> Look:
        """What a check says of a text."""
        try:
            document = of_text(text.encode(), self.file, self.folder)
        except SpecError as error:
            return Look(text, error.diagnostics, 0)
        return Look(text, found := self.check(document), self.reached(document, found))

    def reached(self, document: Document, found: Sequence[Diagnostic]) -> int:
        """How far a check of a document came before errors stopped it."""
        codes = {each.code for each in found if each.severity == "error"}
        if not codes:
            return END
        if codes <= {*STOPPERS}:
            return 1
        try:
            spec, _ = validate(self.settled(document))
        except SpecError:
            return 1
        if spec is None:
            return 2
        return 3 if any(code[1] in "123" for code in codes) else 4


def choose(mended: Mended, unsafe: bool) -> list[tuple[Diagnostic, TextFix]]:
    """The fixes to try next, in document order: of those that touch one another the first."""
    offered = (
        (each, fix)
        for each in mended.look.found
        if (fix := each.fix) and fix.edits and (fix.sure or unsafe) and identity(each) not in mended.refused
    )
    return apart(offered, lambda both: both[1].edits)


def better(before: Look, after: Look, mended: Sequence[Diagnostic]) -> bool:
    """Whether a text got better by fixes of some findings: those are gone, and no error is new.

    Errors that a check had not come to see before are not new.
    """
    if after.reached != before.reached:
        return after.reached > before.reached
    if not before.reached:
        return further(before, after)
    if before.cut:
        return True
    if after.errors - before.errors and not (len(mended) == 1 and fewer(before, after)):
        return False
    all_before, all_after = tally(before.found), tally(after.found)
    if before.reached == END and all_after.total() >= all_before.total():
        return False
    return all(gone(each, before, after) > 0 for each in mended)


def fewer(before: Look, after: Look) -> bool:
    """Whether there are fewer errors, and no more of any code: others may only be called otherwise.

    What stands in a section under another name says that name while the section has it.
    """
    codes = [Counter(code for code, _ in look.errors.elements()) for look in (before, after)]
    return codes[1].total() < codes[0].total() and not codes[1] - codes[0]


def further(before: Look, after: Look) -> bool:
    """Whether the reading of a text comes further than before, or meets less.

    What is met later in the same line counts as further only where it can be mended in its turn: else the
    line is no better for another fault.
    """
    if len(after.found) != len(before.found):
        return len(after.found) < len(before.found)
    was, now = ([(each.line or 0, each.column or 0) for each in look.found] for look in (before, after))
    if was >= now:
        return False
    first = next(n for n, (old, new) in enumerate(zip(was, now, strict=True)) if old < new)
    return was[first][0] < now[first][0] or after.found[first].fix is not None


def consequence(before: Look, after: Look) -> str:
    """Why a fix did not hold, in words: to which findings it leads."""
    codes = sorted({code for code, _ in tally(after.found) - tally(before.found)})
    return f"leads to {' and '.join(codes)}" if codes else "mends nothing"


def gone(each: Diagnostic, before: Look, after: Look) -> int:
    """How many findings that say the same as one are there no more."""
    if before.reached != after.reached or not before.reached or before.cut:
        return each.count
    same = (each.code, each.message)
    return tally(before.found)[same] - tally(after.found)[same]


def tally(found: Iterable[Diagnostic]) -> Counter[tuple[str, str]]:
    """Findings by what they say; where they stand changes with every edit."""
    counts: Counter[tuple[str, str]] = Counter()
    for each in found:
        counts[each.code, each.message] += each.count
    return counts


def identity(each: Diagnostic) -> tuple[str, str, str]:
    """What tells a finding from others."""
    return each.code, each.message, each.path


def save(mended: Mended) -> None:
    """Write a mended spec where it was read; raises `UsageError`.

    One that may not be written, or that was changed meanwhile, is left as it is.
    """
    path = Path(mended.file)
    try:
        if path.read_bytes() != mended.before:
            raise UsageError(f"`{mended.name}` was changed while it was mended, so it is left as it is")
        if not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        saving.save(path, mended.before, mended.after)
    except OSError as error:
        raise UsageError(f"`{mended.name}` cannot be written: {error.strerror or error}") from error


def taken_back(mended: Mended) -> list[str]:
    """Lines that say which fixes were tried and did not hold, and why."""
    return [
        f"the fix of {code} was tried and taken back: it {why}"
        for (code, _, _), why in mended.refused.items()
    ]


def deliver(mended: Mended, diff: bool) -> str | None:
    """Put a mended spec where it belongs; a line that tells of it, None if nothing was mended.

    A file is written in place, a spec from standard input printed; with `diff` only what would change
    is printed.
    """
    if diff:
        print(mended.diff(), end="")
    elif mended.file == STDIN:
        output.exactly(mended.after)
    elif mended.fixed:
        save(mended)
    if not mended.fixed:
        return None
    return f"{'would fix' if diff else 'fixed'} {counted(mended.fixed, 'finding')} in {mended.name}"
