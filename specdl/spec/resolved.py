"""A spec written out: everything that it means in its own text."""

from __future__ import annotations

import json
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
