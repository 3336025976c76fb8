"""What to say where no class can be chosen by a `type`, and what was probably meant.

A type that is misspelt is told; what was probably meant then judges the rest of the mapping, so that
all its mistakes are told at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from specdl.core.diagnostics import Add, Edit, Fix, Remove, Rename, Replace
from specdl.core.entry import Entry, Slot
from specdl.core.wording import dotted, shown
from specdl.spec.choosing import Choice, lookup, tag_of
from specdl.spec.complaints import holds_failed
from specdl.spec.fields import CATALOGS, NOUNS, keys
from specdl.spec.strays import CLASS_PATHS
from specdl.spec.suggestions import Guess, key_guess, key_near
from specdl.spec.unknown import LISTED, Told, article, guess_tag, listed, lookalike, unknown_tag
from specdl.spec.words import NEEDLESS, WRAPPERS
from specdl.spec.writing import Pen

if TYPE_CHECKING:
    from specdl.spec.walker import Site, Walker

JSON = Pen(yaml=False)
CALL = re.compile(r"([\w.]+)\((?:[^()]*\D)?(\d{1,9})\)")
"""A call whose last argument is a number."""


def unknown(walker: Walker, slot: Slot, tag: str, site: Site, at_key: bool) -> type[Entry] | None:
    """Tell of a tag that there is not; the class that was probably meant, or None."""
    guess = walker.guess(tag, partial(guess_tag, slot))
    told = walker.foreseen.get(site.path)
    told = told or unknown_tag(slot, tag, site.path, at_key, guess)
    message = f"no {NOUNS[slot.category]} is called `{dotted((tag,))}`"
    walker.tell("E110", message, site, at_key, told.help, lookalike(tag), told.fix)
    return CATALOGS[slot.category].get(told.meant) if told.meant and told.judged else None


def bare(walker: Walker, slot: Slot, raw: str, site: Site) -> Choice:
    """Tell of a bare name that stands where a mapping must."""
    from specdl.spec.habits import instead

    guess = Guess(raw, sure=True) if raw in CATALOGS[slot.category].tags() else None
    guess = guess or walker.guess(raw.partition("(")[0], partial(guess_tag, slot))
    help = fix = None
    if guess and guess.there:
        meant, certain, likely = example(slot, guess.word, raw)
        help = f"write {JSON.write(meant)}"
        sure = guess.sure and certain and "(" not in raw
        fix = Fix(help, (Replace(site.path, meant),), sure) if certain or likely else None
    elif guess:
        help = instead(slot.category, guess)
    message = f"{named(site, slot)} is {shown(raw)}, but must be a mapping with `type`"
    walker.tell("E113", message, site, help=help, fix=fix)
    return Choice(None, {}, site, certain=False)


def named(site: Site, slot: Slot) -> str:
    """How messages call what stands in a slot."""
    return f"`{site.path[-1]}`" if isinstance(site.path[-1], str) else f"this {NOUNS[slot.category]}"


def example(slot: Slot, tag: str, said: str) -> tuple[dict[str, Any], bool, bool]:
    """A mapping of a type with the options that it needs; whether it needs none, or they were said.

    They are said in a call, as in torch's `Linear(2, 3)`, of which the last number is meant.
    """
    cls = CATALOGS[slot.category].get(tag)
    assert cls is not None
    needed = {name: key for name, key in keys(cls).items() if key.required}
    call = CALL.fullmatch(said)
    if call and len(needed) == 1:
        return {"type": tag, **dict.fromkeys(needed, int(call[2]))}, False, True
    examples = {name: key.info.examples[0] for name, key in needed.items() if key.info.examples}
    alone = not needed and not call and tag != "block"  # which needs one of two options
    return {"type": tag, **examples}, alone, False


def is_wrapper(key: str) -> bool:
    """Whether others write the options of a type under a key, as Caffe does under `relu_param`."""
    return key in WRAPPERS or key.endswith("_param")


def taken_out(
    walker: Walker, raw: Mapping[str, Any], strange: Iterable[str], site: Site, owner: str
) -> Mapping[str, Any]:
    """A mapping with the options that stand in a mapping of their own beside its type, as in Keras.

    They are judged where they stand.
    """
    wrapper = next(filter(is_wrapper, strange), None)
    if wrapper is None or not isinstance(raw[wrapper], dict):
        return raw
    inside = {name: each for name, each in raw[wrapper].items() if name not in raw}
    fix = Fix("write them beside `type`", lifted(site, wrapper, inside), sure=bool(inside))
    whole = fix if len(inside) == len(raw[wrapper]) else None
    message = f"{owner} has no option `{wrapper}`"
    help = "write its options beside `type`"
    walker.tell("E111", message, site.at(wrapper), at_key=True, help=help, fix=whole)
    walker.real.update({(*site.path, name): (*site.path, wrapper, name) for name in inside})
    return {**{name: each for name, each in raw.items() if name != wrapper}, **inside}


def lifted(site: Site, wrapper: str, inside: Mapping[str, Any]) -> tuple[Edit, ...]:
    """The edits that put the keys of a mapping in its place: the first there, the others behind."""
    place = site.at(wrapper).path
    if not inside:
        return (Remove(place),)
    (name, value), *others = inside.items()
    adds = (Add(site.path, key, each) for key, each in others)
    return (Replace(place, value), Rename(place, name), *adds)


def typeless(walker: Walker, slot: Slot, raw: Any, site: Site) -> Choice:
    """The class of what has no `type` that could be a name, where that can be told."""
    nothing = Choice(None, {}, site, certain=False)
    if not isinstance(raw, dict):
        short = "a name or " if slot.short else ""
        message = f"{named(site, slot)} is {shown(raw)}, but must be {short}a mapping with `type`"
        walker.tell("E113", message, site)
        return nothing
    if "type" not in raw:
        return (
            near_type(walker, slot, raw, site)
            or shorthand(walker, slot, raw, site)
            or lacking(walker, slot, site)
        )
    message = f"`type` is {shown(raw['type'])}, but must be the name of {article(NOUNS[slot.category])}"
    walker.tell("E113", message, site.at("type"), help=listed(slot))
    return nothing


def lacking(walker: Walker, slot: Slot, site: Site) -> Choice:
    """Tell of a mapping without a type."""
    message = f"{named(site, slot)} needs `type`, the name of {article(NOUNS[slot.category])}"
    told = walker.foreseen.get(site.path, Told(listed(slot)))
    walker.tell("E112", message, site, help=told.help, fix=told.fix)
    return Choice(None, {}, site, certain=False)


def near_type(walker: Walker, slot: Slot, raw: Mapping[str, Any], site: Site) -> Choice | None:
    """The class, where a key was probably meant to be `type`: `kind`, `class_name`, `typ`."""
    for name in list(raw)[:LISTED]:
        if not isinstance(raw[name], str) or not raw[name]:
            continue
        if name in CLASS_PATHS and (choice := class_path(walker, slot, name, raw, site)):
            return choice
        guess = walker.guess(name, type_guess)
        if guess is None:
            continue
        fix = Fix("write `type`", (Rename(site.at(name).path, "type"),), guess.sure)
        message = f"{named(site, slot)} has no key `{dotted((name,))}`"
        walker.tell("E111", message, site.at(name), True, "did you mean `type`?", fix=fix)
        cls, _ = lookup(walker, slot, raw[name], site.at(name))
        rest = {key: value for key, value in raw.items() if key != name}
        return Choice(cls, {**rest, "type": tag_of(cls, raw[name])}, site, certain=False)
    return None


def class_path(walker: Walker, slot: Slot, key: str, raw: Mapping[str, Any], site: Site) -> Choice | None:
    """The class, where a key names one of Python's that is called as a type is, or means one."""
    guess = walker.guess(raw[key], partial(guess_tag, slot))
    if guess is None or not guess.there:
        return None
    cls, path = CATALOGS[slot.category].get(guess.word), site.at(key).path
    help = f'write "type": "{guess.word}"'
    fix = Fix(help, (Replace(path, guess.word), Rename(path, "type")), guess.sure)
    message = f"{named(site, slot)} has no key `{key}`"
    walker.tell("E111", message, site.at(key), True, help, fix=fix)
    rest = {name: value for name, value in raw.items() if name != key}
    return Choice(None if guess.loose else cls, {**rest, "type": guess.word}, site, certain=False)


