"""The JSON Schema of specs, generated from the classes that read them: drafts 2020-12 and 07.

It is for editors: they complete keys and tags, and show what each option means. What it accepts is
what the reader accepts, but for what no schema can say: `UNSAID` lists that, and
`python -m tests.spec.agreement` compares the two verdicts. `${...}` may stand wherever a number, a truth
value, a choice or a name may.
"""

from __future__ import annotations

import collections.abc
import inspect
import json
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Annotated, Any, Literal, get_args, get_origin

import annotated_types

from specdl.core.codes import codes
from specdl.core.entry import Entry, Slot
from specdl.ops.base import LayerEntry, Name
from specdl.ops.layers.block import Block
from specdl.spec.blocks import ParamSpec, Template
from specdl.spec.expressions import RESERVED
from specdl.spec.fields import CATALOGS, NOUNS, Key, keys, slot_of, unwrap, wiring
from specdl.spec.model import ModelSection, ModelSpec, TrainSpec
from specdl.spec.resolved import plain
from specdl.spec.schema_defaults import BLOCK, NOT_NULL, alone, blocks_without, defaultable, model_without
from specdl.spec.schema_drafts import Draft, in_draft, laid_out

Schema = dict[str, Any]
EXPRESSION: Schema = {"$ref": "#/$defs/expression"}
END = r"(?![\s\S])"
"""The end of a text, in every dialect: `$` of some also stands before a line break at the end."""
SPACES = r"\u2000-\u200b\u200e-\u206f\u3000-\u3003\ufeff"
PUNCTUATION = rf"\x00-,./:-@\[-^`{{-\xa9\xab-\xb1\xb4\xb6-\xb8\xbb\xbf\xd7\xf7{SPACES}"
"""What no name has. A JSON Schema's `\\w` knows Latin letters only, so what names lack is listed."""
NAME_PATTERN = rf"^[^{PUNCTUATION}]{{1,128}}{END}"
DOTTED_PATTERN = NAME_PATTERN.replace(",./", ",/").replace("^", rf"^(?!\.+{END})", 1)
NO_VARIABLE = rf"{PUNCTUATION}\u200c\u200d".replace(",./", "/")
VARIABLE: Schema = {
    "pattern": rf"^[^{NO_VARIABLE}0-9][^{NO_VARIABLE}]{{0,127}}{END}",
    "not": {"enum": list(RESERVED)},
}
"""A name in expressions."""
ONE_OF: Mapping[type[Entry], tuple[str, str]] = {
    ModelSpec: ("loss", "losses"),
    ModelSection: ("input", "inputs"),
    TrainSpec: ("epochs", "steps"),
    Block: ("block", "layers"),
}
"""Of two keys exactly one is there, as `rules` has it."""
PARAMETERS: Mapping[str, list[str]] = {
    "int": ["integer"],
    "float": ["number"],
    "str": ["string"],
    "bool": ["boolean"],
}
"""What a block's parameter takes, by the word of its type."""


def json_schema(draft: Draft = "2020-12") -> Schema:
    """The schema of a whole spec. Imports every op, source and transform there is."""
    writer = Writer()
    top = writer.mapping(ModelSpec, keys(ModelSpec))
    expression = {
        "type": "string",
        "pattern": r"\$\{[^}]*\}",
        "description": 'Arithmetic on declared names: "${width * 4}".',
    }
    definitions = {"expression": expression, **dict(sorted(writer.definitions.items()))}
    return in_draft({"title": "specdl, version 1", **top, "$defs": definitions}, draft)


