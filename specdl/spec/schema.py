"""The JSON Schema of specs (draft 2020-12), generated from the classes that read them.

It is for editors: they complete keys and tags, and show what each option means. What it accepts is
what the reader accepts, but for what no schema can say (names that must exist, shapes that must fit,
`2.0` that is no whole number).
"""

from __future__ import annotations

import collections.abc
import inspect
import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Literal, get_args, get_origin

import annotated_types

from specdl.core.entry import Entry, Slot
from specdl.ops.base import LayerEntry, Name
from specdl.spec.blocks import Template
from specdl.spec.expressions import RESERVED
from specdl.spec.fields import CATALOGS, NOUNS, Key, keys, slot_of, unwrap, wiring
from specdl.spec.model import ModelSection, ModelSpec, TrainSpec
from specdl.spec.resolved import plain

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
EXPRESSION: Schema = {"$ref": "#/$defs/expression"}
NAME_PATTERN = r"^[^\s!-,./:-@\[-^`{-~]{1,128}$"
"""A word in any script: a JSON Schema's `\\w` knows Latin letters only, so what it lacks is listed."""
DOTTED_PATTERN = NAME_PATTERN.replace("!-,./", "!-,/")
VARIABLE_PATTERN = r"^[^\s!-/:-@\[-^`{-~0-9][^\s!-/:-@\[-^`{-~]{0,127}$"
ONE_OF: Mapping[type[Entry], tuple[str, str]] = {
    ModelSpec: ("loss", "losses"),
    ModelSection: ("input", "inputs"),
    TrainSpec: ("epochs", "steps"),
}
"""Of two keys exactly one is there, as `rules` has it."""


def json_schema() -> Schema:
    """The schema of a whole spec. Imports every op, source and transform there is."""
    writer = Writer()
    top = writer.mapping(ModelSpec, keys(ModelSpec))
    return {
        "$schema": DRAFT,
        "title": "specdl, version 1",
        **top,
        "$defs": {
            "expression": {
                "type": "string",
                "pattern": r"\$\{[^}]*\}",
                "description": 'Arithmetic on declared names: "${width * 4}".',
            },
            **dict(sorted(writer.definitions.items())),
        },
    }