def type_guess(name: str) -> Guess | None:
    """`type`, where a key means that or is a slip of it."""
    if name in CLASS_PATHS:
        return Guess("type", sure=True)
    return key_guess(name, ("type",), ("type",)) or key_near(name, ("type",), ("type",))


def shorthand(walker: Walker, slot: Slot, raw: Mapping[str, Any], site: Site) -> Choice | None:
    """The class, where its name stands as a key: `{"Linear": {"out_features": 10}}` or `linear: 10`."""
    if not raw:
        return None
    name, value = next(iter(raw.items()))
    guess = walker.guess(name, partial(guess_tag, slot))
    if guess is None or not guess.there or not (value is None or len(raw) == 1):
        return None
    cls = CATALOGS[slot.category].get(guess.word)
    assert cls is not None
    needed = [key.name for key in keys(cls).values() if key.required]
    edits: tuple[Edit, ...] = (Rename(site.at(name).path, "type"), Replace(site.at(name).path, guess.word))
    inner, rest, sure = site, {key: each for key, each in raw.items() if key != name}, guess.sure
    if isinstance(value, dict):
        inner, rest = site.at(name), value
    elif value is not None and len(needed) == 1:
        rest, sure = {needed[0]: value}, False
    elif value is not None:
        return None
    whole = {"type": guess.word, **{key: each for key, each in rest.items() if key not in NEEDLESS}}
    if value is not None:
        edits = (Replace(site.path, whole),)
    faulty = holds_failed(whole)  # an expression in it has a finding of its own
    short = len(str(whole)) <= 80 and value is not None and not faulty
    help = f"write {JSON.write(whole)}" if short else f'write "type": "{guess.word}"'
    fix = None if "type" in rest or faulty else Fix(help, edits, sure)
    message = f"{named(site, slot)} needs `type`, the name of {article(NOUNS[slot.category])}"
    walker.tell("E112", message, site, help=help, fix=fix)
    judged = cls if isinstance(value, dict) or value is None else None
    return Choice(judged, {"type": guess.word, **rest}, inner, certain=False)
