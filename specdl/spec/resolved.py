"""A spec written out: everything that it means in its own text, and a hash of that meaning."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from specdl.core.entry import Entry
from specdl.ops.layers.block import Block
from specdl.spec.expressions import escaped
from specdl.spec.fields import WIRED, wiring
from specdl.spec.model import ModelSection, ModelSpec

TAKEN_IN = {ModelSpec: ("extends", "vars", "blocks"), ModelSection: ("defaults",)}
"""Keys that say how others come about; what is written out needs them no more."""
FREE = (
    ("$schema",),
    ("name",),
    ("description",),
    ("lint",),
    ("train", "keep"),
    ("train", "checkpoint_every"),
)
"""Values on which nothing that is computed depends."""


def render(spec: ModelSpec) -> dict[str, Any]:
    """The spec as plain data that JSON can hold, with every default, and all of it in its place.

    Variables and defaults are put in, and blocks are written where they are used, as blocks with
    `layers`: what it reads back to has the same names and the same program, and renders to the
    same data. What is not there and has no default is left out.
    """
    return written(spec)


def written(entry: Entry) -> dict[str, Any]:
    """An entry's mapping: `type` first, then an op's options, then the keys around it."""
    if isinstance(entry, Block) and entry.body:
        return {"type": entry.type, "layers": plain(entry.expand())}
    options: dict[str, Any] = {}
    for field, key, needed in fields(type(entry)):
        value = getattr(entry, field)
        if key is None:
            options |= written(value)
        elif value is not None or needed:
            options[key] = plain(value)
    return options


@cache
def fields(cls: type[Entry]) -> tuple[tuple[str, str | None, bool], ...]:
    """The fields of a class that are written out: name, key, and whether null is written too.

    The field of an op whose options share the mapping has no key.
    """
    left_out, wired = TAKEN_IN.get(cls, ()), WIRED if wiring(cls) else None
    return tuple(
        (field, None if field == wired else info.alias or field, has_other_default(info))
        for field, info in cls.model_fields.items()
        if field not in left_out
    )


def has_other_default(info: FieldInfo) -> bool:
    """Whether leaving the key out would mean something else than null."""
    return not info.is_required() and info.get_default(call_default_factory=False) is not None


def plain(value: Any) -> Any:
    """A field's value as JSON has it. Nesting is bounded by the reader, so the recursion is."""
    if isinstance(value, Entry):
        return written(value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return escaped(value) if isinstance(value, str) else value


def default_text(info: FieldInfo) -> str | None:
    """A key's default as JSON; None where it has none, or must be given."""
    if info.is_required():
        return None
    value = info.get_default(call_default_factory=True)
    return None if value is None else json.dumps(plain(value), ensure_ascii=False)


def digest(spec: ModelSpec) -> str:
    """A hash of what a spec means: 64 hexadecimal digits, the same for specs that compute the same.

    How the spec is written does not enter: JSON or YAML, the order of keys, variables, blocks and
    defaults, a name that a layer would have anyway. Nor does what computes nothing: the names of
    the spec, its comments, how often it is saved. Two versions of specdl may differ in their
    defaults, and so in the hash.
    """
    return hashlib.sha256(
        json.dumps(meaning(spec), sort_keys=True, separators=(",", ":")).encode()
    ).hexdigest()


def meaning(spec: ModelSpec) -> dict[str, Any]:
    """A spec written out in the one form that all specs of its meaning have."""
    value: dict[str, Any] = numbers(render(spec))
    for *around, last in FREE:
        holder = value
        for key in around:
            holder = holder[key]
        holder.pop(last, None)
    model = value["model"]
    inputs = list(model.get("inputs") or ("input",))
    model["layers"] = wired(model["layers"], inputs[0] if len(inputs) == 1 else None)
    if model.get("output") in (model["layers"][-1]["name"], [model["layers"][-1]["name"]]):
        del model["output"]
    return value


def numbers(value: Any) -> Any:
    """A value with whole numbers written as such: 1 and 1.0 are one number."""
    if isinstance(value, dict):
        return {key: numbers(each) for key, each in value.items()}
    if isinstance(value, list):
        return [numbers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def wired(layers: list[dict[str, Any]], previous: str | None) -> list[dict[str, Any]]:
    """Layers with the names that they have anyway, and without inputs that they read anyway."""
    seen, made = Counter[str](), list[dict[str, Any]]()
    for layer in layers:
        seen[layer["type"]] += 1
        name = layer.get("name") or f"{layer['type']}{seen[layer['type']]}"
        inner = {key: wired(layer[key], "input") for key in ("layers", "shortcut") if layer.get(key)}
        made.append({**layer, **inner, "name": name})
        if layer.get("inputs") in ([previous], ["previous"]):
            del made[-1]["inputs"]
        previous = name
    return made
