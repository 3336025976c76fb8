"""Findings: what is wrong, where, why and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import field, replace
from functools import cached_property, partial
from typing import Any, Literal

from specdl.core.record import record

Severity = Literal["error", "warning"]
Path = tuple[str | int, ...]
"""Where in a document: keys and indices from the top, `("model", "layers", 0, "type")`."""


WORD = re.compile(r"[^\W\d]\w*")
FOLD_FROM = 4
"""Equal findings are told one by one up to three times; from the fourth they are one finding."""
FOLD_ALIKE_FROM = 10
"""From so many on warnings that differ in names alone are one finding."""
NAME = re.compile(r"`[^`]*`")
OFFERED = re.compile(r'_\d+"$')
"""How a help ends that offers a free name by its number."""


def value_at(value: Any, path: Path) -> Any:
    """The value at a path below another; raises `LookupError` or `TypeError` if there is none."""
    for step in path:
        value = value[step]
    return value


def below(value: Any, path: Path) -> Any:
    """The value at a path below another, or None if there is none."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def path_text(path: Path) -> str:
    """A path as people write it.

    >>> path_text(("model", "layers", 0, "type"))
    '$.model.layers[0].type'
    >>> path_text(("init", "a b"))
    '$.init["a b"]'
    """
    parts = ["$"]
    for key in path:
        if isinstance(key, int):
            parts.append(f"[{key}]")
        else:
            parts.append(f".{key}" if WORD.fullmatch(key) else f'["{visible(key)}"]')
    return "".join(parts)


def visible(text: str) -> str:
    """Text that is safe to print: control characters and marks of direction become `U+FFFD`.

    What a file holds must not steer the terminal it is printed to.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


@record()
class Position:
    """A place in a text; lines and columns count from 1, columns in code points."""

    line: int
    column: int
    end_line: int
    end_column: int


@record()
class Spot:
    """A place in a file beside the document, such as one of data, and the line there."""

    file: str
    position: Position
    text: str


@record()
class Note:
    """A further place or fact that belongs to a finding.

    Where `label` is set the place is shown with its source line, as the finding's own is.
    """

    message: str
    path: Path | None = None
    at_key: bool = False
    label: bool = False
    spot: Spot | None = None
    """The place where it is in another file than the document, and then shown."""


USED = "the block is used"
"""What a note says of each use of a block that leads to the layer that a finding is about."""


def trail(paths: Iterable[Path]) -> tuple[Note, ...]:
    """The notes for the uses of blocks through which a finding came about, innermost first."""
    return tuple(Note(USED, path, label=True) for path in paths)


def uses(notes: Iterable[Note]) -> tuple[Path, ...]:
    """The uses of blocks that some notes tell, innermost first."""
    return tuple(note.path for note in notes if note.message == USED and note.path is not None)


@record()
class Replace:
    """Write another value at a path."""

    path: Path
    value: Any


@record()
class Rename:
    """Write another key at a path; its value stays."""

    path: Path
    key: str


@record()
class Remove:
    """Take away a key with its value, or a value of a list."""

    path: Path


@record()
class Add:
    """Write a new key and its value into the mapping at a path."""

    path: Path
    key: str
    value: Any


Edit = Replace | Rename | Remove | Add


@record()
class Fix:
    """A way to mend a finding that a program can take.

    `message` says in the imperative what it does: "write `linear`". It is `sure` where nobody could
    have meant anything else; `specdl check --fix` takes sure ones, `--unsafe-fixes` the likely ones too.
    """

    message: str
    edits: tuple[Edit, ...]
    sure: bool = False


@record()
class TextEdit:
    """A piece of a text, by offsets in code points, and what stands in its place."""

    start: int
    end: int
    text: str
    position: Position | None = field(default=None, compare=False)
    """The piece by lines and columns, where the text is known."""


@record()
class TextFix:
    """A fix as edits of a file's text, which do not overlap; comments and layout stay."""

    message: str
    edits: tuple[TextEdit, ...]
    sure: bool = False


@record()
class Finding:
    """A diagnostic before it has a text: it names a path in the document.

    `at_key` marks the key rather than the value. The first line of `message` is a whole
    thought in the user's words; `help` can be pasted.
    """

    code: str
    message: str
    path: Path = ()
    at_key: bool = False
    help: str | None = None
    notes: tuple[Note, ...] = ()
    severity: Severity = "error"
    fix: Fix | None = None
    within: tuple[int, int] | None = None
    """The part of a value that is text, by offsets into it; None for all of it."""


STDIN = "<stdin>"
"""What places call the file that a spec on standard input is."""


