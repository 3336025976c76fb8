"""Layers of others that are none here: losses, metrics and data, which a spec has at its top."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Add, Edit, Fix, Path, Remove
from specdl.spec.fields import CATALOGS
from specdl.spec.suggestions import Guess, among, compact, senses
from specdl.spec.unknown import Told

DATA = ("data", "hdf5data", "imagedata", "windowdata", "memorydata", "dummydata")
"""Caffe's layers that read data, by their names without case and joints."""
LOSS = ("loss", "losses")


def role(tag: Any) -> str | None:
    """The category in which specdl has what a layer's type means, if that is no layer here."""
    if not isinstance(tag, str) or tag in CATALOGS["layers"].tags():
        return None
    word = compact(tag)
    if word in DATA:
        return "sources"
    if word in senses("layers"):
        return None
    return next((each for each in ("losses", "metrics") if word in senses(each)), None)


def has_loss(root: Mapping[str, Any]) -> bool:
    """Whether a loss stands among the layers: that has a finding, and its absence elsewhere is no second."""
    return any(role(layer.get("type")) == "losses" for layer in layers_of(root) if isinstance(layer, dict))


def layers_of(root: Mapping[str, Any]) -> list[Any]:
    """A model's layers as they are written, if they are a list."""
    model = root.get("model")
    layers = model.get("layers") if isinstance(model, dict) else None
    return layers if isinstance(layers, list) else []


def misplaced(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of the types of such layers, by their paths."""
    found: dict[Path, Told] = {}
    taken = {key for key in root if root[key] is not None}
    for number, layer in enumerate(layers_of(root)):
        category = role(layer.get("type")) if isinstance(layer, dict) else None
        if category:
            path: Path = ("model", "layers", number)
            found[*path, "type"] = at_top(layer["type"], category, path, taken)
            taken |= {*LOSS} if category == "losses" else {category}
    return found


def at_top(tag: str, category: str, path: Path, taken: set[str]) -> Told:
    """How a spec says at its top what a layer at a path was meant to say."""
    away = (Remove(path),)
    if category == "sources":
        return Told("write it as `data.source`, and take the layer away", Fix("take the layer away", away))
    guess = among(senses(category).get(compact(tag), ()), CATALOGS[category].tags())
    if guess is None or not guess.there:
        from specdl.spec.habits import instead

        return Told(instead(category, guess) if guess else None)
    key, meant = written(category, guess)
    if not taken.isdisjoint(LOSS if category == "losses" else (key,)):
        return Told(f"`{key}` stands at the top of the spec: take the layer away", Fix("take it away", away))
    help = f"write it as `{key}`: {json.dumps(meant)}"
    edits: tuple[Edit, ...] = (*away, Add((), key, meant))
    return Told(help, Fix(f"{help} at the top of the spec", edits, guess.sure))


def written(category: str, guess: Guess) -> tuple[str, Any]:
    """The key at the top for a loss or a metric, and its value."""
    return ("loss", {"type": guess.word}) if category == "losses" else ("metrics", [guess.word])
