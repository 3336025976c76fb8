"""Layers that are wired by `bottom` and `top`, as in Caffe, and what they read in specdl's way.

There a value is called by a `top`, and a layer may write over what it reads, as a `ReLU` in place does.
Here a value is called as the layer that makes it, and none is written over: so the name that others read
changes with each layer in place.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Edit, Fix, Path, Remove, Rename, Replace
from specdl.core.wording import quoted
from specdl.spec.elsewhere import role
from specdl.spec.unknown import Told

LAYERS: Path = ("model", "layers")
BOTTOM, TOP = "bottom", "top"
DATA = "data"
"""What Caffe's nets call what they read first."""
FIRST, NEXT = "the first layer reads the input", "a layer reads the one above it"


def wirings(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of each `bottom`, and of the `top` beside it, by their paths."""
    model = root.get("model")
    layers = model.get("layers") if isinstance(model, dict) else None
    if not isinstance(layers, list) or not any(isinstance(each, dict) and BOTTOM in each for each in layers):
        return {}
    assert isinstance(model, dict)
    first = only_input(model)
    makers = {} if first is None else {DATA: first}
    above, found = first, dict[Path, Told]()
    for number, layer in enumerate(layers):
        if not isinstance(layer, dict):
            return found
        kind = role(layer.get("type"))
        if kind is None:
            why = FIRST if above == first else NEXT
            found |= wired(layer, (*LAYERS, number), makers, above, why)
            above = named(layer)
            makers |= dict.fromkeys((above, *texts(layer.get(TOP))), above) if above else {}
        elif kind == "sources" and first:
            makers |= dict.fromkeys(texts(layer.get(TOP)), first)
    return found


def only_input(model: Mapping[str, Any]) -> str | None:
    """What layers call the input of a model that has one."""
    if "input" in model:
        return "input"
    inputs = model.get("inputs")
    return str(next(iter(inputs))) if isinstance(inputs, dict) and len(inputs) == 1 else None


def named(layer: Mapping[str, Any]) -> str | None:
    """A layer's name; its only top's where it has none."""
    name = next(iter(texts(layer.get("name", layer.get(TOP)))), None)
    return name if isinstance(name, str) else None


def texts(value: Any) -> tuple[str, ...]:
    """A text, or each of a list of texts."""
    listed = value if isinstance(value, list) else [value]
    return tuple(listed) if all(isinstance(each, str) for each in listed) else ()


def wired(
    layer: Mapping[str, Any], path: Path, makers: Mapping[str, str], above: str | None, why: str
) -> dict[Path, Told]:
    """What to say of the keys by which one layer is wired, all of it at `bottom`; `why` it needs none."""
    bottoms = texts(layer.get(BOTTOM))
    if not bottoms or "inputs" in layer or "name" not in layer:
        return {}
    reads = [makers.get(each, each) for each in bottoms]
    tops = [TOP] if TOP in layer else []
    bottom = (*path, BOTTOM)
    away = tuple(Remove((*path, each)) for each in tops)
    if reads == [above]:
        words = quoted([BOTTOM, *tops])
        help = f"leave {words} out: {why}"
        told = Told(help, Fix(f"take {words} away", (Remove(bottom), *away), sure=True), "inputs")
    else:
        help = f'write "inputs": {json.dumps(reads, ensure_ascii=False)}'
        edits: tuple[Edit, ...] = (Replace(bottom, reads), Rename(bottom, "inputs"), *away)
        sure = all(each in makers for each in bottoms)
        told = Told(help + over(bottoms, makers), Fix(help, edits, sure), "inputs")
    return {bottom: told} | {(*path, each): Told(silent=True) for each in tops}


def over(bottoms: tuple[str, ...], makers: Mapping[str, str]) -> str:
    """Why another name is to be read than the one that is said, where a layer made it."""
    other = next((each for each in bottoms if makers.get(each, each) != each and each != DATA), None)
    return "" if other is None else f", since `{makers[other]}` makes `{other}` last"