@record()
class Place:
    """Where a diagnostic is: `position` is None where there is no text, as for a spec given as a dict."""

    path: str
    file: str | None = None
    position: Position | None = None

    def __str__(self) -> str:
        file = visible(self.file or "")
        if file and self.position:
            return f"{file}:{self.position.line}:{self.position.column}"
        return f"{file}: {self.path}" if file else self.path


@record()
class Remark:
    """A note of a diagnostic, at its place if it has one.

    `where` names the place for people: `file:line:column`, or `` `--set lr=1` ``. `excerpt` is the
    source line there where it is to be shown.
    """

    message: str
    where: str | None = None
    place: Place | None = None
    excerpt: str | None = None

    def __str__(self) -> str:
        return f"{self.message} at {self.where}" if self.where else self.message


@record()
class Diagnostic:
    """A finding at its place in a file.

    `file` is None for a spec given as a dict; then `line` and `column` are None too.
    """

    code: str
    severity: Severity
    message: str
    path: str
    file: str | None = None
    position: Position | None = None
    help: str | None = None
    notes: tuple[Remark, ...] = ()
    excerpt: str | None = None
    """The source line that `position` begins on."""
    mend: Callable[[], TextFix | None] | None = field(default=None, compare=False, repr=False)
    """Works out `fix`: only once somebody asks, for it takes reading the text again."""
    places: tuple[Place, ...] = ()
    """Where equal findings are told as one: all their places, this one first."""
    origins: tuple[Place, ...] = ()
    """Where the values were given of which the one is made that it is about."""

    @cached_property
    def fix(self) -> TextFix | None:
        """Edits of the text that mend it, at all its places; None where nothing certain can be said."""
        return self.mend() if self.mend else None

    @property
    def line(self) -> int | None:
        return self.position.line if self.position else None

    @property
    def column(self) -> int | None:
        return self.position.column if self.position else None

    @property
    def place(self) -> Place:
        return Place(self.path, self.file, self.position)

    @property
    def count(self) -> int:
        """How many equal findings this one stands for."""
        return max(1, len(self.places))

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}[{self.code}]: {self.message}"


def fold(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics in their order, with many that say the same made one that counts them.

    A mistake that was copied through a thousand layers would bury every other; one in a value that was
    given once is one wherever the value is used. Warnings that are alike but for the names in them are
    one too, where there are very many: then the first is told.
    """
    listed = list(diagnostics)
    groups = grouped(enumerate(listed), equal)
    given = grouped(((n, each) for n, each in enumerate(listed) if each.origins), of_one_value)
    many = grouped(((n, each) for n, each in enumerate(listed) if each.severity == "warning"), alike)
    told = dict(enumerate(listed))
    for least, found in ((2, given), (FOLD_FROM, groups), (FOLD_ALIKE_FROM, many)):
        for numbers in found.values():
            if len(numbers) >= least:
                for number in numbers[1:]:
                    told.pop(number, None)
                told[numbers[0]] = one([listed[number] for number in numbers])
    return [told[number] for number in sorted(told)]


def grouped(
    numbered: Iterable[tuple[int, Diagnostic]], key: Callable[[Diagnostic], tuple[object, ...]]
) -> dict[tuple[object, ...], list[int]]:
    """The numbers of diagnostics by what they have in common."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, each in numbered:
        groups.setdefault(key(each), []).append(number)
    return groups


def equal(diagnostic: Diagnostic) -> tuple[str | None, ...]:
    """What equal findings have in common; the help may offer each a name of its own."""
    help = diagnostic.help and OFFERED.sub('"', diagnostic.help)
    return diagnostic.code, diagnostic.message, help


def of_one_value(diagnostic: Diagnostic) -> tuple[object, ...]:
    """What equal findings have in common that are about one value, wherever it is used."""
    return *equal(diagnostic), diagnostic.origins


def alike(diagnostic: Diagnostic) -> tuple[str | None, ...]:
    """What findings have in common that differ in the names that they speak of."""
    return diagnostic.code, *(text and NAME.sub("`", text) for text in (diagnostic.message, diagnostic.help))


def one(group: Sequence[Diagnostic]) -> Diagnostic:
    """The first of some diagnostics, with the places and the fixes of all."""
    return replace(group[0], places=tuple(each.place for each in group), mend=partial(together, group))


def together(group: Iterable[Diagnostic]) -> TextFix | None:
    """The fixes of equal findings as one; of those whose edits overlap the first stays."""
    fixes = sorted((each.fix for each in group if each.fix), key=lambda fix: fix.edits[0].start)
    kept: list[TextFix] = []
    end = -1
    for fix in fixes:
        if fix.edits[0].start > end:
            kept.append(fix)
            end = fix.edits[-1].end
    return replace(kept[0], edits=tuple(edit for fix in kept for edit in fix.edits)) if kept else None
