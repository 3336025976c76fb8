"""What Keras says in other places: the input's shape and activations among the layers, losses by output."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from specdl.core.diagnostics import Add, Fix, Path, Remove, Rename, Replace
from specdl.core.entry import Slot
from specdl.spec.elsewhere import layers_of
from specdl.spec.suggestions import compact
from specdl.spec.unknown import Told, guess_tag

INPUTS = ("input", "inputlayer")
"""Types that declare what a model reads, without case and joints."""
SHAPES = ("input_shape", "batch_input_shape", "batch_shape")
"""Keys that do."""


def keras_layers(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of such layers, by the paths of their types and keys."""
    found: dict[Path, Told] = {}
    layers = layers_of(root)
    for number, layer in enumerate(layers):
        path: Path = ("model", "layers", number)
        word = bare(layer.get("type")) if isinstance(layer, dict) else ""
        if word in INPUTS:
            found |= {(*path, "type"): each for each in declares(layer, path, root, others=len(layers) > 1)}
        elif word == "activation":
            found |= alone(layer, path)
        elif number == 0 and isinstance(layer, dict) and not has_input(root):
            found |= {(*path, said(layer)): each for each in declares(layer, path, root)}
    return found


def bare(tag: Any) -> str:
    """A type without its module, case and joints."""
    return compact(tag.rpartition(".")[2]) if isinstance(tag, str) else ""


def said(layer: Mapping[str, Any]) -> str:
    """The key by which a layer says a shape."""
    return next((key for key in ("shape", *SHAPES) if key in layer), "")


def declares(
    layer: Mapping[str, Any], path: Path, root: Mapping[str, Any], others: bool | None = None
) -> Iterator[Told]:
    """Where the shape belongs that a layer says; it is moved where it is the model's only input.

    A layer that says nothing else, for which `others` is told, goes with it unless there are no others.
    """
    key = said(layer)
    sizes = layer[key][key.startswith("batch") :] if key and isinstance(layer[key], list) else None
    if sizes is None or not all(type(each) is int for each in sizes):
        return
    meant = {"shape": sizes}
    away = (*path, key) if others is None else path
    then = f"and leave `{key}` out" if others is None else "in place of this layer"
    help = f'write "input": {json.dumps(meant)} in `model`, {then}'
    fix = Fix(help, (Remove(away), Add(("model",), "input", meant)), sure=True)
    movable = path[-1] == 0 and others is not False and not has_input(root)
    yield Told(help, fix if movable else None)


def has_input(root: Mapping[str, Any]) -> bool:
    """Whether a model says what it reads, under whatever key."""
    return any(key in root["model"] for key in ("input", "inputs", *SHAPES))


def declared(model: Mapping[str, Any]) -> bool:
    """Whether a model's layers declare what it reads, which has a finding of its own."""
    layers = [each for each in layers_of({"model": model}) if isinstance(each, dict)]
    first = any(key in layer for layer in layers[:1] for key in SHAPES)
    return first or any(bare(layer.get("type")) in INPUTS for layer in layers)


def alone(layer: Mapping[str, Any], path: Path) -> dict[Path, Told]:
    """A layer that is an activation by name: the activation is a type here, and the name goes with it."""
    name = layer.get("activation")
    guess = guess_tag(Slot("layers"), name) if isinstance(name, str) else None
    if guess is None or not guess.there:
        return {}
    help = f'write "type": "{guess.word}", and no `activation`'
    edits = (Replace((*path, "type"), guess.word), Remove((*path, "activation")))
    return {(*path, "type"): Told(help, Fix(help, edits, guess.sure))}


def by_output(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of a loss for each output, by the outputs' names, and of the weights that go with it."""
    loss, weights = root.get("loss"), root.get("loss_weights")
    if not isinstance(loss, dict) or not loss or "type" in loss:
        return {}
    guesses = {name: guess_tag(Slot("losses"), each) for name, each in loss.items() if isinstance(each, str)}
    meant = [one_loss(name, guess.word, weights) for name, guess in guesses.items() if guess and guess.there]
    if len(meant) < len(loss):
        return {}
    help = f'write "losses": {json.dumps(meant)}'
    away = (Remove(("loss_weights",)),) if weights is not None else ()
    fix = Fix(help, (Replace(("loss",), meant), Rename(("loss",), "losses"), *away))
    said: dict[Path, Told] = {("loss",): Told(help, fix if "losses" not in root else None)}
    return said | {("loss_weights",): Told("write `weight` in each of `losses`")}


def one_loss(name: str, tag: str, weights: Any) -> dict[str, Any]:
    """The loss of one output, whose target is called as it is."""
    weight = weights.get(name) if isinstance(weights, dict) else None
    known = {"weight": weight} if type(weight) in (int, float) else {}
    return {"type": tag, "output": name, "target": name, **known}
