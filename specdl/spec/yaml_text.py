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

from specdl.core.diagnostics import Path
from specdl.spec.text import MAX_DEPTH, Parsed, Reading, Span, TextError
from specdl.spec.yaml_errors import explain

INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)")
FLOAT = re.compile(r"[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
SURROGATE = re.compile("[\ud800-\udfff]")
CONSTANTS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def parse(text: str, fast: bool = True) -> Parsed:
    """The value of a YAML text. `fast` uses libyaml where PyYAML was built with it.

    Raises `TextError` with every fault: reading goes on after a key that stands twice and a
    number that is too large, and stops at the first fault of syntax.
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
        raise TextError(*builder.found.faults, explain(error, text)) from None
    except (yaml.YAMLError, ValueError):  # PyYAML's own parser lets `chr` refuse an escape
        raise builder.found.stop("E003", "this is not YAML", 0, 1) from None
    if builder.found.faults:
        raise TextError(*builder.found.faults)
    return Parsed(builder.value, builder.found.values, builder.found.keys)


def events(text: str, fast: bool) -> Iterator[Event]:
    """PyYAML's events, their marks in code points."""
    loader = getattr(yaml, "CLoader", yaml.Loader) if fast else yaml.Loader
    yield from yaml.parse(text, Loader=loader)


@dataclass
class Frame:
    """A mapping or list that is being built."""

    path: Path
    value: dict[str, Any] | list[Any]
    anchor: str | None
    key: str | None = None
    """The key whose value comes next."""
    aside: bool = False
    """Whether the key stood in the mapping before: its value is dropped."""

    def step(self, offset: int) -> str | int:
        """The last part of the path of the value that begins at an offset."""
        if self.key is None:
            return len(self.value)
        return f"{self.key}\0{offset}" if self.aside else self.key


@dataclass
class Anchored:
    """What an anchor names, once it is whole."""

    path: Path
    value: Any
    whole: bool = False


@dataclass
class Builder:
    """Takes events one by one; its stack is its own, so that nesting costs no recursion."""

    found: Reading
    value: Any = None
    documents: int = 0
    stack: list[Frame] = field(default_factory=list)
    anchors: dict[str, Anchored] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        """Build what an event says."""
        if isinstance(event, DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise self.stop("E007", "a file holds one spec; here a second begins", event)
        elif isinstance(event, (MappingEndEvent, SequenceEndEvent)):
            self.close()
        elif isinstance(event, (ScalarEvent, AliasEvent, MappingStartEvent, SequenceStartEvent)):
            self.node(event)

    def stop(self, code: str, message: str, event: Event, help: str | None = None) -> TextError:
        start, end = span(event)
        return self.found.stop(code, message, start, max(start + 1, end), help)

    def node(self, event: Event) -> None:
        """A key, or a value in its place."""
        if isinstance(event, ScalarEvent) and SURROGATE.search(event.value):
            raise self.stop("E003", "the text has half of a character in it", event)
        if getattr(event, "tag", None) is not None:
            start = span(event)[0]
            end = start + len(str(self.found.text[start:]).split(None, 1)[0])
            message = "a spec has no tags: a value is what it looks like"
            raise self.found.stop("E007", message, start, end, "take the tag away")
        frame = self.stack[-1] if self.stack else None
        if frame and isinstance(frame.value, dict) and frame.key is None:
            self.key(frame, event)
            return
        path = (*frame.path, frame.step(span(event)[0])) if frame else ()
        if isinstance(event, AliasEvent):
            self.put(self.alias(event, path))
        elif isinstance(event, ScalarEvent):
            self.put(self.scalar(event, path))
        else:
            self.open(event, path)

    def key(self, frame: Frame, event: Event) -> None:
        if not isinstance(event, ScalarEvent):
            raise self.stop("E003", "a key must be text", event)
        if event.implicit[0] and event.value == "<<":
            raise self.stop("E007", "a spec has no merge keys (`<<`)", event, "write the keys out")
        if event.implicit[0] and CONSTANTS.get(event.value, True) is None:
            raise self.stop("E003", "a key is missing here", event)
        path = (*frame.path, event.value)
        frame.key = event.value
        frame.aside = not self.found.key(path, *span(event))
        if event.anchor:
            self.anchors[event.anchor] = Anchored(path, event.value, whole=True)

    def put(self, value: Any) -> None:
        """Put a whole value where it belongs."""
        if not self.stack:
            self.value = value
            return
        frame = self.stack[-1]
        if isinstance(frame.value, list):
            frame.value.append(value)
            return
        if not frame.aside and frame.key is not None:
            frame.value[frame.key] = value
        frame.key, frame.aside = None, False

    def open(self, event: Event, path: Path) -> None:
        start = span(event)[0]
        if len(path) >= MAX_DEPTH:
            raise self.stop("E005", f"values are nested more than {MAX_DEPTH} deep", event)
        self.found.place(path, start, start + 1)
        value: dict[str, Any] | list[Any] = {} if isinstance(event, MappingStartEvent) else []
        anchor = event.anchor if isinstance(event, (MappingStartEvent, SequenceStartEvent)) else None
        if anchor:
            self.anchors[anchor] = Anchored(path, value)
        self.stack.append(Frame(path, value, anchor))

    def close(self) -> None:
        frame = self.stack.pop()
        if frame.anchor and self.anchors[frame.anchor].value is frame.value:
            self.anchors[frame.anchor].whole = True
        self.put(frame.value)

    def scalar(self, event: ScalarEvent, path: Path) -> Any:
        start = span(event)[0]
        self.found.place(path, start, span(event)[1])
        value = plain(event.value, start, self.found) if event.implicit[0] else event.value
        if event.anchor:
            self.anchors[event.anchor] = Anchored(path, value, whole=True)
        return value

    def alias(self, event: AliasEvent, path: Path) -> Any:
        """A copy of what the anchor names, its places included: every copy counts as values of its own."""
        meant = self.anchors.get(str(event.anchor))
        if meant is None:
            raise self.stop("E003", f"there is no anchor `&{event.anchor}` before this", event)
        if not meant.whole:
            raise self.stop("E007", f"`*{event.anchor}` stands inside what it names", event)
        return self.copy(meant.value, meant.path, path, event)

    def copy(self, value: Any, source: Path, path: Path, event: Event) -> Any:
        if len(path) > MAX_DEPTH:
            raise self.stop("E005", f"values are nested more than {MAX_DEPTH} deep", event)
        place = self.found.values.get(source) or self.found.keys[source]
        self.found.place(path, *place)
        if isinstance(value, dict):
            result = {}
            for key, each in value.items():
                self.found.keys.setdefault((*path, key), self.found.keys[*source, key])
                result[key] = self.copy(each, (*source, key), (*path, key), event)
            return result
        if isinstance(value, list):
            return [self.copy(each, (*source, i), (*path, i), event) for i, each in enumerate(value)]
        return value


def span(event: Event) -> Span:
    """Where what an event says stands."""
    assert event.start_mark is not None
    assert event.end_mark is not None
    return event.start_mark.index, event.end_mark.index


def plain(text: str, start: int, found: Reading) -> Any:
    """What a scalar without quotes means; a number that is not finite is a fault."""
    if text in CONSTANTS:
        return CONSTANTS[text]
    if INTEGER.fullmatch(text) or FLOAT.fullmatch(text):
        return found.number(text, start)
    if NOT_FINITE.fullmatch(text):
        found.fault("E006", f"`{text}` is not a finite number", start, start + len(text))
        return 0.0
    return text
