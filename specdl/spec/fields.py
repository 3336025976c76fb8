"""What a class of the spec says about its keys: where entries stand, what values may be."""

from __future__ import annotations

import collections.abc
import types
import typing
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
from pydantic.fields import FieldInfo

from specdl.core.catalog import Catalog
from specdl.core.entry import Entry, Slot
from specdl.core.record import record
from specdl.core.wording import quoted
from specdl.data.registry import CATALOGS as DATA_CATALOGS
from specdl.ops.registry import CATALOGS as OPS_CATALOGS

CATALOGS: Mapping[str, Catalog] = {**OPS_CATALOGS, **DATA_CATALOGS}
NOUNS = {
    "layers": "layer",
    "activations": "activation",
    "losses": "loss",
    "optimizers": "optimizer",
    "inits": "initialiser",
    "schedules": "schedule",
    "metrics": "metric",
    "sources": "data source",
    "transforms": "transform",
}
WIRED = "op"
"""The field of an entry whose options share a mapping with the entry's own keys."""


@record()
class Leaf:
    """A value that pydantic judges alone."""


@record()
class Nested:
    """A mapping that is an entry of a known class."""

    cls: type[Entry]


@record()
class Wired:
    """A mapping that is an entry and the options of the op in it, all in one."""

    cls: type[Entry]
    slot: Slot


@record()
class Tagged:
    """A mapping whose `type` chooses the class."""

    slot: Slot


@record()
class Items:
    """A list of values of one kind."""

    item: Kind


@record()
class Values:
    """A mapping of names to values of one kind."""

    item: Kind


@record()
class Either:
    """A plain value, or a mapping that is an entry."""

    entry: Kind


Kind = Leaf | Nested | Wired | Tagged | Items | Values | Either


@record()
class Key:
    """A key of a mapping in a spec: the field it fills."""

    name: str
    field: str
    info: FieldInfo
    kind: Kind

    @property
    def required(self) -> bool:
        return self.info.is_required()

    @property
    def type(self) -> Any:
        """The annotation with what was said about the field, as one type."""
        return (
            Annotated[self.info.annotation, *self.info.metadata]
            if self.info.metadata
            else self.info.annotation
        )


@cache
def keys(cls: type[Entry]) -> Mapping[str, Key]:
    """The keys of a class's mapping, by their names in a spec, without `type` and an op's own slot."""
    found: dict[str, Key] = {}
    for field, info in cls.model_fields.items():
        if field == "type" or (field == WIRED and slot_of(info.metadata)):
            continue
        name = info.alias or field
        found[name] = Key(name, field, info, kind_of(info.annotation, slot_of(info.metadata)))
    return found


@cache
def wiring(cls: type[Entry]) -> Slot | None:
    """The slot of a class whose op's options share its mapping."""
    info = cls.model_fields.get(WIRED)
    return slot_of(info.metadata) if info else None


def slot_of(metadata: typing.Iterable[Any]) -> Slot | None:
    """The slot among what was said about a field."""
    return next((each for each in metadata if isinstance(each, Slot)), None)


def kind_of(annotation: Any, slot: Slot | None) -> Kind:
    """How a value of an annotated field is resolved before pydantic sees it."""
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind_of(args[0], slot_of(args[1:]) or slot)
    if origin in (Union, types.UnionType):
        kinds = [kind_of(each, slot) for each in args if each is not type(None)]
        entries = [each for each in kinds if not isinstance(each, Leaf)]
        if not entries:
            return Leaf()
        return entries[0] if len(kinds) == 1 else Either(entries[0])
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        item = kind_of(args[0], slot)
        return item if isinstance(item, Leaf) else Items(item)
    if origin in (dict, collections.abc.Mapping):
        item = kind_of(args[1], slot)
        return item if isinstance(item, Leaf) else Values(item)
    if isinstance(annotation, type) and issubclass(annotation, Entry):
        wired = wiring(annotation)
        return Tagged(slot) if slot else Wired(annotation, wired) if wired else Nested(annotation)
    return Leaf()


