"""A spec as it was given: a plain value, and where everything in it stands."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, TextIO

from specdl.core.diagnostics import (
    STDIN,
    Diagnostic,
    Finding,
    Note,
    Path,
    Place,
    Position,
    Remark,
    below,
    fold,
    path_text,
    value_at,
    visible,
)
from specdl.core.errors import SpecError, UsageError
from specdl.core.record import record
from specdl.data.paths import NotAFileError, open_file
from specdl.spec import json_text
from specdl.spec.encoding import decoded
from specdl.spec.model import ModelSpec
from specdl.spec.overrides import Setting, apply, parse_setting
from specdl.spec.places import defaults_of, part, traced
from specdl.spec.plain_data import from_python
from specdl.spec.resolved import render
from specdl.spec.text import MAX_BYTES, Fault, Lines, Parsed, Span, TextError

if TYPE_CHECKING:
    from specdl.spec.edits import Mender
    from specdl.spec.rewrite import Doubles

EXTENDS = "extends"
SUFFIXES = (".json", ".yaml", ".yml")
BEGIN = Position(1, 1, 1, 1)
TWICE = "E004"
UNFIT = "E210"
"""A layer as a whole does not fit what it reads."""
EMPTY_HELP = "`specdl init` writes a spec to start from"


@record()
class Document:
    """What a spec says before any of it is judged.

    `file` is as the user named it, None for a dict; `folder` is what relative paths in the
    spec begin from. `spec` is set where the source was a `ModelSpec` already.
    """

    value: Any
    file: str | None = None
    folder: FilePath = field(default_factory=FilePath.cwd)
    lines: Lines | None = None
    values: Mapping[Path, Span] = field(default_factory=dict)
    keys: Mapping[Path, Span] = field(default_factory=dict)
    aliases: Mapping[Path, Span] = field(default_factory=dict)
    settings: tuple[Setting, ...] = ()
    spec: ModelSpec | None = None
    base: Document | None = None
    """The document that this one extends: what a key at the top says that is not among its `own`."""
    own: frozenset[str] = frozenset()

    def home(self, path: Path) -> Document:
        """The document that says what stands at a path: this one, or one that it extends."""
        document = self
        while path and document.base and path[0] not in document.own and path[0] in document.base.value:
            document = document.base
        return document

    def position(self, path: Path, at_key: bool = False, within: Span | None = None) -> Position | None:
        """Where a path stands; for one that the text lacks, what it would stand in.

        `within` is a part of a value that is text, by offsets into it.
        """
        home = self.home(path)
        if home.lines is None or self.setting(path):
            return None
        if at_key and path in home.keys:
            return home.lines.position(home.keys[path])
        for length in range(len(path), -1, -1):
            if path[:length] in home.values:
                return home.lines.position(home.span(path[:length], within if length == len(path) else None))
        return None

    def span(self, path: Path, within: Span | None) -> Span:
        """The span of a value in the document's own text, or of a part of it where that can be told."""
        span = self.values[path]
        if within is None or self.lines is None:
            return span
        value = value_at(self.value, path)
        return part(self.lines.text, span, value, within) or span

    def setting(self, path: Path) -> Setting | None:
        """The `--set` that what stands at a path came from; of several the last."""
        found = [each for each in self.settings if path[: len(each.made)] == each.made]
        return found[-1] if found else None

    def place(self, path: Path) -> str:
        """A path as a note names it: `file:line:column`, or the document path where there is no text."""
        setting, position = self.setting(path), self.position(path)
        if setting:
            return setting.told
        file = visible(self.home(path).file or "")
        return f"{file}:{position.line}:{position.column}" if position else path_text(path)

    @cached_property
    def mender(self) -> Mender:
        """What works out the fixes of this document's findings."""
        from specdl.spec.edits import Mender

        return Mender(self)

    def locate(self, finding: Finding) -> Diagnostic:
        """A finding with its place in the text."""
        finding = traced(self.value, finding)
        home, position = self.home(finding.path), self.position(finding.path, finding.at_key, finding.within)
        values, origins = self.given(finding)
        notes = [*values, *(self.remark(note) for note in finding.notes)]
        setting = self.setting(finding.path)
        if setting:
            notes.append(Remark(f"set by {setting.told}"))
        # a fix changes the file that was checked, and none that it extends
        mends = self.lines and home is self
        return Diagnostic(
            code=finding.code,
            severity=finding.severity,
            message=visible(finding.message),
            path=path_text(finding.path),
            file=self.file if setting else home.file,
            position=position,
            help=finding.help and visible(finding.help),
            notes=(*notes, *(() if setting else (*home.through(finding.path), *self.taken(home)))),
            excerpt=home.lines.line(position.line) if home.lines and position else None,
            mend=self.mender.promised(finding) if mends else None,
            origins=origins,
        )

    def given(self, finding: Finding) -> tuple[list[Remark], tuple[Place, ...]]:
        """Where the values were given that a finding is about: of an expression, or by default of a layer.

        First all of them, then the places of those in an expression that are not made of others.
        """
        if finding.code == UNFIT:
            return [self.remark(note) for note in defaults_of(self.value, finding.path)], ()
        value = below(self.value, finding.path)
        if not isinstance(value, str) or "${" not in value:
            return [], ()
        from specdl.spec.given import given, origins

        found = given(self.value, finding)
        made = {each.where: self.remark(each.note) for each in found}
        places = (made[each.where].place for each in origins(self.value, found))
        return list(made.values()), tuple(place for place in places if place)

    def remark(self, note: Note) -> Remark:
        """A note with its place."""
        message = visible(note.message)
        if note.spot:
            file = note.spot.file if self.folder == FilePath.cwd() else str(self.folder / note.spot.file)
            place = Place(path_text(()), file, note.spot.position)
            return Remark(message, str(place), place, note.spot.text)
        if note.path is None:
            return Remark(message)
        home, position = self.home(note.path), self.position(note.path, note.at_key)
        shown = home.lines.line(position.line) if note.label and home.lines and position else None
        return Remark(message, self.place(note.path), Place(path_text(note.path), home.file, position), shown)

    def through(self, path: Path) -> Iterator[Remark]:
        """By which alias of YAML a path leads to what is written elsewhere."""
        for length in range(1, len(path) + 1 if self.aliases else 0):
            span = self.aliases.get(path[:length])
            if span is not None and self.lines is not None:
                at, name = self.lines.position(span), self.lines.text[slice(*span)]
                place = Place(path_text(path[:length]), self.file, at)
                yield Remark(f"`{visible(name)}` repeats it", str(place), place, self.lines.line(at.line))

    def taken(self, home: Document) -> list[Remark]:
        """By which files a document came in that this one extends, the innermost first."""
        found: list[Remark] = []
        document = self
        while document is not home and document.base is not None:
            found.insert(
                0, document.remark(Note(f"taken from `{document.base.file}` by `extends`", ("extends",)))
            )
            document = document.base
        return found

    def diagnose(self, findings: Iterable[Finding]) -> list[Diagnostic]:
        """Findings with their places, many equal ones told as one.

        What YAML's aliases repeat is written once: of findings that say the same of one place the
        first stays.
        """
        told: dict[object, Diagnostic] = {}
        for number, each in enumerate(findings):
            found = self.locate(each)
            # one default is one mistake, whatever the layers are called that take it
            own = traced(self.value, each) is each
            known = (each.code, each.message if own else None, found.file, found.position)
            told.setdefault(known if found.position else number, found)
        return fold(told.values())


