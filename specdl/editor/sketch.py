"""A text that need not be whole, read for what it says and where the cursor stands in it."""

from __future__ import annotations

from specdl.core.diagnostics import Path
from specdl.editor.block import Block
from specdl.editor.draft import MARK, Cursor, Draft, Sketch, Token
from specdl.editor.flow import Flow
from specdl.spec.text import Span


def sketch(text: str, yaml: bool, at: int | None = None) -> Sketch:
    """What a text says as far as it can be read, and the cursor at offset `at`.

    Never fails: what is missing is taken as meant, what makes no sense is passed over. Where a
    text is sound the result is that of the strict readers, but that an alias says nothing.
    """
    marked = text if at is None else text[:at] + MARK + text[at:]
    draft = Draft(marked, yaml)
    if yaml:
        value = Block(draft).document()
    else:
        flow = Flow(draft)
        flow.skip()
        value = flow.value(())
    if at is None:
        return Sketch(value, draft.values, draft.keys)
    return Sketch(value, shifted(draft.values, at), shifted(draft.keys, at), unmarked(draft.cursor, at))


def shifted(places: dict[Path, Span], at: int) -> dict[Path, Span]:
    """Places in the text without the mark that stood at an offset."""
    return {path: (start - (start > at), end - (end > at)) for path, (start, end) in places.items()}


def unmarked(cursor: Cursor | None, at: int) -> Cursor | None:
    """A cursor with its places in the text without the mark."""
    if cursor is None:
        return None
    token = cursor.token
    start, end = token.start - (token.start > at), token.end - (token.end > at)
    plain = Token(start, end, token.text, token.quote, token.before)
    return Cursor(
        cursor.path,
        cursor.at_key,
        plain,
        cursor.style,
        cursor.column,
        cursor.fresh,
        cursor.dash,
        cursor.colon,
    )
