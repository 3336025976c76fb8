"""The findings of the graph stage, gathered in any order and told in document order."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple

from specdl.core.diagnostics import Finding, Note, Path, trail
from specdl.core.suggest import Suggester
from specdl.core.types import TensorType
from specdl.spec.text import MAX_FINDINGS, TOO_MANY


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
        self.found: list[tuple[tuple[int, ...], Finding]] = []

    @property
    def full(self) -> bool:
        """Whether so much is wrong that no more is looked for: one more than is told."""
        return len(self.found) > MAX_FINDINGS

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
        """Add a finding about what stands at `inside` the site's mapping, unless there are too many."""
        if self.full:
            return
        path = (*site.path, *inside)
        self.found.append(
            (
                site.order,
                Finding(code, message, path, at_key=at_key, help=help, notes=(*notes, *trail(site.trail))),
            )
        )

    def made(self, results: Iterable[Result]) -> tuple[Note, ...]:
        """A note for each value: its type, and where it is made; the renderer adds `at <place>`."""
        unique = {result.name: result for result in results if result.type is not None}
        return tuple(
            Note(f"`{result.name}` is {result.type.bind(self.rows)}, made", result.path)
            for result in unique.values()
            if result.type is not None
        )

    def findings(self) -> list[Finding]:
        """All findings in document order.

        A block that is used twice makes the same mistake twice: it is told once, for the first use.
        """
        kept: dict[tuple[str, str, Path], Finding] = {}
        for _, finding in sorted(self.found, key=lambda item: item[0]):
            kept.setdefault((finding.code, finding.message, finding.path), finding)
        told = list(kept.values())
        return [*told[:MAX_FINDINGS], Finding("E005", TOO_MANY)] if self.full else told
