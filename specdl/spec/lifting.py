"""What Keras gives to `compile` stands at the top of a spec: it is judged as if it did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Add, Edit, Fix, Remove
from specdl.spec.walker import Site, Walker

COMPILE = "compile"
KEYS = ("optimizer", "loss", "metrics")


def lifted(walker: Walker, root: Mapping[str, Any]) -> Mapping[str, Any]:
    """A document with what is under `compile` at its top; that it stands there is told once."""
    under = root.get(COMPILE)
    if not isinstance(under, dict):
        return root
    inside = {key: under[key] for key in KEYS if key in under and key not in root}
    edits: tuple[Edit, ...] = (Remove((COMPILE,)), *(Add((), key, inside[key]) for key in inside))
    whole = Fix("write it at the top", edits, sure=True)
    help = "write `optimizer`, `loss` and `metrics` at the top of the spec"
    message, site = f"the spec has no key `{COMPILE}`", Site((COMPILE,))
    walker.tell("E111", message, site, True, help, fix=whole if len(inside) == len(under) else None)
    walker.real.update({(key,): (COMPILE, key) for key in inside})
    return {**{key: value for key, value in root.items() if key != COMPILE}, **inside}
