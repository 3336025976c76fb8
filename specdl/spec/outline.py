"""The outline of a spec's text: where each key and value begins and ends, and how it is written.

The readers keep only where things begin, which is all that a message needs. Who changes the text
needs more: ends, quotes, and whether braces or indentation make a mapping.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Literal

from specdl.core.diagnostics import Path

TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],:]|[^\s{}\[\],:"]+')
Kind = Literal["scalar", "alias", "mapping", "list"]
OPENING: dict[str, Kind] = {"{": "mapping", "[": "list"}
Style = Literal["", '"', "'", "|"]
"""How a scalar is written: plain, in quotes, or as a block of lines."""


@dataclass
class Node:
    """A value in a text, or a key.

    The span of a mapping or list without braces goes to the end of its last value. `word` is the
    text of a scalar, without its quotes.
    """

    kind: Kind
    start: int
    end: int
    flow: bool = False
    style: Style = ""
    word: str = ""
    anchored: bool = False
    entries: list[Entry] = field(default_factory=list)
    """What is in a mapping or list, in the order of the text."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Where among the entries of a mapping a key stands."""

    def below(self, step: str | int) -> Entry | None:
        """The entry of a key or an index."""
        number = self.numbers.get(step) if isinstance(step, str) else step
        if number is None or self.kind not in ("mapping", "list") or not 0 <= number < len(self.entries):
            return None
        return self.entries[number] if (self.kind == "mapping") == isinstance(step, str) else None


@dataclass
class Entry:
    """A value in its mapping or list; `key` is None in a list."""

    value: Node
    key: Node | None = None

    @property
    def start(self) -> int:
        return self.key.start if self.key else self.value.start

    @property
    def end(self) -> int:
        return max(self.value.end, self.key.end) if self.key else self.value.end


def walk(root: Node, path: Path) -> list[Entry] | None:
    """The entries on the way to a path, none for the root; None if the text does not have it.

    What stands behind an alias is written elsewhere, so it is not in the text at this path.
    """
    found: list[Entry] = []
    node = root
    for step in path:
        entry = node.below(step)
        if entry is None:
            return None
        found.append(entry)
        node = entry.value
    return found


class Builder:
    """Puts nodes together; its stack is its own, so that nesting costs no recursion."""

    def __init__(self) -> None:
        self.root: Node | None = None
        self.open: list[tuple[Node, Node | None]] = []
        """The mappings and lists that are open, each with the key whose value comes next."""

    def put(self, node: Node) -> None:
        """A key, or a value in its place."""
        if not self.open:
            self.root = self.root or node
        elif self.open[-1][0].kind == "list":
            self.open[-1][0].entries.append(Entry(node))
        elif self.open[-1][1] is None:
            self.open[-1] = (self.open[-1][0], node)
            return
        else:
            parent, key = self.open[-1]
            assert key is not None
            parent.numbers.setdefault(key.word, len(parent.entries))
            parent.entries.append(Entry(node, key))
            self.open[-1] = (parent, None)
        if node.kind in ("mapping", "list"):
            self.open.append((node, None))

    def close(self, end: int) -> None:
        """End the mapping or list that is open."""
        node, _ = self.open.pop()
        if node.flow:
            node.end = end
        elif node.entries:
            node.end = node.entries[-1].end


def of_json(text: str) -> Node:
    """The outline of JSON that was read without a fault."""
    builder = Builder()
    for match in TOKEN.finditer(text):
        token, start, end = match[0], match.start(), match.end()
        if token in OPENING:
            builder.put(Node(OPENING[token], start, end, flow=True))
        elif token in ("}", "]"):
            builder.close(end)
        elif token.startswith('"'):
            builder.put(Node("scalar", start, end, style='"', word=json.loads(token)))
        elif token not in (",", ":"):
            builder.put(Node("scalar", start, end, word=token))
    assert builder.root is not None
    return builder.root


def of_yaml(text: str) -> Node:
    """The outline of YAML that was read without a fault."""
    import yaml
    from yaml import events

    from specdl.spec import yaml_text

    builder = Builder()
    for event in yaml.parse(text, Loader=getattr(yaml, "CLoader", yaml.Loader)):
        start, end = yaml_text.span(event)
        if isinstance(event, (events.MappingEndEvent, events.SequenceEndEvent)):
            builder.close(end)
        elif isinstance(event, events.ScalarEvent):
            builder.put(scalar(text, start, end, event))
        elif isinstance(event, events.AliasEvent):
            builder.put(Node("alias", start, end))
        elif isinstance(event, events.CollectionStartEvent):
            kind: Kind = "mapping" if isinstance(event, events.MappingStartEvent) else "list"
            builder.put(Node(kind, start, end, bool(event.flow_style), anchored=event.anchor is not None))
    assert builder.root is not None
    return builder.root


STYLES: dict[str | None, Style] = {'"': '"', "'": "'", "|": "|", ">": "|"}


def scalar(text: str, start: int, end: int, event: Any) -> Node:
    """A scalar of YAML; one that is a block of lines ends with its last character."""
    style = STYLES.get(event.style, "")
    if style == "|":
        end = start + len(text[start:end].rstrip())
    return Node("scalar", start, end, style=style, word=event.value, anchored=event.anchor is not None)
