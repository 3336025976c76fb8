"""Where a thing was really written: a part of a text value, and what a layer takes from `model.defaults`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from specdl.core.diagnostics import Finding, Note, Path, below
from specdl.spec.text import Span

ESCAPED = re.compile(
    # half of a pair of surrogates is no character of its own
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
    r"|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|.",
    re.DOTALL,
)
"""A character between double quotes, as JSON and YAML write it."""
QUOTED = re.compile("''|.", re.DOTALL)
"""A character between single quotes."""
DEFAULTS: Path = ("model", "defaults")
AROUND = ("activation", "init", "trainable")
"""Defaults that are no options of a layer's op."""


def part(text: str, span: Span, value: str, within: Span) -> Span | None:
    """The span in a file's text of a part of a value that is text: `within` counts in the value.

    None where characters of the value cannot be found one by one, as in YAML's folded lines.
    """
    written = text[span[0] : span[1]]
    if written == value:
        return span[0] + within[0], span[0] + within[1]
    if len(written) < 2 or written[0] not in "\"'" or written[-1] != written[0] or "\n" in written:
        return None
    pattern = ESCAPED if written[0] == '"' else QUOTED
    starts = [span[0] + 1 + match.start() for match in pattern.finditer(written[1:-1])]
    starts.append(span[1] - 1)
    return (starts[within[0]], starts[within[1]]) if len(starts) == len(value) + 1 else None


def traced(value: Any, finding: Finding) -> Finding:
    """A finding about an option that a layer has by default: it is told where the default is written."""
    owner = next(defaulted(value, finding.path), None)
    if owner is None:
        return finding
    path, kind = owner
    told = replace(finding, path=(*DEFAULTS, kind, *finding.path[len(path) :]))
    return replace(
        told, notes=(*told.notes, Note("the layer that takes this default stands", path, label=True))
    )


def defaults_of(value: Any, path: Path) -> Iterator[Note]:
    """What the layer at a path has by default of its op's options: a note for each, where it is written."""
    layer = below(value, path)
    kind = layer.get("type") if isinstance(layer, dict) and path[-2:-1] == ("layers",) else None
    given = below(value, (*DEFAULTS, kind)) if isinstance(kind, str) else None
    for name in given if isinstance(given, dict) else ():
        if name not in layer and name not in AROUND:
            yield Note(f"`{name}` is given by default", (*DEFAULTS, str(kind), name), label=True)


def defaulted(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """The layers on a path that do not say themselves what the path's next step names; and their types."""
    model = value.get("model") if isinstance(value, dict) else None
    defaults = model.get("defaults") if isinstance(model, dict) else None
    if not isinstance(defaults, dict):
        return
    for number, step in enumerate(path):
        if isinstance(value, dict):
            kind = value.get("type")
            given = (
                defaults.get(kind) if isinstance(kind, str) and path[:number][-2:-1] == ("layers",) else None
            )
            if isinstance(given, dict) and step in given and step not in value:
                yield path[:number], str(kind)
            value = value.get(str(step))
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return
