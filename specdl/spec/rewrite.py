"""From an edit of a document to edits of its text: what is replaced, and by which characters.

Nothing here is certain: `specdl.spec.edits` tries what comes of it. So these functions only have to be
right for the ways in which people write, and give None for the others.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from specdl.core.diagnostics import Add, Edit, Path, Remove, Rename, TextEdit, TextFix, value_at
from specdl.spec.document import is_json
from specdl.spec.outline import Entry, Node, Style, of_json, of_yaml, walk
from specdl.spec.text import Fault
from specdl.spec.writing import Pen, simple

FIRST = ("specdl", "type")
"""Keys that people write before all others."""
BLANKS = " \t\r\n"
REST = re.compile(r"[ \t]*(#[^\r\n]*)?(?=[\r\n]|\Z)")
"""What may follow a value on its line."""
NEXT_LINE = re.compile(r"(?:\r\n|\n|\r)(?![ \t]*[\r\n])")


@dataclass
class Rewriter:
    """A text with its outline."""

    text: str
    root: Node
    yaml: bool
    newline: str

    @classmethod
    def of(cls, text: str, file: str) -> Rewriter:
        """The rewriter of a text that was read without a fault, from a file of that name."""
        json = is_json(text, file)
        match = re.search(r"\r\n|\n|\r", text)
        root = of_json(text) if json else of_yaml(text)
        return cls(text, root, not json, match[0] if match else "\n")

    def edits(self, edit: Edit, before: Any) -> list[TextEdit] | None:
        """The edits of the text that an edit of the document means; `before` is the document's value."""
        chain = walk(self.root, edit.path)
        if chain is None or any(entry.value.kind == "alias" for entry in chain):
            return None
        if isinstance(edit, Add):
            return self.add(chain, edit.key, edit.value)
        if not chain:
            return None
        if isinstance(edit, Rename):
            return self.rename(chain, edit.key)
        if isinstance(edit, Remove):
            return self.remove(chain, edit.path)
        old = value_at(before, edit.path)
        if is_list_of(edit.value, old):
            return self.wrap(chain)
        if isinstance(edit.value, dict) and is_list_of([*edit.value.values()], old):
            return self.wrap_in_key(chain, next(iter(edit.value)))
        return self.replace(chain, edit.value)

    def parent(self, chain: Sequence[Entry]) -> Node:
        """The mapping or list that the last entry of a chain stands in."""
        return chain[-2].value if len(chain) > 1 else self.root

    def in_braces(self, chain: Sequence[Entry]) -> bool:
        """Whether what a chain leads to stands inside braces or brackets."""
        return any(node.flow for node in (self.root, *(entry.value for entry in chain[:-1])))

    def replace(self, chain: Sequence[Entry], value: Any) -> list[TextEdit] | None:
        """Write another value."""
        node = chain[-1].value
        if node.anchored or (node.kind != "scalar" and self.comments(node.start, node.end)):
            return None
        flow = self.in_braces(chain)
        quote: Style = node.style if node.style != "|" else '"'
        if node.kind != "scalar":
            quote = next((each.key.style for each in node.entries if each.key), "")
        written = Pen(self.yaml, flow, quote, quote).write(value)
        if node.kind in ("mapping", "list") and not node.flow:
            return self.after_key(chain, written)
        if node.start == node.end and self.text[node.start - 1 : node.start] not in (" ", "\t"):
            written = f" {written}"
        return [TextEdit(node.start, node.end, written)]

    def after_key(self, chain: Sequence[Entry], written: str) -> list[TextEdit] | None:
        """Write a value in place of an indented one, on the line of its key or dash."""
        node = chain[-1].value
        start = len(self.text[: node.start].rstrip(BLANKS))
        if self.text[start - 1 : start] not in (":", "-"):
            return None
        return [TextEdit(start, node.end, f" {written}")]

    def wrap(self, chain: Sequence[Entry]) -> list[TextEdit] | None:
        """Make a value a list of one; its own text stays."""
        node = chain[-1].value
        if node.anchored or node.style == "|":
            return None
        if node.kind == "scalar" or node.flow:
            return [TextEdit(node.start, node.start, "["), TextEdit(node.end, node.end, "]")]
        return [TextEdit(node.start, node.start, "- "), *self.deeper(node.start, node.end)]

    def wrap_in_key(self, chain: Sequence[Entry], key: str) -> list[TextEdit] | None:
        """Make a value the only one of a mapping; its own text stays."""
        node, outer = chain[-1].value, chain[-1].key
        if node.anchored or node.style == "|" or node.start == node.end:
            return None
        flow = self.in_braces(chain)
        pen = Pen(self.yaml, flow, key_quote=outer.style if outer else "")
        if node.kind == "scalar" or node.flow:
            begin = f"{{{pen.key(key)}{pen.colon}"
            return [TextEdit(node.start, node.start, begin), TextEdit(node.end, node.end, "}")]
        if outer is None:
            return None
        behind = self.text.index(":", outer.end) + 1
        begin = f"{self.newline}{' ' * (outer.start - self.line_start(outer.start) + 2)}{pen.key(key)}:"
        return [TextEdit(behind, behind, begin), *self.deeper(behind, node.end)]

    def deeper(self, start: int, end: int) -> list[TextEdit]:
        """Two more blanks before each line that begins in a piece of the text and is not empty."""
        starts = [start + match.end() for match in NEXT_LINE.finditer(self.text[start:end])]
        return [TextEdit(each, each, "  ") for each in starts]

    def rename(self, chain: Sequence[Entry], key: str) -> list[TextEdit] | None:
        """Write another key."""
        old = chain[-1].key
        if old is None or old.anchored:
            return None
        pen = Pen(self.yaml, self.in_braces(chain), key_quote=old.style)
        return [TextEdit(old.start, old.end, pen.key(key))]

    def remove(self, chain: Sequence[Entry], path: Path) -> list[TextEdit] | None:
        """Take a key with its value away, or a value of a list."""
        parent, entry = self.parent(chain), chain[-1]
        if entry.value.anchored:
            return None
        if len(parent.entries) == 1:
            return self.empty(chain[:-1], parent)
        number = next(i for i, each in enumerate(parent.entries) if each is entry)
        before = parent.entries[number - 1] if number else None
        after = parent.entries[number + 1] if number + 1 < len(parent.entries) else None
        return self.remove_between(before, entry, after) if parent.flow else self.remove_lines(entry, after)

    def without(self, node: Node, number: int) -> TextFix | None:
        """Take an entry of a mapping away, if one before it has the same key and value."""
        entry = node.entries[number]
        same = [each for each in node.entries[:number] if self.says(each) == self.says(entry)]
        if not same or any(each.value.anchored for each in (*same, entry)):
            return None
        after = node.entries[number + 1] if number + 1 < len(node.entries) else None
        before = node.entries[number - 1]
        edits = self.remove_between(before, entry, after) if node.flow else self.remove_lines(entry, after)
        return TextFix("take the second away", tuple(edits), sure=True) if edits else None

    def says(self, entry: Entry) -> tuple[str, str]:
        """The key and the text of the value of an entry."""
        assert entry.key is not None
        return entry.key.word, self.text[entry.value.start : entry.value.end]

    def empty(self, chain: Sequence[Entry], parent: Node) -> list[TextEdit] | None:
        """Leave nothing in a mapping or list."""
        if self.comments(parent.start, parent.end):
            return None
        if parent.flow:
            return [TextEdit(parent.start + 1, parent.end - 1, "")]
        if not chain:
            return None
        return self.after_key(chain, "{}" if parent.kind == "mapping" else "[]")

    def remove_between(
        self, before: Entry | None, entry: Entry, after: Entry | None
    ) -> list[TextEdit] | None:
        """Take an entry away inside braces, with the comma that is too many then."""
        if before and not self.comments(before.end, entry.end):
            return [TextEdit(before.end, entry.end, "")]
        if after and not self.comments(entry.start, after.start):
            return [TextEdit(entry.start, after.start, "")]
        return None

    def remove_lines(self, entry: Entry, after: Entry | None) -> list[TextEdit] | None:
        """Take an entry away that is written with indentation; a comment behind it stays."""
        start, end = self.line_start(entry.start), self.line_end(entry.end)
        if end is None or (entry.value.kind != "scalar" and self.comments(entry.start, entry.end)):
            return None
        before, behind = self.text[start : entry.start], self.text.find("#", entry.end, end)
        if before.strip() == ("" if entry.key else "-"):
            if behind >= 0:
                return [TextEdit(start + len(before) - len(before.lstrip()), behind, "")]
            stop = self.next_line(end)
            return [TextEdit(start if stop > end else self.line_break(start), stop, "")]
        if entry.key and after and not self.comments(entry.end, after.start):
            return [TextEdit(entry.start, after.start, "")]
        return None

    def add(self, chain: Sequence[Entry], key: str, value: Any) -> list[TextEdit] | None:
        """Write a new key and its value into a mapping."""
        node = chain[-1].value if chain else self.root
        if node.kind != "mapping" or any(each.key and each.key.word == key for each in node.entries):
            return None
        pen = self.pen(node, self.in_braces([*chain, Entry(node)]))
        pair = pen.pair(key, value)
        if not node.entries:
            return [TextEdit(node.start + 1, node.end - 1, pair)] if node.flow else None
        first, last = node.entries[0], node.entries[-1]
        column = self.indent(first)
        if node.flow:
            gap = f"{self.newline}{self.indent(last)}" if self.begins_line(last) else pen.comma[1:]
            if key in FIRST:
                return [TextEdit(first.start, first.start, f"{pair},{gap}")]
            return [TextEdit(last.end, last.end, f",{gap}{pair}")]
        if key in FIRST:
            return [TextEdit(first.start, first.start, f"{pair}{self.newline}{column}")]
        end = self.line_end(last.end)
        return None if end is None else [TextEdit(end, end, f"{self.newline}{column}{pair}")]

    def pen(self, mapping: Node, flow: bool) -> Pen:
        """How to write a new key of a mapping: as its neighbours are written."""
        last = mapping.entries[-1] if mapping.entries else None
        if last is None or last.key is None:
            return Pen(self.yaml, flow)
        colon = self.text[last.key.end : last.value.start]
        tight = flow and colon == ":"
        if not tight and colon not in (" : ", " :"):
            colon = ": "
        words = [each.value for each in mapping.entries if each.value.kind == "scalar"]
        quotes: list[Style] = [each.style for each in words if each.style in ('"', "'")]
        plain = any(not each.style and simple(each.word) for each in words)
        quote = last.key.style if not quotes else "" if plain else quotes[-1]
        return Pen(self.yaml, flow, quote, last.key.style, colon, "," if tight else ", ")

    def comments(self, start: int, end: int) -> bool:
        """Whether there may be a comment in a piece of the text."""
        return self.yaml and "#" in self.text[start:end]

    def line_start(self, at: int) -> int:
        """Where the line begins that an offset is on."""
        return max(self.text.rfind("\n", 0, at), self.text.rfind("\r", 0, at)) + 1

    def line_end(self, at: int) -> int | None:
        """Where the line ends that an offset is on; None if more than a comment follows on it."""
        match = REST.match(self.text, at)
        return match.end() if match else None

    def next_line(self, end: int) -> int:
        """Where the line after one begins that ends at an offset."""
        if self.text.startswith("\r\n", end):
            return end + 2
        return min(end + 1, len(self.text))

    def line_break(self, start: int) -> int:
        """Where the line before one ends that begins at an offset."""
        return start - 2 if self.text[:start].endswith("\r\n") else max(start - 1, 0)

    def begins_line(self, entry: Entry) -> bool:
        """Whether an entry is the first on its line."""
        return not self.text[self.line_start(entry.start) : entry.start].strip()

    def indent(self, entry: Entry) -> str:
        """The blanks before an entry that is not the first on its line, or that is."""
        before = self.text[self.line_start(entry.start) : entry.start]
        return "".join(char if char == "\t" else " " for char in before)


def is_list_of(value: Any, old: Any) -> bool:
    """Whether a value is a list with an old one in it and nothing else."""
    return isinstance(value, list) and len(value) == 1 and json.dumps(value[0]) == json.dumps(old)


class Doubles:
    """The keys of a text that stand twice, where nothing else is wrong with it."""

    def __init__(self, text: str, file: str) -> None:
        self.text, self.file = text, file

    @cached_property
    def rewriter(self) -> Rewriter:
        return Rewriter.of(self.text, self.file)

    @cached_property
    def keys(self) -> Mapping[int, tuple[Node, int]]:
        """The mapping of every key, and its number there, by where the key begins."""
        found: dict[int, tuple[Node, int]] = {}
        todo = [self.rewriter.root]
        while todo:
            node = todo.pop()
            todo += [entry.value for entry in node.entries]
            found |= {entry.key.start: (node, i) for i, entry in enumerate(node.entries) if entry.key}
        return found

    def second_away(self, fault: Fault) -> TextFix | None:
        """The fix that takes a second key away, if the first has the same value.

        Where the values differ nobody but its author knows which is right.
        """
        place = self.keys.get(fault.span[0])
        return self.rewriter.without(*place) if place else None
