"""Every key of a spec says what it means and shows a value that it takes."""

import jsonschema
import pytest

from specdl.core.entry import Entry
from specdl.ops.base import LayerEntry
from specdl.spec.blocks import ParamSpec, Template
from specdl.spec.fields import CATALOGS, keys
from specdl.spec.model import LossEntry, ModelSpec
from specdl.spec.schema import json_schema

SCHEMA = json_schema()


def classes():
    """Every class that reads a mapping of a spec."""
    found = {ModelSpec, LayerEntry, LossEntry, Template, ParamSpec}
    found |= {catalog.get(tag) for catalog in CATALOGS.values() for tag in catalog.tags()}
    todo = list(found)
    while todo:
        for key in keys(todo.pop()).values():
            for each in inside(key.info.annotation):
                if each not in found:
                    found.add(each)
                    todo.append(each)
    bases = {base for cls in found for base in cls.__mro__ if base in found and base is not cls}
    return sorted(found - bases, key=lambda cls: (cls.__module__, cls.__name__))


def inside(annotation):
    """The classes of a spec that an annotation names, but for those that a `type` chooses."""
    if isinstance(annotation, type) and issubclass(annotation, Entry):
        return [annotation] if "type" not in annotation.model_fields or annotation is ParamSpec else []
    return [each for part in getattr(annotation, "__args__", ()) for each in inside(part)]


KEYS = [
    pytest.param(key, id=f"{cls.__module__.removeprefix('specdl.')}.{cls.__name__}.{name}")
    for cls in classes()
    for name, key in keys(cls).items()
]


def test_all_classes_are_there():
    names = {cls.__name__ for cls in classes()}
    assert {"Linear", "Csv", "Column", "ArrayFiles", "CheckpointEvery", "SplitSpec", "Warmup"} <= names
    assert len(KEYS) > 100


@pytest.mark.parametrize("key", KEYS)
def test_a_key_says_what_it_means(key):
    assert key.info.description, "a description is missing"
    assert key.info.description.endswith(".") or "`" in key.info.description
    assert key.info.examples, "an example is missing"


def mappings(schema):
    """Every schema of a mapping, definitions too; with what a layer needs beside where it has no defaults."""
    yield schema, []
    alone = schema["$defs"]["LayerEntry.alone"]["allOf"][1:]
    needed = {each["if"]["properties"]["type"]["const"]: each["then"].get("required", []) for each in alone}
    for title, each in schema["$defs"].items():
        yield each, needed.get(title.removeprefix("LayerEntry."), [])


PROPERTIES = [
    pytest.param(said, id=f"{title}.{name}")
    for title, schema in {"spec": SCHEMA, **SCHEMA["$defs"]}.items()
    for name, said in schema.get("properties", {}).items()
    if "/" not in said.get("$ref", "").removeprefix("#/$defs/")
]


@pytest.mark.parametrize("said", PROPERTIES)
def test_the_schema_has_it_all(said):
    assert said["description"]
    assert said["examples"]
    assert "default" in said or said.get("default", 0) is not None


@pytest.mark.parametrize("said", PROPERTIES)
def test_examples_and_defaults_fit(said):
    validator = jsonschema.Draft202012Validator({"$defs": SCHEMA["$defs"], **said})
    shown = [*said["examples"], *([said["default"]] if "default" in said else [])]
    assert [each for each in shown if not validator.is_valid(each)] == []


def test_what_has_no_default_is_required():
    for schema, needed in mappings(SCHEMA):
        own = {n: said for n, said in schema.get("properties", {}).items() if "const" not in said}
        if "required" in schema and "allOf" not in schema:
            named = {
                name
                for name, said in own.items()
                if "default" not in said and "/properties/" not in str(said)
            }
            assert named == {*schema["required"], *needed} - {"type"} | (named & {"type"})