Source = str | FilePath | Mapping[str, Any] | ModelSpec | Document


def read(source: Source, overrides: Sequence[str] = (), allow: Sequence[FilePath] = ()) -> Document:
    """The document of a file, of standard input (`-`), of a dict or of a `ModelSpec`; one that is read stays.

    What it `extends` is read too, from its folder, the working folder or those in `allow`. `overrides`
    are texts such as `optimizer.lr=0.01`. Raises `SpecError` for what is no spec at all (codes
    E0xx), and `UsageError` for a file that cannot be opened.
    """
    if isinstance(source, Document):
        document = source
    elif isinstance(source, ModelSpec):
        document = Document(render(source), spec=None if overrides else source)
    elif isinstance(source, Mapping):
        document = of_mapping(source)
    else:
        document = of_text(*load(source))
    # which file is extended decides what the other settings change
    first = [text for text in overrides if text.startswith(f"{EXTENDS}=")]
    for text in first:
        document = override(document, text)
    document = inherited(document, allow)
    for text in overrides:
        document = document if text in first else override(document, text)
    return document


def inherited(document: Document, allow: Sequence[FilePath]) -> Document:
    """The document with what it takes from another by `extends`."""
    if not isinstance(document.value, dict) or EXTENDS not in document.value:
        return document
    from specdl.spec.extends import inherit

    return inherit(document, tuple(allow))


