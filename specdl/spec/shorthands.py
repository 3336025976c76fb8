"""Values in place of a mapping that has one key for them: a size for an input, a name for an initialiser."""

from __future__ import annotations

import json
from typing import Any

from specdl.core.diagnostics import Fix, Path, Replace
from specdl.core.entry import Slot
from specdl.spec.fields import Items, Kind, Tagged, Values
from specdl.spec.unknown import Told, guess_tag


def in_short(kind: Kind, raw: Any, path: Path) -> Told | None:
    """The mapping that a value stands for, told where it stands; None where it stands for none."""
    if path == ("model", "input"):
        return shape(raw, path)
    if isinstance(kind, Items) and isinstance(kind.item, Tagged) and kind.item.slot.short:
        return alone(kind.item.slot, raw, path)
    if isinstance(kind, Values) and isinstance(kind.item, Tagged) and kind.item.slot.category == "inits":
        return weights(raw, path)
    return None


def shape(raw: Any, path: Path) -> Told | None:
    """An input's size, or its sizes: torch's `in_features`."""
    sizes = raw if isinstance(raw, list) else [raw]
    if not sizes or not all(type(each) is int and each > 0 for each in sizes):
        return None
    return instead({"shape": sizes}, path, sure=True)


def weights(raw: Any, path: Path) -> Told | None:
    """One initialiser for a layer: for its weight, most likely."""
    guess = guess_tag(Slot("inits"), raw) if isinstance(raw, str) else None
    if guess is None:
        return None
    if not guess.there:
        return Told(f"specdl has no `{guess.word}` yet")
    return instead({"weight": guess.word}, path, sure=False)


def alone(slot: Slot, raw: Any, path: Path) -> Told | None:
    """A name that stands alone where a list of names does, in the words of others too."""
    guess = guess_tag(slot, raw) if isinstance(raw, str) else None
    if guess is None:
        return None
    if not guess.there:
        return Told(f"specdl has no `{guess.word}` yet")
    help = f"write {json.dumps([guess.word])}"
    return Told(help, Fix(help, (Replace(path, [guess.word]),), guess.sure))


def instead(meant: dict[str, Any], path: Path, sure: bool) -> Told:
    """A mapping in place of a value."""
    help = f"write {json.dumps(meant)}"
    return Told(help, Fix(help, (Replace(path, meant),), sure))