def text() -> str:
    """The schema as its file has it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


class Writer:
    """Writes classes as definitions, each once."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def define(self, name: str, make: collections.abc.Callable[[], Schema]) -> Schema:
        """A reference to a definition, which is made if it is not there."""
        if name not in self.definitions:
            self.definitions[name] = {}  # a class may hold itself
            self.definitions[name] = make()
        return {"$ref": f"#/$defs/{name}"}

    def mapping(self, cls: type[Entry], known: Mapping[str, Key], tag: str | None = None) -> Schema:
        """The schema of a class's mapping, with `type` where it has a tag."""
        properties: dict[str, Schema] = {"type": {"const": tag}} if tag else {}
        for name, key in known.items():
            properties[name] = self.property(cls, key)
        required = [*(("type",) if tag else ()), *(name for name, key in known.items() if key.required)]
        schema: Schema = {"type": "object"}
        if about := first_paragraph(cls):
            schema["description"] = about
        schema |= {"properties": properties, "additionalProperties": False}
        if required:
            schema["required"] = required
        if cls in ONE_OF:
            schema["oneOf"] = [{"required": [name]} for name in ONE_OF[cls]]
        return schema

    def property(self, cls: type[Entry], key: Key) -> Schema:
        """The schema of a key: its type, what it means, and what holds without it."""
        schema = dict(self.special(cls, key) or self.of(key.type, slot_of(key.info.metadata)))
        if key.info.description:
            schema["description"] = key.info.description
        if (
            not key.required
            and (default := plain(key.info.get_default(call_default_factory=False))) is not None
        ):
            schema["default"] = default
        return schema

    def special(self, cls: type[Entry], key: Key) -> Schema | None:
        """Keys whose class says less than the reader knows."""
        variable = {"pattern": VARIABLE_PATTERN, "not": {"enum": list(RESERVED)}}
        match (cls.__name__, key.name):
            case ("ModelSpec", "vars"):
                scalar = {"type": ["number", "string", "boolean"]}
                return {"type": "object", "propertyNames": variable, "additionalProperties": scalar}
            case ("ModelSpec", "blocks"):
                return {"type": "object", "additionalProperties": self.entry(Template)}
            case ("ModelSpec", "name"):
                return either([{"type": "string", "pattern": DOTTED_PATTERN}, EXPRESSION])
            case ("Template", "layers"):
                return {"type": "array", "minItems": 1, "items": self.entry(LayerEntry)}
        return None

    def entry(self, cls: type[Entry]) -> Schema:
        """A reference to a class's mapping; one that an op shares has a case for each tag."""
        slot = wiring(cls)
        if slot is None:
            return self.define(cls.__name__, lambda: self.mapping(cls, keys(cls)))
        return self.define(cls.__name__, lambda: self.choice(slot, cls))

    def tagged(self, slot: Slot) -> Schema:
        """An entry chosen by its `type`, or by a bare name where that is enough."""
        chosen = self.define(slot.category, lambda: self.choice(slot, None))
        if not slot.short:
            return chosen
        short = {"enum": list(CATALOGS[slot.category].tags())}
        return {"anyOf": [short, chosen, EXPRESSION]}

    def choice(self, slot: Slot, around: type[Entry] | None) -> Schema:
        """A mapping with a case for each tag: editors offer the options of the tag that is there."""
        catalog = CATALOGS[slot.category]
        cases = []
        for tag in catalog.tags():
            cls = catalog.get(tag)
            assert cls is not None
            known = {**keys(cls), **(keys(around) if around else {})}
            name = f"{around.__name__ if around else slot.category}.{tag}"
            then = self.define(name, partial(self.mapping, cls, known, tag))
            cases.append({"if": {"properties": {"type": {"const": tag}}, "required": ["type"]}, "then": then})
        described = {"enum": list(catalog.tags()), "description": f"The name of the {NOUNS[slot.category]}."}
        return {"type": "object", "required": ["type"], "properties": {"type": described}, "allOf": cases}

    def of(self, annotation: Any, slot: Slot | None) -> Schema:
        """The schema of a value of an annotated type."""
        inner, said = unwrap(annotation)
        slot = slot_of(said) or slot
        if annotation == Name:
            return either([{"type": "string", "pattern": NAME_PATTERN}, EXPRESSION])
        if get_origin(inner) is not None and type(None) in get_args(inner):
            others = tuple(each for each in get_args(inner) if each is not type(None))
            options = [self.of(Annotated[each, *said] if said else each, slot) for each in others]
            return either([*options, {"type": "null"}])
        origin, args = get_origin(inner), get_args(inner)
        if origin is tuple or origin in (dict, collections.abc.Mapping):
            return self.container(origin, args, slot) | sizes(said)
        if origin is Literal:
            return either([{"enum": list(args)} if len(args) > 1 else {"const": args[0]}, EXPRESSION])
        if args:
            return either([self.of(Annotated[each, *said] if said else each, slot) for each in args])
        return self.simple(inner, said, slot)

    def container(self, origin: Any, args: tuple[Any, ...], slot: Slot | None) -> Schema:
        """A list, a list of a fixed length, or a mapping of names."""
        if origin is not tuple:
            names = {"propertyNames": {"pattern": NAME_PATTERN}} if args[0] == Name else {}
            return {"type": "object", **names, "additionalProperties": self.of(args[1], slot)}
        if args[-1] is Ellipsis:
            return {"type": "array", "items": self.of(args[0], slot)}
        items = [self.of(each, slot) for each in args]
        return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}

    def simple(self, cls: Any, said: tuple[Any, ...], slot: Slot | None) -> Schema:
        """A number, text, a boolean or an entry."""
        if cls in (int, float):
            return either([{"type": "integer" if cls is int else "number"} | limits(said), EXPRESSION])
        if cls is bool:
            return either([{"type": "boolean"}, EXPRESSION])
        if cls is str:
            return {"type": "string"} | sizes(said, "Length")
        if isinstance(cls, type) and issubclass(cls, Entry):
            return self.tagged(slot) if slot else self.entry(cls)
        return {}


def either(options: Iterable[Schema]) -> Schema:
    """One of some schemas; those of nested choices become choices of this one, each once."""
    flat: list[Schema] = []
    for option in options:
        for each in option["anyOf"] if set(option) == {"anyOf"} else [option]:
            if each not in flat:
                flat.append(each)
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def limits(said: Iterable[Any]) -> Schema:
    """The range that was said of a number."""
    found: Schema = {}
    for each in said:
        if isinstance(each, annotated_types.Ge):
            found["minimum"] = each.ge
        elif isinstance(each, annotated_types.Gt):
            found["exclusiveMinimum"] = each.gt
        elif isinstance(each, annotated_types.Le):
            found["maximum"] = each.le
        elif isinstance(each, annotated_types.Lt):
            found["exclusiveMaximum"] = each.lt
    return found


def sizes(said: Iterable[Any], of: str = "Items") -> Schema:
    """The length that was said of a list or a text."""
    found: Schema = {}
    for each in said:
        if isinstance(each, annotated_types.MinLen):
            found[f"min{of}"] = each.min_length
        elif isinstance(each, annotated_types.MaxLen):
            found[f"max{of}"] = each.max_length
    return found


def first_paragraph(cls: type[Entry]) -> str:
    """What a class is, from its docstring."""
    return " ".join(inspect.cleandoc(cls.__doc__ or "").split("\n\n")[0].split())
