"""Keys that stand in the wrong section of a spec: `lr` in `train`, `epochs` at the top."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from specdl.core.diagnostics import Add, Edit, Fix, Path, Remove, Rename, Replace, below
from specdl.core.entry import Slot
from specdl.core.record import record
from specdl.spec.expressions import NAME, RESERVED, names_in
from specdl.spec.fields import CATALOGS, Key, Nested, Tagged, keys
from specdl.spec.model import ModelSpec
from specdl.spec.suggestions import compact, key_guess, senses

SECTIONS: tuple[Path, ...] = (
    (), ("data",), ("model",), ("optimizer",), ("train",), ("data", "source"), ("schedule",), ("loss",),
)  # fmt: skip
"""Where a key may have been meant to stand, the likeliest first."""
MAPPINGS: tuple[Path, ...] = (("data",), ("model",), ("train",))
"""Those of them that need no `type`."""
PAIRS = (("epochs", "steps"), ("input", "inputs"), ("loss", "losses"))
PARTNERS = {one: other for pair in PAIRS for one, other in (pair, pair[::-1])}
"""Keys of which only one can be there."""
VARS: Path = ("vars",)
CLASS_PATHS = ("_target_", "class_path")
"""Under these Hydra and Lightning name a class of Python's."""
TYPES = ("type", *CLASS_PATHS)
MOST = 50
"""Who has more keys in the wrong places has made some other mistake."""


@record()
class Stray:
    """A key that belongs elsewhere: `home` is the section, and `name` what it is called there."""

    path: Path
    home: Path
    name: str
    free: bool
    """Whether the section lacks it."""
    whole: bool = False
    """Whether the section is not there at all."""
    needed: bool = False
    there: bool = False
    """Whether the section has it already."""
    same: bool = False
    """Whether it has the same value there."""

    @property
    def help(self) -> str:
        key = "" if self.name == self.path[-1] else f", where it is called `{self.name}`"
        home = f"`{'.'.join(map(str, self.home))}`" if self.home else "the spec"
        if not self.free and self.there:
            rest = ": take it away here" if self.same else ", with another value: keep one of them"
            return f"{home} has `{self.name}` already{rest}"
        return f"`{self.path[-1]}` belongs {f'in {home}' if self.home else 'at the top of the spec'}{key}"

    def fix(self, value: Any) -> Fix | None:
        """Move it, or take it away where it is in its place already, and says nothing else there."""
        if not self.free:
            return Fix(f"take `{self.path[-1]}` away", (Remove(self.path),)) if self.same else None
        edits: tuple[Edit, ...] = (Remove(self.path), Add(self.home, self.name, value))
        if self.whole:
            if len(self.path) != 1 or len(self.home) != 1:
                return None
            edits = (Replace(self.path, {self.name: value}), Rename(self.path, str(self.home[0])))
        where = f"into `{'.'.join(map(str, self.home))}`" if self.home else "to the top of the spec"
        return Fix(f"move `{self.path[-1]}` {where}", edits, sure=self.needed)


def strays(root: Mapping[str, Any]) -> dict[Path, Stray]:
    """The keys of a spec's sections that stand in the wrong one, by their paths."""
    known = {path: section_keys(root, path) for path in SECTIONS}
    found: dict[Path, Stray] = {}
    for path in SECTIONS:
        section = below(root, path)
        if not isinstance(section, dict) or not known[path]:
            continue
        for name in [name for name in section if name not in known[path] and name not in TYPES][:MOST]:
            stray = find((*path, name), root, known)
            if stray:
                found[stray.path] = stray
    return found


