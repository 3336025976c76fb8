"""What may be written at the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path as FilePath
from typing import Any, Literal

from specdl.core.codes import codes, title
from specdl.core.diagnostics import Path, TextEdit, below
from specdl.editor import docs, snippets
from specdl.editor.draft import Cursor
from specdl.editor.outline import INDEX
from specdl.editor.slots import (
    DEFAULTS,
    Place,
    chosen,
    is_block,
    is_layer,
    known,
    layer_above,
    parameters,
    place,
    slot,
)
from specdl.editor.view import View
from specdl.spec.document import SUFFIXES
from specdl.spec.expressions import FUNCTIONS
from specdl.spec.fields import (
    CATALOGS,
    NOUNS,
    Either,
    Items,
    Kind,
    Leaf,
    Nested,
    Tagged,
    Values,
    Wired,
    expected,
)
from specdl.spec.resolved import default_text
from specdl.spec.text import Span

OPEN = re.compile(r"(?<!\$)\$\{[^}]*$")
"""An expression that the cursor is in."""
IGNORED: Path = ("lint", "ignore")
MOST_FILES = 200
NAME_BEFORE, NAME_AFTER = re.compile(r"\w*$"), re.compile(r"\w*")
Sort = Literal["key", "type", "value", "name", "variable", "block"]


@dataclass(frozen=True)
class Completion:
    """A text that may stand in place of a span.

    `snippet` has stops as editors know them (`$1`), `filter` is what typed text is compared with;
    `extra` are further edits, as of a comma that is missing before it. Lower ranks come first.
    """

    label: str
    sort: Sort
    span: Span
    snippet: str
    detail: str = ""
    docs: str = ""
    rank: int = 1
    filter: str = ""
    extra: tuple[TextEdit, ...] = ()

    @property
    def text(self) -> str:
        """The text without stops."""
        return snippets.plain(self.snippet)


def complete(view: View, offset: int) -> list[Completion]:
    """What may be written at the cursor of a view, which is at `offset`."""
    cursor = view.cursor
    if cursor is None or (cursor.token.text == "-" and not cursor.token.quote):
        return []
    if OPEN.search(cursor.prefix):
        return list(names_in_expression(view, cursor, offset))
    writer = Writer(view, cursor)
    found = writer.keys(cursor.path) if cursor.at_key else writer.values(cursor.path)
    return [writer.joined(each) for each in found]


def names_in_expression(view: View, cursor: Cursor, offset: int) -> Iterator[Completion]:
    """The names that an expression at the cursor may use."""
    before, after = NAME_BEFORE.search(cursor.prefix), NAME_AFTER.match(view.text, offset)
    start = offset - (len(before[0]) if before else 0)
    span = (start, after.end() if after else offset)
    declared = view.spec.get("vars")
    block = str(cursor.path[1]) if cursor.path[0] == "blocks" and len(cursor.path) > 3 else None
    for name in view.outline.params(block) if block else ():
        yield Completion(name, "variable", span, snippets.escaped(name), f"parameter of `{block}`", rank=0)
    for name, value in declared.items() if isinstance(declared, dict) else ():
        if cursor.path != ("vars", name):
            yield Completion(name, "variable", span, snippets.escaped(name), str(value))
    if block:
        yield Completion(INDEX, "variable", span, INDEX, "number of the repetition, from 0", rank=2)
    for name in FUNCTIONS:
        yield Completion(name, "variable", span, f"{name}($1)", "function", rank=3)


@dataclass
class Writer:
    """Makes the completions at one cursor."""

    view: View
    cursor: Cursor

    @property
    def spec(self) -> Any:
        return self.view.spec

    def make(self, label: str, sort: Sort, snippet: str, **more: Any) -> Completion:
        """A completion in place of the token at the cursor."""
        quote = self.cursor.token.quote
        snippet = f"- {snippet}" if self.cursor.dash else snippet
        return Completion(label, sort, self.cursor.span, snippet, filter=f"{quote}{label}{quote}", **more)

    def joined(self, made: Completion) -> Completion:
        """A completion with the commas that JSON needs around it."""
        text, (start, end) = self.view.text, made.span
        if self.cursor.style != "json" or (self.cursor.at_key and self.cursor.colon):
            return made
        before, after = text[:start].rstrip(), text[end:].lstrip()
        if after[:1] in ('"', "{"):
            made = replace(made, snippet=f"{made.snippet},")
        if before[-1:] not in ("", "{", "[", ",", ":"):
            made = replace(made, extra=(TextEdit(len(before), len(before), ","),))
        return made

    # keys

    def keys(self, path: Path) -> Iterator[Completion]:
        """The keys that a mapping does not have yet, those that it must have first."""
        found, raw = place(self.spec, path), below(self.spec, path)
        raw = raw if isinstance(raw, dict) else {}
        there = {*raw} - {self.cursor.token.text}
        named = self.named_keys(path, found)
        if named is not None:
            for name, said in named.items():
                if name not in there:
                    yield self.make(
                        name,
                        "key",
                        snippets.key(name, place(self.spec, (*path, name)), self.cursor, []),
                        detail=said,
                    )
            return
        if found is None:
            return
        where = slot(found.kind)
        if where and "type" not in there:
            inner = Place(Either(found.kind), str)
            yield self.make(
                "type",
                "key",
                snippets.key("type", inner, self.cursor, []),
                detail=NOUNS[where.category],
                rank=0,
            )
        for name, key in known(found.kind, raw).items():
            if name not in there:
                inner = Place(key.kind, key.type, key)
                snippet = snippets.key(name, inner, self.cursor, required(key.kind, None))
                page = docs.of_key(key, None)
                rank = 1 if key.required else 2
                yield self.make(name, "key", snippet, detail=expected(key.type), docs=page, rank=rank)

    def named_keys(self, path: Path, found: Place | None) -> Mapping[str, str] | None:
        """Keys that are names: a block's parameters, under `init` and `tie` a layer's; None if none are."""
        last = path[-1] if path else None
        above = layer_above(self.spec, path)
        raw = below(self.spec, above) if above else None
        if last == "with" and is_block(raw):
            params = self.view.outline.params(str(below(raw, ("block",))))
            return {
                name: str(each.get("type") if isinstance(each, dict) else each)
                for name, each in params.items()
            }
        if last in ("init", "tie") and (above == path[:-1] or path == ("model", "init")):
            layer = place(self.spec, above) if above else None
            names = parameters(chosen(layer.kind, raw)) if layer else ("weight", "bias")
            return dict.fromkeys(names, "parameter")
        if path == IGNORED:
            return dict(warnings())
        if path == DEFAULTS:
            return dict.fromkeys(CATALOGS["layers"].tags(), NOUNS["layers"])
        return {} if found is not None and isinstance(found.kind, (Values, Leaf)) else None

    # values

    def values(self, path: Path) -> Iterator[Completion]:
        """The values that may stand at a path."""
        special = self.special(path)
        if special is not None:
            yield from special
            return
        around = place(self.spec, path[:-1]) if path else None
        where = slot(around.kind) if around else None
        if where and path[-1] == "type":
            yield from self.tags(where.category)
            return
        found = place(self.spec, path)
        if found is None:
            return
        yield from self.of_kind(path, found)

    def of_kind(self, path: Path, found: Place) -> Iterator[Completion]:
        """Values of a kind."""
        kind, where = found.kind, slot(found.kind)
        if where and (where.short or isinstance(kind, Either)):
            yield from self.tags(where.category)
            return
        if isinstance(kind, (Leaf, Either)):
            yield from self.leaves(found)
        if isinstance(kind, Either):
            kind = kind.entry
        if isinstance(kind, Leaf):
            return
        if self.cursor.style == "block" and self.cursor.fresh and not isinstance(kind, Items):
            yield from self.keys(path)
        elif where:
            for tag in CATALOGS[where.category].tags():
                snippet = snippets.tagged(tag, required(kind, tag), self.cursor.style)
                page = docs.of_type(where.category, tag) or ""
                yield self.make(tag, "type", snippet, detail=NOUNS[where.category], docs=page)
        elif isinstance(kind, Items):
            yield from self.lists(found)
        else:
            snippet = snippets.mapping(kind, self.cursor.style, required(kind, None))
            yield self.make("{}", "value", snippet, detail=expected(found.type))

    def lists(self, found: Place) -> Iterator[Completion]:
        """The beginning of a list; where lines make lists, that of its first value."""
        inner = found.kind.item if isinstance(found.kind, Items) else Leaf()
        if self.cursor.style == "block" and self.cursor.fresh and slot(inner):
            yield self.make("- type", "key", "- type: $1", detail=expected(found.type))
        else:
            yield self.make("[]", "value", "[$1]", detail=expected(found.type))

    def tags(self, category: str) -> Iterator[Completion]:
        """The types of a category."""
        for tag in CATALOGS[category].tags():
            page = docs.of_type(category, tag) or ""
            yield self.make(tag, "type", self.spelled(tag), detail=NOUNS[category], docs=page)

    def leaves(self, found: Place) -> Iterator[Completion]:
        """The values that a type lists, and the default."""
        said = docs.of_key(found.key, found.owner) if found.key else ""
        default = default_text(found.key.info) if found.key and found.type == found.key.type else None
        listed = docs.choices(found.type)
        words = [snippets.spelled(each, "json") for each in listed]
        for each, word in zip(listed, words, strict=True):
            detail = "default" if word == default else ""
            yield self.make(str(each) if isinstance(each, str) else word, "value", self.spelled(each),
                            detail=detail, docs=said)  # fmt: skip
        if default is not None and default not in words and default not in ('""', "{}", "[]"):
            yield self.make(
                default.strip('"'), "value", snippets.escaped(default), detail="default", docs=said
            )

    def spelled(self, value: Any) -> str:
        """A value as it is written here, as a snippet."""
        return snippets.escaped(snippets.spelled(value, self.cursor.style, self.cursor.token.quote))

    # names

    def special(self, path: Path) -> Iterable[Completion] | None:
        """Values that are names of something; None where they are not."""
        if len(path) == 3 and path[:2] == IGNORED and isinstance(path[2], int):
            return (self.make(code, "value", self.spelled(code), detail=title) for code, title in warnings())
        if path == ("extends",):
            return (self.make(name, "value", self.spelled(name)) for name in self.siblings())
        if path == ("model", "output") or path[:2] == ("model", "output"):
            return self.names(self.results(), listed=False)
        if len(path) == 3 and path[0] == "losses" and path[2] == "output":
            return self.names(self.results(), listed=False)
        above = layer_above(self.spec, path)
        group = self.view.outline.found.get(above[:-1]) if above else None
        if above is None or group is None:
            return None
        rest, at = path[len(above) :], int(above[-1])
        if rest[:1] == ("inputs",):
            names = [name for name, _ in self.view.outline.readable(group, at)]
            return self.names([*names, "previous"], listed=len(rest) == 1)
        if rest == ("block",) and is_block(below(self.spec, above)):
            return self.names(self.view.outline.blocks, listed=False, sort="block")
        if len(rest) == 2 and rest[0] == "tie":
            return self.names(self.ties(self.view.outline.readable(group, at), str(rest[1])), listed=False)
        return None

    def siblings(self) -> list[str]:
        """The other files beside this one that may be specs."""
        document = self.view.document
        mine = FilePath(str(document.file)).name
        try:
            found = [each.name for each in document.folder.iterdir() if each.suffix.lower() in SUFFIXES]
        except OSError:
            return []
        return sorted(name for name in found if name != mine)[:MOST_FILES]

    def results(self) -> list[str]:
        """The names of the model's layers, the last first."""
        group = self.view.outline.found.get(("model", "layers"))
        return [name for name in reversed(group.names) if name] if group else []

    def ties(self, layers: Iterable[tuple[str, Path]], argument: str) -> Iterator[str]:
        """The parameters of layers, those first that are called as the layer's own."""
        found: list[str] = []
        for name, path in layers:
            where = place(self.spec, path)
            if where and is_layer(where.kind):
                found += [f"{name}.{each}" for each in parameters(chosen(where.kind, below(self.spec, path)))]
        return iter(sorted(found, key=lambda each: not each.endswith(f".{argument}")))

    def names(self, names: Iterable[str], listed: bool, sort: Sort = "name") -> Iterator[Completion]:
        """Names in their order; where a list must be, each as a list of one."""
        shape = self.view.numbers.shape if self.view.numbers else nothing
        group = self.view.outline.found.get(("model", "layers"))
        for rank, name in enumerate(dict.fromkeys(names)):
            at = group.places.get(name) if group else None
            detail = shape(("model", "layers", at)) if at is not None else None
            written = self.spelled(name)
            snippet = f"[{written}]" if listed else written
            yield self.make(name, sort, snippet, detail=detail or "", rank=rank)


@cache
def warnings() -> tuple[tuple[str, str], ...]:
    """The codes that can be silenced, each with its title."""
    return tuple((code, title(code)) for code in codes() if code.startswith("W"))


def nothing(path: Path) -> str | None:
    """What is known of a layer's shape where nothing has been computed."""
    return None


def required(kind: Kind, tag: str | None) -> list[tuple[str, Place]]:
    """The keys that a mapping of a kind must have; of one with a `type`, those of a tag."""
    if isinstance(kind, (Tagged, Wired)) and tag is None:
        return []
    if not isinstance(kind, (Nested, Tagged, Wired)):
        return []
    found: Mapping[str, Any] = known(kind, {"type": tag} if tag else {})
    return [(name, Place(key.kind, key.type, key)) for name, key in found.items() if key.required]
