"""What the JSON Schema says of layers that take options from `model.defaults`, and of those that have none.

A definition does not know what stands around it: that of a layer admits what a default may supply, or
null takes away. What a layer needs that no default fills is said where the defaults are known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specdl.ops.base import LayerEntry
from specdl.spec.defaults import OWN
from specdl.spec.fields import CATALOGS, Items, Key, keys

Schema = dict[str, Any]
BLOCK = "block"
"""The type of layer that has no defaults."""
NULL: Schema = {"type": "null"}
NOT_NULL: Schema = {"not": NULL}
INNER = ("layers", "shortcut")
"""Keys of layers under which layers stand."""


def defaultable(known: Mapping[str, Key], tag: str | None = None) -> list[str]:
    """The keys of a layer of some type that can be defaults."""
    if tag == BLOCK:
        return []
    return [name for name, key in known.items() if name not in OWN and not isinstance(key.kind, Items)]


def alone(reference: Schema) -> Schema:
    """What holds of a layer that has no defaults; `reference` leads to this."""
    cases = []
    for tag in CATALOGS["layers"].tags():
        cls = CATALOGS["layers"].get(tag)
        assert cls is not None
        needs = [name for name in defaultable(keys(cls), tag) if keys(cls)[name].required]
        there = dict.fromkeys(defaultable(keys(cls), tag), NOT_NULL)
        if there:
            then: Schema = {"properties": there} | ({"required": needs} if needs else {})
            cases.append({"if": {"properties": {"type": {"const": tag}}, "required": ["type"]}, "then": then})
    around = {name: NOT_NULL for name in defaultable(keys(LayerEntry)) if name != "activation"}
    inside = {name: {"items": reference} for name in INNER}
    return {"allOf": [{"properties": around | inside}, *cases]}


def layers_alone(reference: Schema) -> Schema:
    """A mapping whose `layers` have no defaults."""
    return {"properties": {"layers": {"items": reference}}}


WITH_DEFAULTS: Schema = {
    "required": ["defaults"],
    "properties": {"defaults": {"type": "object", "minProperties": 1}},
}
"""A model that has defaults."""


def model_without(reference: Schema) -> Schema:
    """What a model says of its layers where it has no defaults."""
    return {"if": WITH_DEFAULTS, "else": layers_alone(reference)}


def blocks_without(reference: Schema) -> Schema:
    """What a spec says of its templates where its model has no defaults."""
    given = {"required": ["model"], "properties": {"model": WITH_DEFAULTS}}
    templates = {"properties": {"blocks": {"additionalProperties": layers_alone(reference)}}}
    return {"if": given, "else": templates}
