"""The files that an editor has open, their texts as they are there, and what is known of them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from specdl.editor.analysis import Analysis, Source, suffixed
from specdl.editor.positions import Encoding, Positions, Spot
from specdl.editor.report import Report
from specdl.editor.view import View, tolerant


@dataclass(frozen=True)
class Change:
    """New text for a part of a file, or for all of it."""

    text: str
    start: Spot | None = None
    end: Spot | None = None


@dataclass
class OpenFile:
    """A file in an editor. `analysis` is the last one, of the text of version `analysed`."""

    uri: str
    path: FilePath | None
    name: str
    folder: FilePath
    version: int
    positions: Positions
    analysis: Analysis | None = None
    analysed: int | None = None
    reports: list[Report] = field(default_factory=list)
    soon: asyncio.Task[Any] | None = None
    seen: tuple[int, View] | None = None
    """The view of a version that has not been analysed."""

    @property
    def text(self) -> str:
        """The text without a byte order mark."""
        return self.positions.text

    @property
    def source(self) -> Source:
        return Source(self.text, self.name, self.folder)

    def change(self, changes: Iterable[Change], version: int) -> None:
        """Take changes, each to the text that those before it made."""
        for each in changes:
            if each.start is None or each.end is None:
                self.positions = Positions(each.text, self.positions.encoding)
                continue
            start, end = self.positions.offset(each.start), self.positions.offset(each.end)
            mark = "\N{ZERO WIDTH NO-BREAK SPACE}" if self.positions.marked else ""
            text = f"{mark}{self.text[:start]}{each.text}{self.text[max(start, end) :]}"
            self.positions = Positions(text, self.positions.encoding)
        self.version = version

    def view(self) -> View:
        """The text as it is now: as analysed, or read with tolerance and the figures of before."""
        if self.analysis is not None and self.analysed == self.version:
            return self.analysis.view
        if self.seen is None or self.seen[0] != self.version:
            self.seen = (self.version, self.at(None))
        return self.seen[1]

    def at(self, offset: int | None) -> View:
        """The text read with tolerance, with the cursor at an offset."""
        known = self.analysis.document if self.analysis else None
        found = tolerant(self.text, self.name, self.folder, known, offset)
        return View(found.document, self.analysis.numbers if self.analysis else None, found.cursor)


def opened(uri: str, language: str, version: int, text: str, encoding: Encoding) -> OpenFile:
    """A file as an editor opens it; one that is not saved yet has no path."""
    path = path_of(uri)
    folder = path.parent if path else FilePath.cwd()
    name = suffixed(str(path) if path else unquote(urlsplit(uri).path).rpartition("/")[2] or "spec", language)
    return OpenFile(uri, path, name, folder, version, Positions(text, encoding))


def path_of(uri: str) -> FilePath | None:
    """The path that an address names, if it is a file's; None for one that no file can have."""
    try:
        parts = urlsplit(uri)
        return FilePath(url2pathname(parts.path)).resolve() if parts.scheme == "file" else None
    except (OSError, RuntimeError, ValueError):  # a zero byte, a circle of links, no address
        return None
