"""The text that a completion writes, as JSON or YAML, with stops for what is still to be filled in."""

from __future__ import annotations

import json
import re
from typing import Any, get_origin

from specdl.editor.docs import choices
from specdl.editor.draft import Cursor, Style
from specdl.editor.slots import Place, slot
from specdl.spec.fields import Either, Items, Kind, Leaf, Tagged, Wired, members, unwrap
from specdl.spec.yaml_text import CONSTANTS, FLOAT, INTEGER

STOP = re.compile(r"\$\{\d+\|[^|]*\|\}|\$\d+")
FIRST = re.compile(r"\$(\{?)1")
ESCAPED = re.compile(r"\\([\\$}])")
WORD = re.compile(r"[A-Za-z_$][\w./-]*")
STEP = "  "


def escaped(text: str) -> str:
    """Text as it stands in a snippet."""
    return re.sub(r"([\\$}])", r"\\\1", text)


def plain(snippet: str) -> str:
    """A snippet without its stops, for editors that know none."""
    return ESCAPED.sub(r"\1", STOP.sub("", snippet))


def spelled(value: Any, style: Style, quote: str = "") -> str:
    """A value as a spec of this style writes it; text between the quotes that are there."""
    if not isinstance(value, str):
        return json.dumps(value)
    if style == "json":
        return json.dumps(value, ensure_ascii=False)
    odd = (
        value in CONSTANTS or INTEGER.fullmatch(value) or FLOAT.fullmatch(value) or not WORD.fullmatch(value)
    )
    if not odd and not quote:
        return value
    return f"'{value}'" if quote == "'" and "'" not in value else json.dumps(value, ensure_ascii=False)


def key(name: str, found: Place | None, cursor: Cursor, required: list[tuple[str, Place]]) -> str:
    """A key with its colon and the beginning of its value, as a snippet.

    `required` are the keys that a mapping under it must have.
    """
    written = escaped(spelled(name, cursor.style, cursor.token.quote))
    if cursor.colon:
        return written
    value = beginning(found, cursor, required)
    return f"{written}:{'' if value.startswith(chr(10)) else ' '}{value}"


def beginning(found: Place | None, cursor: Cursor, required: list[tuple[str, Place]]) -> str:
    """The beginning of a value of a kind, as a snippet."""
    kind = found.kind if found else Leaf()
    if isinstance(kind, Leaf):
        return leaf(found.type if found else None, cursor.style)
    if isinstance(kind, Either):
        return '"$1"' if cursor.style == "json" and slot(kind) else "$1"
    if cursor.style != "block":
        return "[$1]" if isinstance(kind, Items) else mapping(kind, cursor.style, required)
    inner = "\n" + " " * cursor.column + STEP * (1 + cursor.dash)
    if isinstance(kind, Items):
        short = isinstance(kind.item, Either) or slot_is_short(kind.item)
        return "[$1]" if short else f"{inner}- {'type: ' if slot(kind.item) else ''}$1"
    if isinstance(kind, (Tagged, Wired)):
        return "$1" if slot_is_short(kind) else f"{inner}type: $1"
    return inner + inner.join(options(required, "block") or ["$1"])


def mapping(kind: Kind, style: Style, required: list[tuple[str, Place]]) -> str:
    """The beginning of a mapping between braces."""
    quote = '"' if style == "json" else ""
    if isinstance(kind, (Tagged, Wired)):
        if slot_is_short(kind):
            return f"{quote}$1{quote}"
        return f"{{{quote}type{quote}: {quote}$1{quote}\\}}"
    return f"{{{', '.join(options(required, style)) or '$1'}\\}}"


def options(required: list[tuple[str, Place]], style: Style) -> list[str]:
    """Keys with the beginnings of their values, whose stops are numbered from 1."""
    quote = '"' if style == "json" else ""
    parts: list[str] = []
    for number, (name, found) in enumerate(required, start=1):
        if isinstance(found.kind, Leaf):
            value = leaf(found.type, style)
        else:
            value = "[$1]" if isinstance(found.kind, Items) else "{$1\\}"
        value = FIRST.sub(rf"$\g<1>{number}", value)
        parts.append(f"{quote}{escaped(name)}{quote}: {value}")
    return parts


def slot_is_short(kind: Kind) -> bool:
    """Whether a bare name stands for a mapping of the kind."""
    where = slot(kind)
    return where is not None and where.short


def leaf(annotation: Any, style: Style) -> str:
    """The beginning of a plain value of a type."""
    listed = choices(annotation)
    kinds = [unwrap(each)[0] for each in members(unwrap(annotation)[0])]
    text = bool(kinds) and (
        all(each is str for each in kinds) or all(isinstance(each, str) for each in listed or [0])
    )
    quote = '"' if text and style == "json" else ""
    if len(listed) == 1:
        return escaped(spelled(listed[0], style))
    if listed:
        words = ",".join(each if isinstance(each, str) else json.dumps(each) for each in listed)
        return f"{quote}${{1|{words}|}}{quote}"
    if kinds and get_origin(kinds[0]) is tuple:
        return "[$1]"
    if kinds and get_origin(kinds[0]) is not None:
        return "{$1\\}"
    return f"{quote}$1{quote}"


def tagged(tag: str, required: list[tuple[str, Place]], style: Style) -> str:
    """A whole mapping of a type between braces, with the options that it must have."""
    quote = '"' if style == "json" else ""
    first = f"{quote}type{quote}: {quote}{escaped(tag)}{quote}"
    return f"{{{', '.join([first, *options(required, style)])}\\}}"
