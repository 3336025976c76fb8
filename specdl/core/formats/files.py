"""Names of files for other programs: relative to the working folder, with forward slashes."""

from __future__ import annotations

import os
from pathlib import Path

from specdl.core.diagnostics import STDIN


def named(file: str | None) -> str | None:
    """A file by its path below the working folder, or from the root; None for what is no file.

    >>> named("./models/../disc.json"), named("<stdin>")
    ('disc.json', None)
    """
    if file is None or file == STDIN:
        return None
    here = Path.cwd()
    path = Path(os.path.normpath(here / file))
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()