def find(path: Path, root: Mapping[str, Any], known: Mapping[Path, Mapping[str, Key]]) -> Stray | None:
    """Where a key that its section does not know belongs; None if it has a sense where it stands."""
    *section, name = path
    own, here = known[tuple(section)], below(root, tuple(section))
    guess = key_guess(str(name), own, [each for each in own if each not in here])
    if guess and not guess.loose:
        return None
    words = [str(name), *(each.word for each in senses("keys").get(compact(str(name)), ()) if each.sure)]
    for home in SECTIONS:
        word = next((each for each in words if each in known[home]), None)
        if home == tuple(section) or word is None or is_a_source(path, root):
            continue
        there = below(root, home)
        whole = there is None and home in MAPPINGS
        free = whole or (isinstance(there, dict) and word not in there)
        free = free and not (there and PARTNERS.get(word) in there)
        needed = known[home][word].required or (home == ("train",) and word in ("epochs", "steps"))
        stands = isinstance(there, dict) and word in there
        same = stands and there[word] == here[name]
        return Stray(path, home, word, free, whole, free and needed, stands, same)
    return None


def undeclared(root: Mapping[str, Any]) -> dict[Path, Stray]:
    """Keys at the top of a document that are variables by their use, as in Hydra: they belong in `vars`."""
    declared = root.get("vars")
    if declared is not None and not isinstance(declared, dict):
        return {}
    known = {*keys(ModelSpec), *RESERVED, *(declared or ())}
    loose = [
        name
        for name, value in root.items()
        if name not in known and NAME.fullmatch(name) and isinstance(value, (bool, int, float, str))
        and "${" not in str(value)
    ][:MOST]  # fmt: skip
    used = names_used(root) if loose else set()
    whole = declared is None
    return {
        (name,): Stray((name,), VARS, name, free=True, whole=whole, needed=True)
        for name in loose
        if name in used
    }


def names_used(value: Any) -> set[str]:
    """The names in all expressions of a value."""
    if isinstance(value, str):
        return names_in(value) if "${" in value else set()
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return set().union(*map(names_used, inside))


def awaited(found: Mapping[Path, Stray]) -> dict[Path, Path]:
    """Where keys lack that stand elsewhere, and where they stand: that is no second mistake."""
    free = [each for each in found.values() if each.free]
    return {each.home: () for each in free if each.whole} | {
        (*each.home, each.name): each.path for each in free
    }


def is_a_source(path: Path, root: Mapping[str, Any]) -> bool:
    """Whether a mapping in `data` says where samples come from, whatever it is called."""
    value = below(root, path)
    return path[:-1] == ("data",) and isinstance(value, dict) and not {"type", "path"}.isdisjoint(value)


def section_keys(root: Mapping[str, Any], path: Path) -> Mapping[str, Key]:
    """The keys that a section may have; where its type decides, those of that type, or of all."""
    known: Mapping[str, Key] = keys(ModelSpec)
    for step in path:
        kind = known[str(step)].kind
        if isinstance(kind, Nested):
            known = keys(kind.cls)
        elif isinstance(kind, Tagged):
            section = below(root, path)
            tag = section.get("type") if isinstance(section, dict) else None
            return typed_keys(kind.slot, tag if isinstance(tag, str) else None)
    return known


def typed_keys(slot: Slot, tag: str | None) -> Mapping[str, Key]:
    """The options of a type, or of all types of a category."""
    catalog = CATALOGS[slot.category]
    cls = catalog.get(tag) if tag else None
    return keys(cls) if cls else all_keys(slot.category)


@cache
def all_keys(category: str) -> Mapping[str, Key]:
    """The options of all types of a category; where two types have one, that of the first."""
    found: dict[str, Key] = {}
    for _, options in options_of(category):
        found = {**options, **found}
    return found


def options_of(category: str) -> Iterator[tuple[str, Mapping[str, Key]]]:
    """Each type of a category with its options."""
    for tag in CATALOGS[category].tags():
        cls = CATALOGS[category].get(tag)
        if cls is not None:
            yield tag, keys(cls)


def owners(category: str, name: str) -> list[str]:
    """The types of a category that have an option."""
    return [tag for tag, options in options_of(category) if name in options]
