"""The outline of a spec: its sections, and its layers with what they make."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from specdl.core.diagnostics import Path, below
from specdl.editor.view import View
from specdl.spec.text import Span

Sort = Literal["section", "list", "layer", "block", "variable", "value"]
CLOSING = re.compile(r"[\s,]*([\]}])")
SHOWN_VALUE = 40


@dataclass(frozen=True)
class Symbol:
    """A part of a spec: `span` is all of it, `head` what names it."""

    name: str
    sort: Sort
    span: Span
    head: Span
    detail: str = ""
    children: tuple[Symbol, ...] = ()


def symbols(view: View) -> list[Symbol]:
    """The sections of a spec, in the order of the text."""
    ends = extents(view)
    found = [section(view, (name,), ends) for name in view.spec if (name,) in view.document.keys]
    return sorted(found, key=lambda symbol: symbol.span)


def extents(view: View) -> dict[Path, int]:
    """Where each value ends, its closing bracket included."""
    text, values = view.text, view.document.values
    ends: dict[Path, int] = {}
    for path in sorted({*values, *view.document.keys}, key=len, reverse=True):
        start, own = values.get(path) or view.document.keys[path]
        end = max(own, ends.get(path, own))
        if text[start : start + 1] in ("{", "[") and isinstance(below(view.spec, path), (dict, list)):
            closing = CLOSING.match(text, end)
            end = closing.end() if closing else end
        ends[path] = end
        if path:
            ends[path[:-1]] = max(end, ends.get(path[:-1], 0))
    return ends


def section(view: View, path: Path, ends: dict[Path, int]) -> Symbol:
    """A key with its value, and what is listed under it."""
    head = view.document.keys[path]
    value = below(view.spec, path)
    span = (head[0], max(head[1], ends.get(path, head[1])))
    sort, detail = kind(path, value), shown(value)
    return Symbol(str(path[-1]), sort, span, head, detail, tuple(children(view, path, value, ends)))


def kind(path: Path, value: Any) -> Sort:
    """What a key stands for."""
    if path[0] == "vars" and len(path) == 2:
        return "variable"
    if path[0] == "blocks" and len(path) == 2:
        return "block"
    return "list" if isinstance(value, list) else "section" if isinstance(value, dict) else "value"


def shown(value: Any) -> str:
    """A value in a few words: a mapping by its `type`."""
    if isinstance(value, dict):
        return value["type"] if isinstance(value.get("type"), str) else ""
    if isinstance(value, list) or value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= SHOWN_VALUE else f"{text[: SHOWN_VALUE - 3]}..."


def children(view: View, path: Path, value: Any, ends: dict[Path, int]) -> Iterator[Symbol]:
    """The keys of a mapping; the layers of a list."""
    if isinstance(value, dict):
        yield from (section(view, (*path, key), ends) for key in value if (*path, key) in view.document.keys)
    group = view.outline.found.get(path)
    for at in range(len(group.raw)) if group else ():
        here = (*path, at)
        if here in view.document.values:
            yield layer(view, here, ends)


def layer(view: View, path: Path, ends: dict[Path, int]) -> Symbol:
    """A layer with its type and what it makes; inside it the layers of a composite."""
    raw, values = below(view.spec, path), view.document.values
    raw = raw if isinstance(raw, dict) else {}
    start = values[path][0]
    end = max(ends.get(path, start), start)
    head = values.get((*path, "name")) or values.get((*path, "type")) or values[path]
    shape = view.numbers.shape(path) if view.numbers else None
    tag = str(raw.get("type", ""))
    inside = [(*path, name) for name in raw if (*path, name) in view.outline.found]
    nested = tuple(symbol for each in inside for symbol in children(view, each, None, ends))
    name = view.outline.name(path) or "?"
    return Symbol(
        name, "layer", (min(start, head[0]), max(end, head[1])), head, f"{tag} {shape or ''}".strip(), nested
    )
