"""From plain values to entries, bottom-up: one pass that finds every mistake there is.

For each key of an entry that holds another entry the walker makes that one first, then lets
pydantic judge the whole with the instances in place. What has a finding becomes `FAILED`,
and whoever meets `FAILED` stays silent: one mistake, one message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from pydantic import ValidationError

from specdl.core.diagnostics import Finding, Note, Path
from specdl.core.entry import Entry, Slot
from specdl.ops.base import Composite, LayerEntry
from specdl.spec.complaints import complaints, dotted, shown
from specdl.spec.expressions import FAILED
from specdl.spec.fields import (
    CATALOGS,
    NOUNS,
    Either,
    Items,
    Key,
    Kind,
    Leaf,
    Tagged,
    Values,
    Wired,
    choices,
    expected,
    keys,
)
from specdl.spec.suggestions import key_meant, tag_meant
from specdl.spec.text import MAX_FINDINGS

MAX_LAYER_DEPTH = 32
MAX_SUGGESTIONS = 200
"""Suggestions cost time; a text with more mistakes than this gets messages without them."""
LISTED = 12
"""How many choices a help lists at most."""

Rule = Callable[[Mapping[str, Any], Mapping[str, Any], Path], Iterable[Finding]]
"""Called with a raw mapping, its made values by key, and its path."""


@dataclass(frozen=True)
class Site:
    """Where the walker is: the document path, and the uses of blocks it came through, innermost first."""

    path: Path = ()
    trail: tuple[Path, ...] = ()
    depth: int = 0

    def at(self, *steps: str | int) -> Site:
        return replace(self, path=(*self.path, *steps))


Filler = Callable[["Walker", Composite, Site], Any]
"""What completes a composite that refers to a template: the composite with its body, or `FAILED`."""


@dataclass
class Walker:
    """Makes entries and gathers findings.

    `rules` are checks on the raw mapping of a class that no type can say; `fillers` complete
    composites by tag; `examples` has message and help for the keys that a spec must have.
    """

    rules: Mapping[type[Entry], Rule] = field(default_factory=dict)
    fillers: Mapping[str, Filler] = field(default_factory=dict)
    examples: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    found: dict[tuple[str, Path, bool, str], Finding] = field(default_factory=dict)
    suggested: int = 0

    def tell(
        self, code: str, message: str, site: Site, at_key: bool = False, help: str | None = None,
        notes: tuple[Note, ...] = (),
    ) -> Any:  # fmt: skip
        """Add a finding, once for a place however often a block is used; gives back `FAILED`."""
        trail = tuple(Note("the block is used", path) for path in site.trail)
        finding = Finding(code, message, site.path, at_key, help, (*notes, *trail))
        told = "" if site.trail and code != "E112" else message
        if len(self.found) < MAX_FINDINGS:
            self.found.setdefault((code, site.path, at_key, told), finding)
        return FAILED

    def add(self, finding: Finding, site: Site) -> None:
        """Add a finding that was made elsewhere."""
        self.tell(finding.code, finding.message, replace(site, path=finding.path), finding.at_key,
                  finding.help, finding.notes)  # fmt: skip

    def suggest(self, meant: Callable[[], str | None]) -> str | None:
        """What was probably meant, as long as there are not too many mistakes."""
        self.suggested += 1
        return meant() if self.suggested <= MAX_SUGGESTIONS else None

    def resolve(self, kind: Kind, raw: Any, site: Site, key: Key) -> Any:
        """A raw value as pydantic takes it: entries made, lists turned to tuples."""
        if raw is FAILED or raw is None:
            return raw
        if isinstance(kind, Leaf):
            return frozen(raw)
        if isinstance(kind, Tagged):
            return self.tagged(kind.slot, raw, site)
        if isinstance(kind, Either):
            return self.resolve(kind.entry, raw, site, key) if isinstance(raw, dict) else frozen(raw)
        if isinstance(kind, Items) and isinstance(raw, list):
            return tuple(self.resolve(kind.item, each, site.at(i), key) for i, each in enumerate(raw))
        if isinstance(kind, Items) or not isinstance(raw, dict):
            return self.wrong_kind(kind, raw, site, key)
        if isinstance(kind, Values):
            return {name: self.resolve(kind.item, each, site.at(name), key) for name, each in raw.items()}
        if isinstance(kind, Wired):
            return self.wired(kind, raw, site)
        return self.entry(kind.cls, raw, site)

    def wrong_kind(self, kind: Kind, raw: Any, site: Site, key: Key) -> Any:
        """Tell of what is no list or no mapping."""
        what = expected(key.type) if isinstance(kind, (Items, Values)) else "a mapping"
        help = "put it in a list, between `[` and `]`" if isinstance(raw, dict) else None
        message = f"`{last(site.path)}` is {shown(raw)}, but must be {what}"
        return self.tell("E113", message, site, help=help)

    def entry(self, cls: type[Entry], raw: Mapping[str, Any], site: Site, owner: str | None = None) -> Any:
        """The entry of a known class, or `FAILED`. `owner` is how messages call its mapping."""
        words = owner or (f"`{last(site.path)}`" if site.path else "the spec")
        values = {name: each for name, each in raw.items() if not (owner and name == "type")}
        given = self.given(keys(cls), values, site, words, "option" if owner else "key")
        self.judge(cls, raw, given, site)
        return self.construct(cls, given, site, words)

    def judge(self, cls: type[Entry], raw: Mapping[str, Any], given: Mapping[str, Any], site: Site) -> None:
        """What the rules of a class find."""
        if cls in self.rules:
            for finding in self.rules[cls](raw, given, site.path):
                self.add(finding, site)

    def given(
        self, known: Mapping[str, Key], raw: Mapping[str, Any], site: Site, owner: str, noun: str
    ) -> dict[str, Any]:
        """The values of known keys, made; unknown keys and missing ones are told.

        An absent key that an unknown one was meant to be is `FAILED`.
        """
        absent = [name for name in known if name not in raw]
        lacking = {name for name in absent if known[name].required}
        given: dict[str, Any] = {}
        for name, value in raw.items():
            if name in known:
                given[name] = self.resolve(known[name].kind, value, site.at(name), known[name])
                continue
            meant = self.suggest(partial(key_meant, name, known, absent))
            self.unknown(name, meant, known, site, owner, noun)
            if meant in absent:
                lacking.discard(meant)
                given[meant] = FAILED
        for name in sorted(lacking, key=list(known).index):
            given[name] = self.missing(known[name], site, owner)
        return given

    def unknown(
        self, name: str, meant: str | None, known: Mapping[str, Key], site: Site, owner: str, noun: str
    ) -> None:
        """Tell of a key that means nothing."""
        help = f"did you mean `{meant}`?" if meant else None
        if not meant and len(known) <= LISTED and self.suggested <= MAX_SUGGESTIONS:
            names = ", ".join(f"`{each}`" for each in known)
            help = f"its {noun}s are {names}" if names else f"it has no {noun}s"
        self.tell("E111", f"{owner} has no {noun} `{dotted((name,))}`", site.at(name), at_key=True, help=help)

    def missing(self, key: Key, site: Site, owner: str) -> Any:
        """Tell of a key that must be there."""
        if not site.path and key.name in self.examples:
            message, help = self.examples[key.name]
            return self.tell("E112", message, site, help=help)
        says = key.info.description
        notes = (Note(f"`{key.name}`: {says[0].lower()}{says[1:].rstrip('.')}"),) if says else ()
        return self.tell("E112", f"{owner} needs `{key.name}`: {expected(key.type)}", site, notes=notes)

    def construct(self, cls: type[Entry], given: Mapping[str, Any], site: Site, owner: str) -> Any:
        """The instance that pydantic makes, or `FAILED` with what it refused told in our words."""
        try:
            return cls.model_validate(dict(given))
        except ValidationError as error:
            refused = complaints(cls, given, error.errors(include_url=False), owner)
            for each in refused:
                self.tell(each.code, each.message, site.at(*each.below), each.at_key, each.help)
            if not refused and not any(fails(each) for each in given.values()):
                self.tell("E114", f"{owner} cannot be read as it stands", site)
            return FAILED

    def tagged(self, slot: Slot, raw: Any, site: Site) -> Any:
        """The entry that a `type` chooses, or a bare name where the slot allows one."""
        if isinstance(raw, str):
            cls = self.by_name(slot, raw, site)
            return FAILED if cls is None else self.entry(cls, {}, site, f"`{raw}`")
        cls = self.choose(slot, raw, site)
        return FAILED if cls is None else self.entry(cls, raw, site, f"`{raw['type']}`")

    def by_name(self, slot: Slot, raw: str, site: Site) -> type[Entry] | None:
        """The class of a bare name."""
        if slot.short:
            return self.lookup(slot, raw, site)
        tags = CATALOGS[slot.category].tags()
        meant = raw if raw in tags else self.suggest(lambda: tag_meant(raw, tags))
        what = f"`{site.path[-1]}`" if isinstance(site.path[-1], str) else f"this {NOUNS[slot.category]}"
        help = f'write {{"type": "{meant}"}}' if meant else None
        self.tell("E113", f"{what} is {shown(raw)}, but must be a mapping with `type`", site, help=help)
        return None

    def choose(self, slot: Slot, raw: Any, site: Site) -> type[Entry] | None:
        """The class that a mapping's `type` names."""
        noun = NOUNS[slot.category]
        what = f"`{site.path[-1]}`" if isinstance(site.path[-1], str) else f"this {noun}"
        if not isinstance(raw, dict):
            short = "a name or " if slot.short else ""
            self.tell("E113", f"{what} is {shown(raw)}, but must be {short}a mapping with `type`", site)
            return None
        if "type" not in raw:
            near = self.near_type(raw)
            if near is not None:
                self.tell(
                    "E111",
                    f"{what} has no key `{dotted((near,))}`",
                    site.at(near),
                    True,
                    "did you mean `type`?",
                )
            else:
                self.tell(
                    "E112", f"{what} needs `type`, the name of {article(noun)}", site, help=self.listed(slot)
                )
            return None
        tag = raw["type"]
        if tag is FAILED:
            return None
        if not isinstance(tag, str) or not tag:
            message = f"`type` is {shown(tag)}, but must be the name of {article(noun)}"
            self.tell("E113", message, site.at("type"), help=self.listed(slot))
            return None
        return self.lookup(slot, tag, site.at("type"))

    def near_type(self, raw: Mapping[str, Any]) -> str | None:
        """A key that was probably meant to be `type`."""
        for name in list(raw)[:LISTED]:
            if isinstance(raw[name], str) and self.suggest(partial(key_meant, name, ("type",), ("type",))):
                return name
        return None

    def lookup(self, slot: Slot, tag: str, site: Site) -> type[Entry] | None:
        """The class of a tag; an unknown one is told, with what was probably meant."""
        catalog = CATALOGS[slot.category]
        cls = catalog.get(tag)
        if cls is not None:
            return cls
        tags = catalog.tags()
        meant = self.suggest(lambda: tag_meant(tag, tags))
        help = f"did you mean `{meant}`?" if meant else self.elsewhere(slot, tag) or self.listed(slot)
        self.tell("E110", f"no {NOUNS[slot.category]} is called `{dotted((tag,))}`", site, help=help)
        return None

    def elsewhere(self, slot: Slot, tag: str) -> str | None:
        """What a tag of another category is, said instead of a suggestion."""
        for category, catalog in sorted(CATALOGS.items()):  # activations are layers too, and come first
            if tag in catalog.tags() and category != slot.category:
                return f"`{tag}` is {article(NOUNS[category])}, no {NOUNS[slot.category]}"
        return None

    def listed(self, slot: Slot) -> str | None:
        """The tags of a category, if they are few."""
        tags = CATALOGS[slot.category].tags()
        return f"choose {choices(tags)}" if 0 < len(tags) <= LISTED else None

    def wired(self, kind: Wired, raw: Mapping[str, Any], site: Site) -> Any:
        """An entry whose mapping also holds the options of the op in it."""
        if site.depth >= MAX_LAYER_DEPTH:
            return self.tell("E005", f"layers are nested more than {MAX_LAYER_DEPTH} deep", site)
        inner = replace(site, depth=site.depth + 1)
        own = keys(kind.cls)
        op_cls = self.choose(kind.slot, raw, inner)
        if op_cls is None:
            rest = {name: each for name, each in raw.items() if name in own}
            wires = self.given({name: key for name, key in own.items() if name in rest}, rest, inner, "", "")
            return self.construct(kind.cls, {**wires, "op": FAILED}, inner, "")
        options = keys(op_cls)
        owner = f"`{raw['type']}`"
        values = {name: each for name, each in raw.items() if name != "type"}
        given = self.given({**options, **own}, values, inner, owner, "option")
        op = self.construct(op_cls, {k: v for k, v in given.items() if k in options}, inner, owner)
        if isinstance(op, Composite) and op.type in self.fillers:
            op = self.fillers[op.type](self, op, inner)
        wires = {name: each for name, each in given.items() if name in own and name not in options}
        self.judge(kind.cls, raw, wires, inner)
        entry = self.construct(kind.cls, {**wires, "op": op}, inner, owner)
        if isinstance(entry, LayerEntry):
            entry._path, entry._trail = site.path, site.trail
        return entry


def article(noun: str) -> str:
    """A noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def last(path: Path) -> str:
    """The name of what a path leads to: its last key, with an index after it."""
    return dotted(path[-2:] if isinstance(path[-1], int) else path[-1:])


def frozen(value: Any) -> Any:
    """Lists as tuples, all the way down: an entry is immutable."""
    if isinstance(value, list):
        return tuple(frozen(each) for each in value)
    return {key: frozen(each) for key, each in value.items()} if isinstance(value, dict) else value


def fails(value: Any) -> bool:
    """Whether a made value is, or holds, `FAILED`."""
    if value is FAILED:
        return True
    if isinstance(value, tuple):
        return any(fails(each) for each in value)
    return isinstance(value, dict) and any(fails(each) for each in value.values())