def of_mapping(source: Mapping[str, Any]) -> Document:
    """The document of a dict; raises `SpecError` for what JSON cannot hold."""
    value, findings = from_python(source)
    document = Document(value)
    if findings:
        raise SpecError(document.diagnose(findings))
    return document


def override(document: Document, text: str) -> Document:
    """The document with one `--set`; the value before it is not changed."""
    setting = parse_setting(text)
    value, setting, finding = apply(document.value, setting)
    changed = replace(document, value=value, settings=(*document.settings, setting))
    if finding:
        raise SpecError([changed.locate(finding)])
    return changed


def load(source: str | FilePath) -> tuple[bytes, str, FilePath]:
    """The bytes of a file or of standard input, its name for people, and its folder."""
    if str(source) == "-":
        stream: TextIO = sys.stdin
        return stream.buffer.read(MAX_BYTES + 1), STDIN, FilePath.cwd()
    file, named = FilePath(source), visible(str(source))
    try:
        with open_file(file) as opened:
            return opened.read(MAX_BYTES + 1), str(source), file.parent
    except NotAFileError as error:
        help = "`-` reads standard input, as in `specdl check - < FILE`" if "pipe" in error.kind else None
        raise UsageError(f"`{named}` is {error.kind}, and a spec is a file", help=help) from None
    except FileNotFoundError:
        raise UsageError(f"there is no file `{named}`") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"`{named}` cannot be read: {reason}") from None


def of_text(data: bytes, file: str, folder: FilePath) -> Document:
    """The document of a file's bytes; raises `SpecError`."""
    text = decode(data, file)
    document = Document(None, file, folder, Lines(text))
    try:
        parsed = parse(text, file)
    except TextError as error:
        from specdl.spec.foreign import prototxt
        from specdl.spec.rewrite import Doubles

        other = prototxt(text)
        faults = error.faults if other is None else (other,)
        only_twice = all(each.code == TWICE for each in faults)
        doubles = Doubles(text, file) if only_twice else None
        raise SpecError(fold(at_span(document, fault, doubles) for fault in faults)) from None
    return replace(
        document, value=parsed.value, values=parsed.values, keys=parsed.keys, aliases=parsed.aliases
    )


def decode(data: bytes, file: str) -> str:
    """UTF-8, with or without a byte order mark; raises `SpecError`."""
    if len(data) > MAX_BYTES:
        message = f"a spec is at most {MAX_BYTES // 2**20} MiB; this is more"
        raise SpecError([Diagnostic("E005", "error", message, "$", file, BEGIN)])
    text, fault = decoded(data)
    if fault:
        raise SpecError([at_span(Document(None, file, lines=Lines(text)), fault)])
    if not text.strip():
        raise SpecError([Diagnostic("E001", "error", "this spec is empty", "$", file, BEGIN, EMPTY_HELP)])
    return text


def parse(text: str, file: str) -> Parsed:
    """The value of a text that is JSON or YAML, as its file's name says."""
    if file != STDIN and FilePath(file).suffix.lower() not in SUFFIXES:
        raise UsageError(f"`{visible(file)}` is no spec: its name ends in neither .json, .yaml nor .yml")
    if is_json(text, file):
        return json_text.parse(text)
    from specdl.spec import yaml_text

    parsed = yaml_text.parse(text)
    if parsed.value is None:
        raise TextError(Fault("E001", "this spec is empty", (0, 1), EMPTY_HELP))
    return parsed


def is_json(text: str, file: str) -> bool:
    """Whether a text is JSON and not YAML: its file's name says it, and standard input begins with `{`."""
    return text.lstrip().startswith("{") if file == STDIN else FilePath(file).suffix.lower() == ".json"


def at_span(document: Document, fault: Fault, doubles: Doubles | None = None) -> Diagnostic:
    """A fault of a text with its place; `doubles` knows how to mend a key that stands twice."""
    lines = document.lines
    assert lines is not None
    position = lines.position(fault.span)
    notes = []
    for message, span in fault.notes:
        at = lines.position(span) if span else None
        place = Place("$", document.file, at) if at else None
        shown = lines.line(at.line) if at else None
        notes.append(Remark(message, str(place) if place else None, place, shown))
    return Diagnostic(
        fault.code,
        "error",
        visible(fault.message),
        "$",
        document.file,
        position,
        fault.help and visible(fault.help),
        tuple(notes),
        lines.line(position.line),
        mend=lambda: lines.placed(doubles.second_away(fault) if doubles else fault.fix),
    )
