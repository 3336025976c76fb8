"""YAML as a spec uses it, with the place of every key and value.

PyYAML's event stream (by libyaml where it is there) and a small bounded builder of our own:
`yaml.load` reads `1e-3` as text, keeps the last of two equal keys, and crashes the process on
60 kB of `[`. Plain scalars follow YAML 1.2's core rules, but only JSON's integers are integers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from specdl.core.diagnostics import Path, TextEdit, TextFix
from specdl.spec.text import MAX_DEPTH, MAX_VALUES, Fault, Mark, Parsed, Places, Reading, Span, TextError
from specdl.spec.yaml_errors import explain, tagged
from specdl.spec.yaml_merge import MERGE, Merge

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
SURROGATE = re.compile("[\ud800-\udfff]")
PROPERTIES = re.compile(r"(?:[&!][^\s,\[\]{}]*(?:\s+(?:#[^\n]*\s+)*)?)*")
"""What stands before a value: its anchor and tag."""
CONSTANTS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
NUMBER = r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?"
TUPLE = re.compile(rf"\(\s*({NUMBER}\s*,(?:\s*{NUMBER}\s*,)*(?:\s*{NUMBER})?)\s*\)")
"""Numbers as Python's tuples have them."""
PROSE = ("description",)
"""Keys whose values may begin with anything."""
FIRST = frozenset("-+.0123456789~ntfNTF")
"""What numbers and constants begin with."""


def parse(text: str, fast: bool = True) -> Parsed:
    """The value of a YAML text. `fast` uses libyaml where PyYAML was built with it.

    Raises `TextError` with every fault: reading goes on after all but faults of syntax.
    """
    builder = Builder(Reading(text))
    bad = UNPRINTABLE.search(text)
    if bad:
        message = f"the control character U+{ord(bad[0]):04X} cannot stand in YAML"
        raise builder.found.stop("E003", message, bad.start(), bad.end())
    try:
        for event in events(text, fast):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        raise builder.found.ended(explain(error, text)) from None
    except (yaml.YAMLError, ValueError):  # PyYAML's own parser lets `chr` refuse an escape
        raise builder.found.stop("E003", "this is not YAML", 0, 1) from None
    builder.found.settle()
    return Parsed(builder.value, Places(builder.mark), Places(builder.mark, of_keys=True), builder.aliases)


def events(text: str, fast: bool) -> Iterator[Event]:
    """PyYAML's events, their marks in code points."""
    loader = (getattr(yaml, "CLoader", yaml.Loader) if fast else yaml.Loader)(text)
    try:
        while True:
            event = loader.get_event()
            if event is None:
                return
            yield event
    finally:
        loader.dispose()


@dataclass(slots=True)
class Frame:
    """A mapping or list that is being built: the one of `mapping` and `items` that it is, and its marks."""

    mark: Mark
    anchor: str | None
    before: int
    """How many values were read before it."""
    mapping: dict[str, Any] | None
    items: list[Any] = field(default_factory=list)
    key_marks: dict[str, Mark] = field(default_factory=dict)
    item_marks: list[Mark] = field(default_factory=list)
    key: str | None = None
    """The key whose value comes next."""
    span: Span = (0, 0)
    """Where that key stands."""
    deep: int = 1
    """How many levels it has, itself included."""
    merge: Merge | None = None
    """The merge key that it has."""

    @property
    def value(self) -> dict[str, Any] | list[Any]:
        return self.items if self.mapping is None else self.mapping


@dataclass(slots=True)
class Anchored:
    """What an anchor names, once it is whole."""

    value: Any
    mark: Mark
    whole: bool = False
    count: int = 1
    """How many values it is."""
    deep: int = 0


