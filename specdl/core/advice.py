"""How an entry of a spec speaks up about how it is used: the place that it is told of.

What fits by shape and type may still be a mistake: a softmax before a loss that has one, a boundary
after the end of the run. The author of an entry knows such things best, so each kind of entry has a
method `advise(site)` that gives findings, all of them warnings: `site` is where the entry stands and
what is around it. The kinds of sites are in `specdl.ops.advice` and `specdl.data.base`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Literal

from specdl.core.diagnostics import USED, Edit, Finding, Fix, Note, Path
from specdl.core.record import record

Unit = Literal["steps", "epochs"]

Limits = tuple[float, float]
"""Between what every element of a value lies, as far as that is known before anything is computed."""

UNLIMITED: Limits = (-math.inf, math.inf)


@record()
class Run:
    """How long a run is; None is what the spec does not tell before its data is opened.

    `rows` counts the samples of each part, and `batches` has every number of rows that a batch of
    the training part can have, the largest first.
    """

    epochs: float | None = None
    steps: int | None = None
    steps_per_epoch: int | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    batches: tuple[int, ...] = ()

    def length(self, unit: Unit) -> float | None:
        """All of the run, in a unit."""
        return self.steps if unit == "steps" else self.epochs

    def per(self, unit: Unit) -> int | None:
        """The steps in one of a unit."""
        return 1 if unit == "steps" else self.steps_per_epoch


@record(kw_only=True)
class Site:
    """Where an entry stands: its place in the document, and the uses of blocks it came through.

    `trail` is innermost first, and empty for what is written where it is used.
    """

    path: Path
    trail: tuple[Path, ...] = ()

    def finding(
        self,
        code: str,
        message: str,
        *inside: str | int,
        at_key: bool = False,
        help: str | None = None,
        notes: Iterable[Note] = (),
        fix: Fix | None = None,
    ) -> Finding:
        """A warning about what stands at `inside` this place; in a block it has a note of its use."""
        used = tuple(Note(USED, path) for path in self.trail)
        path = (*self.path, *inside)
        return Finding(code, message, path, at_key, help, (*notes, *used), "warning", fix)


def likely(message: str, *edits: Edit) -> Fix:
    """A fix that is probably what was meant: `--unsafe-fixes` takes it."""
    return Fix(message, edits)
