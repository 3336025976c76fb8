"""What a check says of a text that is being typed, and what is kept of it until the text is sound again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path as FilePath

from specdl.analysis import checked
from specdl.core.diagnostics import Diagnostic
from specdl.core.errors import SpecError, UsageError
from specdl.editor.figures import Numbers
from specdl.editor.view import View, tolerant
from specdl.spec.document import SUFFIXES, Document, of_text, read

SPEC = re.compile(r"""^[\s{,]*["']?(?:specdl["']?\s*:|\$schema["']?\s*:[^\n]*specdl)""", re.MULTILINE)
"""What only a spec says: its version, or its schema."""
SECTION = re.compile(
    r"""^[\s{,]*["']?(data|model|loss|losses|optimizer|train|metrics)["']?\s*:""", re.MULTILINE
)
SECTIONS = 3
"""A text with so many of a spec's sections is one, even if it does not say its version yet."""
SHORT = 40
"""A text of so few characters may become anything."""
LOOKED_AT = 200_000
LARGE = 2_000_000
"""Characters; a larger text is checked, but not looked into while it is typed."""


@dataclass(frozen=True)
class Source:
    """A text as an editor has it. `file` has the suffix that decides whether it is JSON or YAML."""

    text: str
    file: str
    folder: FilePath

    @property
    def is_spec(self) -> bool:
        """Whether it is for specdl at all: an editor opens JSON and YAML of all kinds."""
        head = self.text[:LOOKED_AT]
        return bool(SPEC.search(head)) or len(set(SECTION.findall(head))) >= SECTIONS

    @property
    def may_be(self) -> bool:
        """Whether it is a spec or may become one."""
        return self.is_spec or len(self.text.strip()) <= SHORT

    def document(self) -> Document:
        """The text read strictly, with what it extends; raises `SpecError`."""
        return of_text(self.text.encode("utf-8", "surrogatepass"), self.file, self.folder)


@dataclass(frozen=True)
class Analysis:
    """What is known of a text: its document, what was found, and the figures if it is sound."""

    document: Document
    findings: tuple[Diagnostic, ...] = ()
    numbers: Numbers | None = None

    @property
    def view(self) -> View:
        return View(self.document, self.numbers)


@dataclass(frozen=True)
class Settings:
    """What changes how specs are checked, as given on the command line."""

    allow: tuple[str | PathLike[str], ...] = field(default=())


def analyse(source: Source, before: Analysis | None = None, settings: Settings | None = None) -> Analysis:
    """A text checked as `specdl check` does, data files unopened.

    Where it has errors the figures of `before` stay; where it cannot be read it is read with
    tolerance.
    """
    numbers = before.numbers if before else None
    allow = settings.allow if settings else ()
    try:
        bare = source.document()
        document = read(bare, (), tuple(map(FilePath, allow)))
    except SpecError as error:
        known = before.document if before else None
        text = source.text if len(source.text) <= LARGE else ""
        sketch = tolerant(text, source.file, source.folder, known).document
        return Analysis(sketch, tuple(error.diagnostics), numbers)
    try:
        compilation, findings = checked(document, allow=allow)
    except UsageError as error:  # a plug-in that breaks its contract
        told = Diagnostic(error.code, "error", error.message, "$", source.file, help=error.help)
        return Analysis(document, (told,), numbers)
    return Analysis(document, tuple(findings), Numbers(compilation) if compilation else numbers)


def suffixed(name: str, language: str) -> str:
    """A file's name with a suffix that specs have: that of its language if it has none of them."""
    if FilePath(name).suffix.lower() in SUFFIXES:
        return name
    return f"{name}{'.json' if language in ('json', 'jsonc') else '.yaml'}"


def bases(document: Document) -> set[FilePath]:
    """The files that a document extends."""
    found: set[FilePath] = set()
    base = document.base
    while base is not None:
        found.add((base.folder / FilePath(str(base.file)).name).resolve())
        base = base.base
    return found
