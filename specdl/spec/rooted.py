"""Files that a spec names, as seen from the folder of the spec that was named."""

from __future__ import annotations

import os
from pathlib import Path as FilePath
from typing import Any

from specdl.core.diagnostics import Path
from specdl.core.entry import Entry
from specdl.data.base import DATA
from specdl.spec.document import Document
from specdl.spec.model import ModelSpec


def rooted(document: Document, spec: ModelSpec) -> ModelSpec:
    """The spec with its files named from the document's folder, where a base in another names them.

    Two bases may each have an `x.csv` beside them: what a spec means has to tell them apart.
    """
    source = spec.data.source
    if source is None:
        return spec
    away = way(document.folder, document.home(DATA).folder)
    named = {place: (away / file).as_posix() for place, file in source.files().items()}
    made: Any = source
    for place, file in named.items():
        made = replaced(made, place, file)
    return spec.model_copy(update={"data": spec.data.model_copy(update={"source": made})})


def way(here: FilePath, there: FilePath) -> FilePath:
    """The path from one folder to another; the whole one where there is no way, as between drives."""
    if here == there:
        return FilePath()
    try:
        return FilePath(os.path.relpath(there.resolve(), here.resolve()))
    except ValueError:
        return there.resolve()


def replaced(holder: Any, path: Path, value: str) -> Any:
    """An entry or a mapping with another value at a path below it."""
    if not path:
        return value
    key, *rest = path
    if isinstance(holder, Entry):
        field = str(key)
        return holder.model_copy(update={field: replaced(getattr(holder, field), tuple(rest), value)})
    return {**holder, key: replaced(holder[key], tuple(rest), value)}
