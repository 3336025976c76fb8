"""A file as the editor's features see it: what it says, what its names mean, and what was last computed."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from specdl.core.diagnostics import Path, below
from specdl.editor.draft import Cursor
from specdl.editor.figures import Numbers
from specdl.editor.outline import Outline, Use
from specdl.editor.sketch import sketch
from specdl.spec.document import Document
from specdl.spec.text import Lines, Span


@dataclass(frozen=True)
class Token:
    """A key, a value without others in it, or the bracket that begins a mapping or list."""

    path: Path
    span: Span
    at_key: bool = False


@dataclass(frozen=True)
class View:
    """A document, which may have been read with tolerance, and the figures of the last sound one."""

    document: Document
    numbers: Numbers | None = None
    cursor: Cursor | None = None

    @property
    def spec(self) -> Any:
        """The raw spec: a mapping, empty where there is none yet."""
        return self.document.value if isinstance(self.document.value, dict) else {}

    @property
    def text(self) -> str:
        """The text itself."""
        return self.document.lines.text if self.document.lines else ""

    @cached_property
    def outline(self) -> Outline:
        """What the names in the document mean."""
        return Outline(self.document)

    @cached_property
    def tokens(self) -> tuple[list[int], list[Token]]:
        """Everything in the text in its order, with the offsets at which each begins."""
        found = [Token(path, span, at_key=True) for path, span in self.document.keys.items()]
        brackets: list[Token] = []
        for path, span in self.document.values.items():
            value = below(self.spec, path)
            (brackets if isinstance(value, (dict, list)) else found).append(Token(path, span))
        starts = {token.span[0] for token in found}
        found += [token for token in brackets if token.span[0] not in starts]
        found.sort(key=lambda token: token.span)
        return [token.span[0] for token in found], found

    def at(self, offset: int) -> Token | None:
        """What stands at an offset, or ends there."""
        starts, tokens = self.tokens
        number = bisect_right(starts, offset)
        for token in reversed(tokens[max(0, number - 2) : number]):
            if token.span[0] <= offset <= token.span[1]:
                return token
        return None

    @cached_property
    def places_of_uses(self) -> tuple[list[int], list[Use]]:
        """The names in the text in its order, with the offsets at which each begins."""
        found = sorted(self.outline.uses, key=lambda use: (use.span[0], -use.span[1]))
        return [use.span[0] for use in found], found

    def use(self, offset: int) -> Use | None:
        """The innermost name at an offset."""
        starts, uses = self.places_of_uses
        number = bisect_right(starts, offset)
        for use in reversed(uses[max(0, number - 2) : number]):
            if use.span[0] <= offset <= use.span[1]:
                return use
        return None


def tolerant(text: str, file: str, folder: FilePath, known: Document | None, at: int | None = None) -> View:
    """A text read with tolerance, and the cursor at offset `at`.

    What a `known` document took from the file that it extends is there too.
    """
    found = sketch(text, not file.lower().endswith(".json"), at)
    value = found.value if isinstance(found.value, dict) else {}
    document = Document(value, file, folder, Lines(text), found.values, found.keys)
    if known is not None and known.base is not None:
        whole = {**known.base.value, **value}
        document = replace(document, value=whole, base=known.base, own=frozenset(value))
    return View(document, cursor=found.cursor)
