"""What may stand at a place of a spec: found along the path, by the classes and the `type`s on the way."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from specdl.core.diagnostics import Path, below
from specdl.core.entry import Entry, Slot
from specdl.ops.base import Layer, LayerEntry
from specdl.ops.layers.block import Block
from specdl.spec.blocks import Template
from specdl.spec.fields import (
    CATALOGS,
    Either,
    Items,
    Key,
    Kind,
    Leaf,
    Nested,
    Tagged,
    Values,
    Wired,
    inside,
    keys,
)
from specdl.spec.model import ModelSection, ModelSpec

LAYERS = keys(ModelSection)["layers"]
TEMPLATE = Nested(Template)
DEFAULTS: Path = ("model", "defaults")


@dataclass(frozen=True)
class Place:
    """What may stand somewhere: the kind of value, its type, the key it is under, and in which class.

    `key` is that of the mapping that the value is in, also where it is in a list under the key.
    """

    kind: Kind
    type: Any
    key: Key | None = None
    owner: type[Entry] | None = None


ROOT = Place(Nested(ModelSpec), ModelSpec)


def place(spec: Any, path: Path) -> Place | None:
    """What may stand at a path of a raw spec; None where nothing is known."""
    found: Place | None = ROOT
    value = spec
    for number, step in enumerate(path):
        if found is None:
            return None
        found = elsewhere(path[: number + 1]) or step_into(found, value, step)
        value = below(value, (step,))
    return found


def elsewhere(path: Path) -> Place | None:
    """What may stand at places of which the classes say less than there is to know."""
    if len(path) == 2 and path[0] == "blocks":
        return Place(TEMPLATE, Template)
    if len(path) == 3 and path[0] == "blocks" and path[2] == "layers":
        return Place(LAYERS.kind, LAYERS.type, LAYERS, Template)
    if len(path) == 3 and path[:2] == DEFAULTS:
        cls = CATALOGS["layers"].get(str(path[2]))
        return Place(Nested(cls), cls) if cls else None
    return None


def step_into(around: Place, value: Any, step: str | int) -> Place | None:
    """What may stand one step further in."""
    kind = around.kind.entry if isinstance(around.kind, Either) else around.kind
    if isinstance(kind, (Items, Values)):
        if isinstance(step, int) is not isinstance(kind, Items):
            return None
        return Place(kind.item, inside(around.type, step), around.key, around.owner)
    if isinstance(kind, Leaf):
        below_type = inside(around.type, step)
        return None if below_type is None else Place(Leaf(), below_type, around.key, around.owner)
    found = known(kind, value).get(str(step))
    return None if found is None else Place(found.kind, found.type, found, owner_of(kind, value, str(step)))


def slot(kind: Kind) -> Slot | None:
    """The slot of a mapping that has a `type`."""
    if isinstance(kind, Either):
        return slot(kind.entry)
    return kind.slot if isinstance(kind, (Tagged, Wired)) else None


def chosen(kind: Kind, value: Any) -> type[Entry] | None:
    """The class that a mapping's `type` names, or that a bare name does."""
    where = slot(kind)
    tag = value.get("type") if isinstance(value, dict) else value
    return CATALOGS[where.category].get(tag) if where and isinstance(tag, str) else None


def known(kind: Kind, value: Any) -> Mapping[str, Key]:
    """The keys that a mapping may have, `type` aside."""
    if isinstance(kind, Either):
        return known(kind.entry, value)
    if isinstance(kind, Nested):
        return keys(kind.cls)
    cls = chosen(kind, value)
    options = keys(cls) if cls else {}
    return {**options, **keys(kind.cls)} if isinstance(kind, Wired) else options


def owner_of(kind: Kind, value: Any, name: str) -> type[Entry] | None:
    """The class that a key of a mapping belongs to."""
    if isinstance(kind, Nested):
        return kind.cls
    cls = chosen(kind, value)
    if cls and name in keys(cls):
        return cls
    return kind.cls if isinstance(kind, Wired) else cls


def is_layer(kind: Kind) -> bool:
    """Whether a mapping of a kind is a layer."""
    return isinstance(kind, Wired) and issubclass(kind.cls, LayerEntry)


def is_layers(kind: Kind) -> bool:
    """Whether a list of a kind is one of layers."""
    return isinstance(kind, Items) and is_layer(kind.item)


def is_block(value: Any) -> bool:
    """Whether a raw layer is the use of a block."""
    return isinstance(value, dict) and value.get("type") == Block.model_fields["type"].default


def layer_above(spec: Any, path: Path) -> Path | None:
    """The path of the innermost layer that a path is in or at."""
    for length in range(len(path), 0, -1):
        found = place(spec, path[:length]) if isinstance(path[length - 1], int) else None
        if found and is_layer(found.kind):
            return path[:length]
    return None


def parameters(cls: type[Entry] | None) -> Iterator[str]:
    """What a layer's `forward` reads beside its inputs."""
    op: Any = cls
    if cls is None or not issubclass(cls, Layer) or not hasattr(op, "forward"):
        return
    inputs = {*inspect.signature(op.signature).parameters}
    for each in inspect.signature(op.forward).parameters.values():
        if each.kind is not each.KEYWORD_ONLY and each.name not in inputs:
            yield each.name
