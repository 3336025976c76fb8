"""A spec written out: every default that holds, variables replaced, in the form that a spec has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic.fields import FieldInfo

from specdl.core.entry import Entry
from specdl.spec.fields import WIRED, wiring
from specdl.spec.model import ModelSpec


def render(spec: ModelSpec) -> dict[str, Any]:
    """The spec as plain data that JSON can hold, and that reads back to an equal spec.

    Blocks stay as they are, and so do the expressions in them; what is not there and has no
    default is left out.
    """
    return written(spec)


def written(entry: Entry) -> dict[str, Any]:
    """An entry's mapping: `type` first, then an op's options, then the keys around it."""
    options: dict[str, Any] = {}
    for field, info in type(entry).model_fields.items():
        value = getattr(entry, field)
        if field == WIRED and wiring(type(entry)):
            options |= written(value)
        elif value is not None or has_other_default(info):
            options[info.alias or field] = plain(value)
    return options


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
    return value