def unwrap(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """An annotation without `Annotated`, and what was said in it."""
    if get_origin(annotation) is not Annotated:
        return annotation, ()
    inner, *said = get_args(annotation)
    metadata = [m for each in said for m in (each.metadata if isinstance(each, FieldInfo) else (each,))]
    return inner, tuple(metadata)


def members(annotation: Any) -> list[Any]:
    """The types of a union but None; of any other type itself."""
    if get_origin(annotation) in (Union, types.UnionType):
        return [each for each in get_args(annotation) if each is not type(None)]
    return [annotation]


def expected(annotation: Any, slot: Slot | None = None) -> str:
    """What a value must be, in words: `a whole number, at least 1`."""
    inner, said = unwrap(annotation)
    slot = slot_of(said) or slot
    kinds = members(inner)
    if len(kinds) == 1:
        limits = bounds(said, vast=False)
        return expected_one(kinds[0], slot) + (f", {limits}" if limits else "")
    words: list[str] = []
    for each in kinds:
        if each is bool:
            words += ["true", "false"]
        elif each is not int or float not in kinds:
            bare, inside_said = unwrap(each)
            limits = bounds((*said, *inside_said), vast=False)
            words.append(
                expected_one(bare, slot_of(inside_said) or slot) + (f" ({limits})" if limits else "")
            )
    words = list(dict.fromkeys(words))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


SIMPLE: Mapping[Any, tuple[str, str]] = {
    int: ("a whole number", "whole numbers"),
    float: ("a number", "numbers"),
    bool: ("true or false", "true or false values"),
    str: ("text", "texts"),
}


def expected_one(annotation: Any, slot: Slot | None) -> str:
    """What a value of one kind must be."""
    inner, said = unwrap(annotation)
    if said or len(members(inner)) > 1:
        return expected(annotation, slot)
    origin, args = get_origin(inner), get_args(inner)
    if inner in SIMPLE:
        return SIMPLE[inner][0]
    if origin is Literal:
        return quoted(args, "or")
    if origin is tuple:
        fixed = args[-1] is not Ellipsis
        return f"a list of {f'{len(args)} ' if fixed else ''}{plural(args[0], slot)}"
    if origin in (dict, collections.abc.Mapping):
        return f"a mapping of names to {plural(args[1], slot)}"
    if slot:
        short = "a name or " if slot.short else ""
        return f"{short}a mapping with `type`"
    return "a mapping"


def plural(annotation: Any, slot: Slot | None) -> str:
    """What the values in a list or mapping must be."""
    inner, said = unwrap(annotation)
    slot = slot_of(said) or slot
    limits = bounds(said)
    only = members(inner)
    if len(only) == 1 and only[0] in SIMPLE:
        return SIMPLE[only[0]][1] + (f", each {limits}" if limits else "")
    if slot:
        noun = NOUNS[slot.category]
        return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}es" if noun.endswith("s") else f"{noun}s"
    if isinstance(inner, type) and issubclass(inner, Entry):
        wired = wiring(inner)
        return plural(inner, wired) if wired else "mappings"
    return "values"


def bounds(metadata: typing.Iterable[Any], vast: bool = True) -> str:
    """The range that metadata sets, in words; without `vast`, not that of all numbers there are."""
    words: list[str] = []
    for each in metadata:
        if isinstance(each, annotated_types.Ge):
            words.append(f"at least {limit(each.ge)}")
        elif isinstance(each, annotated_types.Gt):
            words.append(f"more than {limit(each.gt)}")
        elif isinstance(each, annotated_types.Le) and (vast or not limit(each.le).startswith("2**")):
            words.append(f"at most {limit(each.le)}")
        elif isinstance(each, annotated_types.Lt):
            words.append(f"less than {limit(each.lt)}")
    return " and ".join(words)


def limit(value: Any) -> str:
    """A bound as people write it."""
    if isinstance(value, int) and value >= 2**31 - 1 and (value + 1).bit_count() == 1:
        return f"2**{value.bit_length()} - 1"
    return str(value)


def inside(annotation: Any, step: str | int) -> Any:
    """The type of what a key or an index leads to inside a value of a type; None where unknown."""
    inner, _ = unwrap(annotation)
    for each in members(inner):
        bare, _ = unwrap(each)
        origin, args = get_origin(bare), get_args(bare)
        if origin is tuple and isinstance(step, int):
            if args[-1] is Ellipsis:
                return args[0]
            return args[step] if step < len(args) else None
        if origin in (dict, collections.abc.Mapping) and isinstance(step, str):
            return args[1]
    return None
