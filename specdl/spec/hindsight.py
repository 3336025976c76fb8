"""What a document with mistakes tells of them as a whole: read only for one that has some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specdl.core.diagnostics import Path
from specdl.spec.foreseen import foreseen
from specdl.spec.lifting import COMPILE, lifted
from specdl.spec.solver import SOLVER, solved
from specdl.spec.strays import Stray, awaited, strays, undeclared
from specdl.spec.walker import Walker


@dataclass(frozen=True)
class Hindsight:
    """Keys in the wrong section, and sections that others write.

    `strays` are keys by where they stand, `awaited` where they are missing; `loose` are variables at the
    top; `sections` are keys at the top whose values are judged besides those of a spec.
    """

    strays: Mapping[Path, Stray]
    awaited: Mapping[Path, Path]
    loose: Mapping[Path, Stray]
    sections: frozenset[str]

    def applied(self, walker: Walker, filled: Mapping[str, Any]) -> Mapping[str, Any]:
        """The document as it is judged, with what others write in sections of their own where it belongs."""
        walker.foreseen = foreseen(filled)
        return solved(walker, lifted(walker, filled))


def hindsight(value: Mapping[str, Any]) -> Hindsight:
    """What a document tells of its mistakes."""
    wrong = strays(value)
    sections = frozenset({COMPILE, SOLVER, *(str(path[0]) for path in wrong)})
    return Hindsight(wrong, awaited(wrong), undeclared(value), sections)