def text(draft: Draft = "2020-12") -> str:
    """The schema as its file has it."""
    return laid_out(json_schema(draft)) + "\n"


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

    def mapping(
        self, cls: type[Entry], known: Mapping[str, Key], tag: str | None = None,
        around: type[Entry] | None = None,
    ) -> Schema:  # fmt: skip
        """The schema of a class's mapping.

        One with a tag has `type`. `around` is the entry whose keys stand in the same mapping: they are
        written once, and referred to.
        """
        about = first_paragraph(cls)
        schema: Schema = {"type": "object"} | ({"description": about} if about else {})
        properties: dict[str, Schema] = {}
        if tag:
            properties["type"] = {"const": tag, "description": about, "examples": [tag]}
        free = defaultable(known, tag) if around is LayerEntry else []
        properties |= {name: self.property(cls, key, name in free) for name, key in known.items()}
        if around:
            shared = self.define(f"{around.__name__}.keys", lambda: self.shared(around))["$ref"]
            properties |= {name: {"$ref": f"{shared}/properties/{name}"} for name in keys(around)}
        schema |= {"properties": properties, "additionalProperties": False}
        needed = [name for name, key in known.items() if key.required and name not in free]
        required = [*(("type",) if tag else ()), *needed]
        rules = ({"required": required} if required else {}) | together(cls)
        if cls is ModelSection:
            return schema | rules | model_without(self.alone())
        return schema | (unless_extended(rules | blocks_without(self.alone())) if cls is ModelSpec else rules)

    def alone(self) -> Schema:
        """A reference to what holds of a layer that has no defaults."""
        name = "LayerEntry.alone"
        return self.define(name, lambda: alone({"$ref": f"#/$defs/{name}"}))

    def shared(self, around: type[Entry]) -> Schema:
        """The keys of an entry whose mapping also has the options of an op."""
        free = defaultable(keys(around)) if around is LayerEntry else []
        properties = {name: self.property(around, key, name in free) for name, key in keys(around).items()}
        return {"type": "object", "description": first_paragraph(around), "properties": properties}

    def property(self, cls: type[Entry], key: Key, free: bool = False) -> Schema:
        """The schema of a key: its type, what it means, what holds without it, and examples.

        One that is `free` may be null, to take a default away.
        """
        schema = dict(self.special(cls, key) or self.of(key.type, slot_of(key.info.metadata)))
        schema = or_null(schema) if free else schema
        if key.info.description:
            schema["description"] = key.info.description
        if not key.required:
            schema["default"] = plain(key.info.get_default(call_default_factory=False))
        if key.info.examples:
            schema["examples"] = json.loads(json.dumps(key.info.examples))
        return schema

    def special(self, cls: type[Entry], key: Key) -> Schema | None:
        """Keys whose class says less than the reader knows."""
        match (cls.__name__, key.name):
            case ("ModelSpec", "blocks"):
                return or_null({"type": "object", "additionalProperties": self.entry(Template)})
            case ("ModelSection", "inputs"):
                written = self.of(key.type, None)["anyOf"][0]
                return or_null(written | {"minProperties": 1})
            case ("ModelSection", "defaults"):
                return self.defaults()
            case ("Template", "params"):
                return or_null(self.of(key.type, None) | {"propertyNames": VARIABLE})
            case ("Template", "layers"):
                return {"type": "array", "minItems": 1, "items": self.entry(LayerEntry)}
        return special_value(cls, key.name)

    def defaults(self) -> Schema:
        """`model.defaults`: for each type of layer the options that can be defaults."""
        layer = self.entry(LayerEntry)["$ref"]
        properties = {}
        for tag in CATALOGS["layers"].tags():
            cls = CATALOGS["layers"].get(tag)
            assert cls is not None
            places = ((cls, f"{layer}.{tag}"), (LayerEntry, f"{layer}.keys"))
            options = {
                name: {"$ref": f"{place}/properties/{name}"} | ({} if name == "activation" else NOT_NULL)
                for home, place in places
                for name in defaultable(keys(home))
            }
            properties[tag] = {"type": "object", "properties": options, "additionalProperties": False}
        properties.pop(BLOCK)
        return {"type": "object", "properties": properties, "additionalProperties": False}

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
            name = f"{around.__name__ if around else slot.category}.{tag}"
            then = self.define(name, partial(self.mapping, cls, keys(cls), tag, around))
            cases.append({"if": {"properties": {"type": {"const": tag}}, "required": ["type"]}, "then": then})
        described = {
            **either([{"enum": list(catalog.tags())}, EXPRESSION]),
            "description": f"The name of the {NOUNS[slot.category]}.",
            "examples": list(catalog.tags())[:3],
        }
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
            return self.container(origin, args, slot) | sizes(
                said, "Items" if origin is tuple else "Properties"
            )
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
            bounded = sizes(said, "Length")
            return either([{"type": "string"} | bounded, EXPRESSION]) if bounded else {"type": "string"}
        if isinstance(cls, type) and issubclass(cls, Entry):
            return self.tagged(slot) if slot else self.entry(cls)
        return {}


def special_value(cls: type[Entry], name: str) -> Schema | None:
    """Keys of plain values whose class says less than the reader knows."""
    match (cls.__name__, name):
        case ("ModelSpec", "name"):
            return either([{"type": "string", "pattern": DOTTED_PATTERN}, EXPRESSION])
        case ("ModelSpec", "vars"):
            scalar = {"type": ["number", "string", "boolean"]}
            return or_null({"type": "object", "propertyNames": VARIABLE, "additionalProperties": scalar})
        case ("LintSpec", "ignore"):
            warnings = [code for code in codes() if code.startswith("W")]
            listed = {"type": "array", "items": either([{"enum": warnings}, EXPRESSION])}
            reasons = {"type": "object", "propertyNames": {"enum": warnings}}
            return either([listed, reasons | {"additionalProperties": {"type": "string"}}])
        case ("Block", "block"):  # a key of `blocks`, which need not be a word
            any_name = {"type": "string", "minLength": 1, "maxLength": 128}
            return or_null(either([any_name, EXPRESSION]))
        case ("Reshape", "shape"):
            size = either([{"type": "integer", "minimum": 1}, {"const": -1}, EXPRESSION])
            return {"type": "array", "items": size, "minItems": 1}
    return None


def together(cls: type[Entry]) -> Schema:
    """What holds of several keys of a class at once."""
    if cls in ONE_OF:
        only = {"oneOf": [there(name) for name in ONE_OF[cls]]}
        none = {"properties": {"with": {"type": "null"}, "repeat": {"type": "null"}}}
        return only | ({"if": there("layers"), "then": none} if cls is Block else {})
    if cls is ParamSpec:
        cases = []
        for word, kinds in PARAMETERS.items():
            default = either([{"type": [*kinds, "null"]}, EXPRESSION])
            said = {"properties": {"type": {"const": word}}, "required": ["type"]}
            cases.append({"if": said, "then": {"properties": {"default": default}}})
        return {"allOf": cases}
    return {}


def there(name: str) -> Schema:
    """A mapping that has a key, and not as null."""
    return {"required": [name], "properties": {name: {"not": {"type": "null"}}}}


def unless_extended(rules: Schema) -> Schema:
    """What a whole spec must have; one that extends another may leave it to that one."""
    both = {"not": {"allOf": [there(name) for name in ONE_OF[ModelSpec]]}}
    return {"if": there("extends"), "then": both, "else": rules}


def or_null(schema: Schema) -> Schema:
    """A schema that null fits too."""
    return either([schema, {"type": "null"}])


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
    """The length that was said of a list, a mapping or a text."""
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
