"""How layers without a name are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from specdl.ops.base import LayerEntry


def local_names(entries: Iterable[LayerEntry]) -> tuple[str, ...]:
    """The names of layers that stand in one list, in order.

    A layer without a name is `<type><n>`: the n-th layer of its type in the list. Layers with
    a name count too, so that naming one renames no other: stored weights and references by
    name stay valid. An `activation` is no layer of the list and is not counted.
    """
    seen: Counter[str] = Counter()
    names: list[str] = []
    for entry in entries:
        seen[entry.op.type] += 1
        names.append(entry.name or f"{entry.op.type}{seen[entry.op.type]}")
    return tuple(names)
