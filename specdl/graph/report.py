"""The findings of the graph stage, gathered in any order and told in document order."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from specdl.core.diagnostics import Finding, Note, Path, trail
from specdl.core.suggest import Suggester
from specdl.core.types import TensorType
from specdl.spec.room import Room, cut


class Section(IntEnum):
    """The parts of a spec in the order in which people write them."""

    INPUTS = 0
    INIT = 1
    LAYERS = 2
    OUTPUT = 3
    LOSS = 4
    METRICS = 5


class Site(NamedTuple):
    """A layer (or the model) as findings speak of it.

    `name` is its whole name, `path` where it is written, `trail` where the blocks are used
    that it belongs to, innermost first; `order` sorts findings: the section, and in `LAYERS` the
    number of the layer.
    """

    name: str
    path: Path
    order: tuple[int, ...]
    trail: tuple[Path, ...] = ()


class Result(NamedTuple):
    """What a name stands for.

    `type` is None where its maker has a finding already: whoever reads it stays silent, so that
    one mistake gives one message.
    """

    name: str
    value: str
    type: TensorType | None
    path: Path


class Report:
    """Findings so far. `rows` is the batch size that types are printed with."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.suggester = Suggester()
        self.room = Room()
        self.found: dict[tuple[str, str, Path], tuple[tuple[int, ...], Finding]] = {}

    @property
    def full(self) -> bool:
        """Whether so much is wrong that no more is looked for: one more than is told."""
        return self.room.full

    def error(
        self,
        site: Site,
        code: str,
        message: str,
        *inside: str | int,
        at_key: bool = False,
        help: str | None = None,
        notes: Iterable[Note] = (),
    ) -> None:
        """Add a finding about what stands at `inside` the site's mapping, unless there are too many.

        However often a block is used, a mistake in it is told once, for the first use.
        """
        path = (*site.path, *inside)
        known = (code, anywhere(message, site), path)
        finding = Finding(code, message, path, at_key=at_key, help=help, notes=(*notes, *trail(site.trail)))
        if known not in self.found and self.room.takes(finding):
            self.found[known] = site.order, finding

    def made(self, results: Iterable[Result]) -> tuple[Note, ...]:
        """A note for each value: its type, and where it is made; the renderer adds `at <place>`."""
        unique = {result.name: result for result in results if result.type is not None}
        return tuple(
            Note(f"`{result.name}` is {result.type.bind(self.rows)}, made", result.path)
            for result in unique.values()
            if result.type is not None
        )

    def findings(self) -> list[Finding]:
        """All findings in document order."""
        return cut([finding for _, finding in sorted(self.found.values(), key=lambda item: item[0])])


def anywhere(message: str, site: Site) -> str:
    """A message without the names that layers have by the use of the block that they belong to."""
    if not site.trail:
        return message
    use, _, _ = site.name.partition(".")
    return re.sub(rf"`{re.escape(use)}\.[^`]*`", "`", message)