@dataclass
class Builder:
    """Takes events one by one; its stack is its own, so that nesting costs no recursion."""

    found: Reading
    value: Any = None
    mark: Mark | None = None
    documents: int = 0
    stack: list[Frame] = field(default_factory=list)
    anchors: dict[str, Anchored] = field(default_factory=dict)
    aliases: dict[Path, Span] = field(default_factory=dict)
    passed: int = 0
    """Where the last tuple ends, of which YAML makes keys."""

    def take(self, event: Event) -> None:
        """Build what an event says."""
        if isinstance(event, ScalarEvent):
            self.scalar(event)
        elif isinstance(event, (MappingStartEvent, SequenceStartEvent)):
            self.open(event)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self.close()
        elif isinstance(event, AliasEvent):
            self.alias(event)
        elif isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self.stop("E007", "a file holds one spec; here a second begins", event)

    def stop(self, code: str, message: str, event: Event, help: str | None = None) -> TextError:
        start, end = span(event)
        return self.found.stop(code, message, start, max(start + 1, end), help)

    def at_key(self) -> bool:
        """Whether what comes next is a key."""
        return bool(self.stack) and self.stack[-1].key is None and self.stack[-1].mapping is not None

    def scalar(self, event: ScalarEvent) -> None:
        text, (start, end) = event.value, span(event)
        if event.anchor is not None or event.tag is not None:
            start = self.properties(event, start)
        if not text.isascii() and SURROGATE.search(text):
            raise self.stop("E003", "the text has half of a character in it", event)
        if event.style in ("|", ">"):  # libyaml ends them where the next line begins
            end = start + len(self.found.text[start:end].rstrip())
        if self.at_key():
            self.key(event, text, (start, end))
            return
        self.found.more(start, end)
        value = text
        if event.implicit[0] and (not text or text[0] in FIRST):
            value = plain(text, start, self.found)
        elif event.implicit[0] and text[0] == "(":
            self.in_python(start)
        mark = Mark(start, end)
        if event.anchor is not None:
            self.anchors[event.anchor] = Anchored(value, mark, whole=True)
        self.put(value, mark)

    def in_python(self, start: int) -> None:
        """A fault, where a tuple of Python begins."""
        match = TUPLE.match(self.found.text, start)
        if match is None or (self.stack and self.stack[-1].key in PROSE):
            return
        self.passed = match.end()
        listed = f"[{', '.join(each.strip() for each in match[1].split(',') if each.strip())}]"
        fix = TextFix(f"write {listed}", (TextEdit(*match.span(), listed),), sure=True)
        self.found.fault(
            Fault("E003", "YAML's lists stand in `[` and `]`", match.span(), fix.message, fix=fix)
        )

    def properties(self, event: ScalarEvent | MappingStartEvent | SequenceStartEvent, start: int) -> int:
        """Where a value begins after its anchor and tag; a tag is a fault."""
        match = PROPERTIES.match(self.found.text, start)
        assert match is not None
        if event.tag is not None:
            self.found.fault(tagged(str(event.tag), self.found.text, start, match.end()))
        return min(match.end(), max(start, span(event)[1])) if isinstance(event, ScalarEvent) else match.end()

    def key(self, event: ScalarEvent, key: str, place: Span) -> None:
        frame = self.stack[-1]
        if event.implicit[0]:
            if key == MERGE:
                frame.key, frame.span = key, place
                frame.merge = Merge(place, frame.merge)
                return
            if CONSTANTS.get(key, True) is None:
                raise self.stop("E003", "a key is missing here", event)
        if frame.mapping is not None and not (key.isascii() and key.isprintable()):
            self.found.strange(key, place, frame.mapping)
        frame.key, frame.span = key, place
        if event.anchor is not None:
            self.anchors[event.anchor] = Anchored(key, Mark(*place), whole=True)

    def put(self, value: Any, mark: Mark, deep: int = 0) -> None:
        """Put a whole value where it belongs."""
        if not self.stack:
            self.value, self.mark = value, mark
            return
        frame = self.stack[-1]
        if deep >= frame.deep:
            frame.deep = deep + 1
        if frame.mapping is None:
            frame.items.append(value)
            frame.item_marks.append(mark)
            return
        key, frame.key = frame.key, None
        assert key is not None
        if frame.merge is not None and frame.span == frame.merge.span:
            frame.merge.value = value
        elif key in frame.mapping and frame.span[0] < self.passed:
            return
        elif key in frame.mapping:
            self.found.twice(key, frame.key_marks[key].key or frame.span, frame.span)
        else:
            mark.key = frame.span
            frame.mapping[key], frame.key_marks[key] = value, mark

    def open(self, event: MappingStartEvent | SequenceStartEvent) -> None:
        start = span(event)[0]
        if event.anchor is not None or event.tag is not None:
            start = self.properties(event, start)
        if self.at_key():
            raise self.stop("E003", "a key must be text", event)
        if len(self.stack) >= MAX_DEPTH:
            raise self.found.stop("E005", f"values are nested more than {MAX_DEPTH} deep", start, start + 1)
        self.found.more(start, start + 1)
        mark = Mark(start, start + 1)
        is_mapping = isinstance(event, MappingStartEvent)
        frame = Frame(mark, event.anchor, self.found.count - 1, {} if is_mapping else None)
        mark.below = frame.key_marks if is_mapping else frame.item_marks
        if event.anchor is not None:
            self.anchors[event.anchor] = Anchored(frame.value, mark)
        self.stack.append(frame)

    def close(self) -> None:
        frame = self.stack.pop()
        merge = frame.merge
        while merge is not None and frame.mapping is not None:
            merge.settle(self.found, frame.mapping)
            merge = merge.before
        if frame.anchor is not None and self.anchors[frame.anchor].value is frame.value:
            meant = self.anchors[frame.anchor]
            meant.whole, meant.deep = True, frame.deep
            meant.count = self.found.count - frame.before
        self.put(frame.value, frame.mark, frame.deep)

    def alias(self, event: AliasEvent) -> None:
        """A copy of what the anchor names; the values in it are counted before any is made."""
        if self.at_key():
            raise self.stop("E003", "a key must be text", event)
        meant = self.anchors.get(str(event.anchor))
        if meant is None:
            raise self.stop("E003", f"there is no anchor `&{event.anchor}` before this", event)
        if not meant.whole:
            raise self.stop("E007", f"`*{event.anchor}` stands inside what it names", event)
        if self.found.count + meant.count > MAX_VALUES:
            message = (
                f"`*{event.anchor}` stands for {meant.count:,} values, which makes more than {MAX_VALUES:,}"
            )
            raise self.stop("E005", message, event)
        if len(self.stack) + meant.deep > MAX_DEPTH:
            raise self.stop(
                "E005", f"with `*{event.anchor}` values are nested more than {MAX_DEPTH} deep", event
            )
        self.found.count += meant.count
        mark = Mark(meant.mark.start, meant.mark.end, None, meant.mark.below)
        merge = self.stack[-1].merge if self.stack else None
        if merge is not None and self.stack[-1].span == merge.span:
            merge.end = span(event)[1]
        else:
            self.aliases[self.path()] = span(event)
        self.put(copied(meant.value), mark, meant.deep)

    def path(self) -> Path:
        """The path of the value that comes next."""
        return tuple(len(each.value) if each.key is None else each.key for each in self.stack)


def copied(value: Any) -> Any:
    """A value with mappings and lists of its own."""
    if isinstance(value, dict):
        return {key: copied(each) for key, each in value.items()}
    return [copied(each) for each in value] if isinstance(value, list) else value


def span(event: Event) -> Span:
    """Where what an event says stands."""
    return event.start_mark.index, event.end_mark.index  # type: ignore[union-attr]


def plain(text: str, start: int, found: Reading) -> Any:
    """What a scalar without quotes means; a number that is not finite is a fault."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.fullmatch(text) or FLOAT.fullmatch(text):
        return found.number(text, start)
    if NOT_FINITE.fullmatch(text):
        found.fault(Fault("E006", f"`{text}` is not a finite number", (start, start + len(text))))
        return 0.0
    return text
