"""From plain values to entries, bottom-up: one pass that finds every mistake there is.

For each key of an entry that holds another entry the walker makes that one first, then lets
pydantic judge the whole with the instances in place. What has a finding becomes `FAILED`,
and whoever meets `FAILED` stays silent: one mistake, one message.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from specdl.core.diagnostics import Add, Finding, Fix, Note, Path, Replace, trail, value_at
from specdl.core.entry import Entry, Slot
from specdl.core.wording import dotted, shown
from specdl.ops.base import Composite, LayerEntry
from specdl.spec.choosing import by_name, choose, lookup, unwrapped
from specdl.spec.expressions import FAILED
from specdl.spec.fields import (
    CATALOGS,
    Either,
    Items,
    Key,
    Kind,
    Leaf,
    Tagged,
    Values,
    Wired,
    expected,
    keys,
)
from specdl.spec.room import Room
from specdl.spec.text import MAX_FINDINGS

if TYPE_CHECKING:
    from specdl.spec.strays import Stray
    from specdl.spec.suggestions import Guess
    from specdl.spec.unknown import Mapped, Told

MAX_LAYER_DEPTH = 32
MAX_SUGGESTIONS = 200
"""Suggestions cost time; of a text in which more words mean nothing the rest get messages without them."""

Rule = Callable[[Mapping[str, Any], Mapping[str, Any], Path], Iterable[Finding]]
"""Called with a raw mapping, its made values by key, and its path."""


class Site(NamedTuple):
    """Where the walker is: the document path, and the uses of blocks it came through, innermost first."""

    path: Path = ()
    trail: tuple[Path, ...] = ()
    depth: int = 0

    def at(self, *steps: str | int) -> Site:
        return Site((*self.path, *steps), self.trail, self.depth)


Filler = Callable[["Walker", Composite, Site], Any]
"""What completes a composite that refers to a template: the composite with its body, or `FAILED`."""


class Stopped(Exception):  # noqa: N818 - a walk that ends early is no error
    """A walk that was to end with its first finding has met one."""


@dataclass
class Walker:
    """Makes entries and gathers findings.

    `rules` are checks on the raw mapping of a class that no type can say; `fillers` complete
    composites by tag; `examples` has message and help for the keys that a spec must have.
    """

    rules: Mapping[type[Entry], Rule] = field(default_factory=dict)
    fillers: Mapping[str, Filler] = field(default_factory=dict)
    examples: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    found: dict[tuple[str, Path, bool, str, Path], Finding] = field(default_factory=dict)
    room: Room = field(default_factory=Room)
    complete: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda raw: raw
    """Gives a layer's mapping with what it takes by default."""
    additions: Mapping[str, Any] = field(default_factory=dict)
    """Keys of a spec that can have one value only, and that value."""
    strays: Mapping[Path, Stray] = field(default_factory=dict)
    """Keys that stand in the wrong section."""
    awaited: Mapping[Path, Path] = field(default_factory=dict)
    """Where those keys belong, and lack, and where they stand."""
    foreseen: Mapping[Path, Told] = field(default_factory=dict)
    """What the whole document tells of single keys, and of types."""
    taken: frozenset[str] = frozenset()
    """Keys at the top of the document that another one says, which it may still say itself."""
    document: Any = None
    """The whole document as it is written."""
    root: Any = None
    """The whole document with its expressions replaced."""
    real: dict[Path, Path] = field(default_factory=dict)
    """Where keys that were meant to be others really stand, by the others' paths."""
    called: dict[Path, str] = field(default_factory=dict)
    """How messages call a mapping whose own key is not its name."""
    suggested: set[str] = field(default_factory=set)
    stops: bool = False
    """Whether the first finding ends the walk, by `Stopped`."""

    def tell(
        self, code: str, message: str, site: Site, at_key: bool = False, help: str | None = None,
        notes: tuple[Note, ...] = (), fix: Fix | None = None,
    ) -> Any:  # fmt: skip
        """Add a finding about where the walker is; gives back `FAILED`."""
        self.add(Finding(code, message, site.path, at_key, help, notes, fix=fix), site)
        return FAILED

    def add(self, finding: Finding, site: Site) -> None:
        """Add a finding, once for a place however often a block is used."""
        if self.stops:
            raise Stopped
        known = (finding.code, finding.path, finding.at_key, *self.apart(finding, site))
        if known not in self.found and self.room.takes(finding):
            self.found[known] = replace(finding, notes=(*finding.notes, *trail(site.trail)))

    def apart(self, finding: Finding, site: Site) -> tuple[str, Path]:
        """What keeps a finding apart from others at its place: in a template what its uses hand it."""
        if not site.trail:
            return finding.message, ()
        from specdl.spec.given import Where, handed

        origin = () if finding.at_key else handed(self.document, Where(finding.path, site.trail))
        return finding.message if finding.code == "E112" else "", origin

    def guess(self, word: str, meant: Callable[[str], Guess | None]) -> Guess | None:
        """What was probably meant by a word, as long as there are not too many that mean nothing."""
        return meant(word) if self.may_suggest(word) else None

    def may_suggest(self, word: str) -> bool:
        """Whether to look for what a word may mean: always for the first few, and for those again."""
        if len(self.suggested) < MAX_SUGGESTIONS:
            self.suggested.add(word)
        return word in self.suggested

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
        if isinstance(kind, Wired) and isinstance(raw, str):
            by_name(self, kind.slot, raw, site)
            return FAILED
        if isinstance(kind, Items) or not isinstance(raw, dict):
            return self.wrong_kind(kind, raw, site, key)
        if isinstance(kind, Values):
            return {name: self.resolve(kind.item, each, site.at(name), key) for name, each in raw.items()}
        if isinstance(kind, Wired):
            return self.wired(kind, raw, site)
        return self.entry(kind.cls, raw, site)

    def wrong_kind(self, kind: Kind, raw: Any, site: Site, key: Key) -> Any:
        """Tell of what is no list or no mapping."""
        from specdl.spec.habits import another_kind
        from specdl.spec.shorthands import in_short

        what = expected(key.type) if isinstance(kind, (Items, Values)) else "a mapping"
        message = f"`{last(site.path)}` is {shown(raw)}, but must be {what}"
        help = fix = None
        named = by_key(kind.item, raw) if isinstance(kind, Items) else None
        if isinstance(kind, Items) and one_of(kind.item, raw):
            help = "put it in a list, between `[` and `]`" if isinstance(raw, dict) else f'write ["{raw}"]'
            fix = Fix("put it in a list", (Replace(site.path, [raw]),), sure=True)
        elif named:
            help = "write a list, and each key as the `name` of its layer"
            fix = Fix(help, (Replace(site.path, named),))
        else:
            told = in_short(kind, raw, site.path) or another_kind(kind, raw, site.path)
            help, fix = told.help, told.fix
        self.tell("E113", message, site, help=help, fix=fix)
        if isinstance(kind, Items) and fix and not named and isinstance(raw, dict):
            self.resolve(kind.item, raw, site, key)  # its own mistakes are told at once
        return FAILED

    def entry(
        self, cls: type[Entry], raw: Mapping[str, Any], site: Site, owner: str | None = None,
        category: str | None = None,
    ) -> Any:  # fmt: skip
        """The entry of a known class, or `FAILED`.

        `owner` is how messages call its mapping, and `category` that of its type, if it has one.
        """
        words = owner or self.called.get(site.path)
        words = words or (f"`{last(site.path)}`" if site.path else "the spec")
        values = {name: each for name, each in raw.items() if not (owner and name == "type")}
        given = self.given(keys(cls), values, site, words, "option" if owner else "key", category)
        self.judge(cls, raw, given, site)
        return self.construct(cls, given, site, words)

    def judge(self, cls: type[Entry], raw: Mapping[str, Any], given: Mapping[str, Any], site: Site) -> None:
        """What the rules of a class find."""
        if cls in self.rules:
            for finding in islice(self.rules[cls](raw, given, site.path), MAX_FINDINGS + 1):
                self.add(finding, site)

    def given(
        self, known: Mapping[str, Key], raw: Mapping[str, Any], site: Site, owner: str, noun: str,
        category: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """The values of known keys, made; unknown keys and missing ones are told.

        An absent key that an unknown one was surely meant to be has the other's value; one that
        stands elsewhere, or that another may have been meant to be, is `FAILED`.
        """
        absent = [name for name in known if name not in raw]
        given = {name: self.stray(known[name], site) for name in absent if (*site.path, name) in self.awaited}
        lacking = [name for name in absent if known[name].required and name not in given]
        strange = [name for name in raw if name not in known]
        mapped = None
        if strange:
            from specdl.spec.strays import PARTNERS
            from specdl.spec.unknown import Mapped

            lonely = lacking[0] if len(lacking) == len(strange) == 1 else None
            free = [name for name in absent if PARTNERS.get(name) not in raw]
            free += () if site.path else self.taken
            mapped = Mapped(known, free, noun, category, lonely, raw, owner)
        for name, value in raw.items():
            if mapped is None or name in known:
                given[name] = self.known(known[name], value, site)
                continue
            here = self.where(site, (name,))
            told = self.unknown(name, value, mapped, site, owner)
            if told.meant in absent and told.meant not in given:
                given[told.meant] = self.renamed(told, value, known[told.meant], site, here)
        for name in lacking:
            if name not in given:
                given[name] = self.missing(known[name], site, owner)
        return given

    def known(self, key: Key, value: Any, site: Site) -> Any:
        """The value of a key of the mapping at a site, made."""
        if isinstance(key.kind, Leaf):
            return frozen(value)
        return self.resolve(key.kind, value, self.where(site, (key.name,)), key)

    def stray(self, key: Key, site: Site) -> Any:
        """The value of a key that stands in another section, or of a section whose keys all do.

        It is judged where it stands.
        """
        home = (*site.path, key.name)
        path = self.awaited[home]
        if path:
            self.real[home] = path
            return self.resolve(key.kind, self.at(path), site._replace(path=path), key)
        inside = {each.name: each.path for each in self.strays.values() if each.home == home}
        self.real.update({(*home, name): path for name, path in inside.items()})
        values = {name: self.at(path) for name, path in inside.items()}
        return self.resolve(key.kind, values, site.at(key.name), key)

    def at(self, path: Path) -> Any:
        """The value at a path of the document."""
        return value_at(self.root, path)

    def renamed(self, told: Told, value: Any, key: Key, site: Site, here: Site) -> Any:
        """The value under a key that was meant to be another, as the other's."""
        if not told.judged:
            return FAILED
        self.real[*site.path, key.name] = here.path
        return self.resolve(key.kind, value, here, key)

    def unknown(self, name: str, value: Any, mapped: Mapped, site: Site, owner: str) -> Told:
        """Tell of a key that means nothing in the mapping at a site; what it was meant to be."""
        from specdl.spec.unknown import Told, lookalike, unknown_key

        here = self.where(site, (name,))
        told = self.foreseen.get(here.path, Told())
        if here.path not in self.foreseen and self.may_suggest(name):
            told = unknown_key(name, value, here.path, mapped, self.strays.get(here.path))
        message = f"{owner} has no {mapped.noun} `{dotted((name,))}`"
        if not told.silent:
            self.tell("E111", message, here, True, told.help, lookalike(name), told.fix)
        return told

    def missing(self, key: Key, site: Site, owner: str) -> Any:
        """Tell of a key that must be there."""
        from specdl.spec.complaints import literals

        if not site.path and key.name in self.examples:
            message, help = self.examples[key.name]
            fix = None
            if key.name in self.additions:
                fix = Fix(help, (Add((), key.name, self.additions[key.name]),), sure=True)
            return self.tell("E112", message, site, help=help, fix=fix)
        says = key.info.description
        notes = (Note(f"`{key.name}`: {says[0].lower()}{says[1:].rstrip('.')}"),) if says else ()
        words = literals(key.type)
        listed = " or ".join(f'"{key.name}": "{word}"' for word in words)
        message = f"{owner} needs `{key.name}`: {expected(key.type)}"
        return self.tell("E112", message, site, help=f"add {listed}" if words else None, notes=notes)

    def construct(self, cls: type[Entry], given: Mapping[str, Any], site: Site, owner: str) -> Any:
        """The instance that pydantic makes, or `FAILED` with what it refused told in our words."""
        try:
            return cls.model_validate(dict(given))
        except ValidationError as error:
            from specdl.spec.complaints import complaints, holds_failed

            refused = complaints(cls, given, error.errors(include_url=False), owner)
            for each in refused:
                where = self.where(site, each.below)
                self.tell(each.code, each.message, where, each.at_key, each.help, fix=each.fix(where.path))
            if not refused and not holds_failed(given):
                self.tell("E114", f"{owner} cannot be read as it stands", site)
            return FAILED

    def where(self, site: Site, below: Path) -> Site:
        """Where what stands below a mapping's site really stands."""
        real = self.real.get((*site.path, *below[:1]))
        return site._replace(path=(*real, *below[1:])) if real else site.at(*below)

    def tagged(self, slot: Slot, raw: Any, site: Site) -> Any:
        """The entry that a `type` chooses, or a bare name where the slot allows one."""
        choice = (by_name if isinstance(raw, str) else choose)(self, slot, raw, site)
        if choice.cls is None:
            return FAILED
        raw = unwrapped(self, choice.raw, keys(choice.cls), choice.site, choice.owner)
        made = self.entry(choice.cls, raw, choice.site, choice.owner, slot.category)
        return made if choice.certain else FAILED

    def lookup(self, slot: Slot, tag: str, site: Site, at_key: bool = False) -> type[Entry] | None:
        """The class of a tag; an unknown one is told, with what was probably meant."""
        cls, certain = lookup(self, slot, tag, site, at_key)
        return cls if certain else None

    def wired(self, kind: Wired, raw: Mapping[str, Any], site: Site) -> Any:
        """An entry whose mapping also holds the options of the op in it."""
        if site.depth >= MAX_LAYER_DEPTH:
            return self.tell("E005", f"layers are nested more than {MAX_LAYER_DEPTH} deep", site)
        own = keys(kind.cls)
        choice = choose(self, kind.slot, raw, site._replace(depth=site.depth + 1))
        inner, raw = choice.site, choice.raw if choice.cls else raw
        if choice.cls is None:
            rest = {name: each for name, each in raw.items() if name in own}
            wires = self.given({name: key for name, key in own.items() if name in rest}, rest, inner, "", "")
            return self.construct(kind.cls, {**wires, "op": FAILED}, inner, "")
        if kind.cls is LayerEntry:
            raw = self.complete(raw)
        options, owner = keys(choice.cls), choice.owner
        raw = unwrapped(self, raw, {**options, **own}, inner, owner)
        values = {name: each for name, each in raw.items() if name != "type"}
        given = self.given({**options, **own}, values, inner, owner, "option", kind.slot.category)
        op = self.construct(choice.cls, {k: v for k, v in given.items() if k in options}, inner, owner)
        if isinstance(op, Composite) and op.type in self.fillers:
            op = self.fillers[op.type](self, op, inner)
        wires = {name: each for name, each in given.items() if name in own and name not in options}
        self.judge(kind.cls, raw, given, inner)
        entry = self.construct(kind.cls, {**wires, "op": op}, inner, owner)
        if isinstance(entry, LayerEntry):
            entry._path, entry._trail = site.path, site.trail
        return entry if choice.certain else FAILED


def one_of(item: Kind, raw: Any) -> bool:
    """Whether a value that stands alone may be one of those that are wanted in a list."""
    if isinstance(raw, str):
        return isinstance(item, Tagged) and item.slot.short and raw in CATALOGS[item.slot.category].tags()
    return isinstance(raw, dict) and "type" in raw


def by_key(item: Kind, raw: Any) -> list[Any] | None:
    """The list of layers that a mapping of names to layers stands for."""
    if not isinstance(item, Wired) or item.cls is not LayerEntry or not isinstance(raw, dict):
        return None
    if not raw or not all(isinstance(each, dict) and "type" in each for each in raw.values()):
        return None
    return [{**each, "name": each.get("name", name)} for name, each in raw.items()]


def last(path: Path) -> str:
    """The name of what a path leads to: its last key, with an index after it."""
    return dotted(path[-2:] if isinstance(path[-1], int) else path[-1:])


def frozen(value: Any) -> Any:
    """Lists as tuples, all the way down: an entry is immutable."""
    if isinstance(value, list):
        return tuple(frozen(each) for each in value)
    return {key: frozen(each) for key, each in value.items()} if isinstance(value, dict) else value
