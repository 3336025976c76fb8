"""`extends: "base.json"`: what a spec leaves out is taken from another file, whole values at the top."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from os.path import join, normpath
from pathlib import Path as FilePath

from specdl.core.diagnostics import STDIN, Finding, Note, visible
from specdl.core.errors import FindingsError, SpecError
from specdl.core.wording import shown
from specdl.data.paths import no_file, open_file, resolve
from specdl.spec.document import EXTENDS, SUFFIXES, Document, of_text
from specdl.spec.rules import version
from specdl.spec.text import MAX_BYTES, MAX_VALUES

MAX_FILES = 16
"""Files that may extend one another."""
AT = (EXTENDS,)
UNSAVED: ContextVar[Mapping[FilePath, str]] = ContextVar("UNSAVED", default={})  # noqa: B039 - never written to
"""Texts that an editor has open, by their whole paths: they stand in for the files on disk."""


def inherit(document: Document, allow: tuple[FilePath, ...]) -> Document:
    """The document with the document that it extends as its `base`; without the key, if it names none.

    Its value has then the base's values for the keys that it does not have itself; nothing is
    merged. Raises `SpecError`: for a file that cannot be had (E410, E415, E610, E128), for
    files in a circle or in too long a chain (E127), and for what is wrong in a base.
    """
    return Chain((document.folder, *allow)).whole(document)


@dataclass
class Chain:
    """Files that extend one another, as far as they are read; `folders` are those they may lie in."""

    folders: tuple[FilePath, ...]
    files: list[FilePath] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    bytes_left: int = MAX_BYTES
    values_left: int = MAX_VALUES

    def whole(self, document: Document) -> Document:
        """A document with its base, if it names one; a value that is no text stays, to be judged."""
        name = document.value.get(EXTENDS)
        if name is not None and not isinstance(name, str):
            return document
        rest = {key: value for key, value in document.value.items() if key != EXTENDS}
        bare = replace(document, value=rest, own=frozenset(rest))
        if name is None:
            return bare
        file = self.find(name, document)
        try:
            base = self.whole(self.opened(name, file, document))
        except SpecError as error:
            note = document.remark(taken(self.name(name, document)))
            told = [replace(each, notes=(*each.notes, note)) for each in error.diagnostics]
            raise SpecError(told) from None
        value = rest | {key: each for key, each in base.value.items() if key not in rest}
        return replace(bare, value=value, base=base)

    def name(self, name: str, document: Document) -> str:
        """A file as people call it: from where the first of the chain was named."""
        beside = "" if document.file in (None, STDIN) else str(FilePath(str(document.file)).parent)
        return normpath(join(beside, name))

    def find(self, name: str, document: Document) -> FilePath:
        """The file that a document extends; raises `SpecError`, at its `extends`."""
        if not self.files and document.file not in (None, STDIN):
            self.files.append(FilePath(str(document.file)).resolve())
            self.names.append(str(document.file))
        try:
            if "${" in name:
                raise refused("E128", "`extends` names a file, and takes no variables")
            if FilePath(name).suffix.lower() not in SUFFIXES:
                what = f"`{visible(name)}` is no spec: its name ends in neither .json, .yaml nor .yml"
                raise refused("E128", what if name else "`extends` names no file")
            file = resolve(name, document.folder, self.folders, AT)
            if file in self.files:
                ring = [*self.names[self.files.index(file) :], self.name(name, document)]
                text = " -> ".join(f"`{visible(each)}`" for each in ring)
                raise refused("E127", f"specs extend one another in a circle: {text}")
            if len(self.files) >= MAX_FILES:
                raise refused("E127", f"more than {MAX_FILES} specs extend one another")
        except FindingsError as error:
            raise SpecError(document.diagnose(error.findings)) from None
        self.files.append(file)
        self.names.append(self.name(name, document))
        return file

    def opened(self, name: str, file: FilePath, document: Document) -> Document:
        """The document of a file; raises `SpecError`."""
        unsaved = UNSAVED.get().get(file)
        try:
            data = unsaved.encode("utf-8", "surrogatepass") if unsaved is not None else contents(file)
        except OSError as error:
            found = no_file(name, document.folder, AT, error)
            raise SpecError(document.diagnose([found])) from None
        base = of_text(data, self.name(name, document), document.folder / FilePath(name).parent)
        self.bytes_left -= len(data)
        self.values_left -= len(base.values)
        if self.bytes_left < 0 or self.values_left < 0:
            limit = f"{MAX_BYTES // 2**20} MiB" if self.bytes_left < 0 else f"{MAX_VALUES:,} values"
            raise SpecError(
                base.diagnose([Finding("E005", f"a spec and what it extends hold at most {limit}")])
            )
        if not isinstance(base.value, dict):
            raise SpecError(
                base.diagnose([Finding("E113", f"a spec is a mapping; this is {shown(base.value)}")])
            )
        other = version(base.value)
        if other:
            raise SpecError(base.diagnose([other]))
        return base


def contents(file: FilePath) -> bytes:
    """What is in a file, up to a little more than a spec may be."""
    with open_file(file) as stream:
        return stream.read(MAX_BYTES + 1)


def taken(name: str) -> Note:
    """That a file came in by `extends`."""
    return Note(f"taken from `{visible(name)}` by `extends`", AT)


def refused(code: str, message: str) -> FindingsError:
    """That a file cannot be extended."""
    return FindingsError([Finding(code, message, AT)])
