"""Levels of a row nest: which statements can share one pass over a row."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from specdl.core.expr import FUNCTIONS, Expr, walk
from specdl.core.types import Dim
from specdl.loops.nests import Nest
from specdl.loops.statements import Map, Reduce, Statement, reads

DEAR = frozenset(FUNCTIONS).difference(("neg", "abs", "sign")).union(("div", "pow"))
"""Functions whose results are worth a row buffer."""
CHEAP = 4
"""So many operations of the other kind are rather done once more."""


class Levels:
    """A statement's level is the number of reductions over the row that must be whole before it.

    What a later level reads of an earlier one's vectors is read back from its place, kept in a row
    buffer, or computed once more. A row of one vector stays in registers and needs none of this.
    """

    def __init__(self, nest: Nest, lanes: int, place: Callable[[str], Hashable]) -> None:
        self._nest, self._lanes = nest, lanes
        self.of: dict[str, int] = {}
        self.width = {s.target: s.grid.cols for s in nest.statements}
        self.cols = {s.target: self.width[s.target] for s in nest.statements if isinstance(s, Map)}
        self._makers = {s.target: s for s in nest.statements if isinstance(s, Map)}
        whole: dict[str, int] = {}
        needs = [(statement, reads(statement)) for statement in nest.statements]
        for statement, values in needs:
            level = max((whole[value] for value in values if value in whole), default=0)
            waits = (
                isinstance(statement, Reduce) and statement.over == "row" and self.width[statement.target] > 1
            )
            self.of[statement.target], whole[statement.target] = level, level + waits
        self.count = 1 + max(self.of.values())
        self.kept: set[str] = set()
        self._read_at: dict[str, int] = {}
        for statement, values in needs:
            for value in values:
                self._note(value, self.of[statement.target])
        self._stored_at = self._place_stores(place)

    def at(self, level: int, cols: int) -> list[Statement]:
        """The statements of a level and a width, in order."""
        width = self.width
        return [s for s in self._nest.statements if self.of[s.target] == level and width[s.target] == cols]

    def widths(self, level: int) -> list[int]:
        """The lengths of rows that a level loops over, more than 1."""
        stored = [self.cols[value] for value, at in self._stored_at.items() if at == level]
        made = [self.width[value] for value, at in self.of.items() if at == level]
        return [cols for cols in dict.fromkeys([*made, *stored]) if cols > 1]

    def stores(self, level: int, cols: int) -> list[str]:
        """The values of a width that a level stores."""
        return [value for value, at in self._stored_at.items() if at == level and self.cols[value] == cols]

    def is_narrow(self, value: str) -> bool:
        """Whether there is one element for each row."""
        return self.cols.get(value, 1) == 1

    def again(self, value: str) -> tuple[Expr, tuple[Dim, ...]]:
        """What a value is computed from, and its shape."""
        return self._makers[value].expr, self._makers[value].shape

    def _note(self, value: str, level: int) -> None:
        """Notes that a level reads a value."""
        if not self._is_earlier(value, level) or value in self._nest.stored:
            self._read_at[value] = max(level, self._read_at.get(value, 0))
        elif is_cheap(self._makers[value].expr):
            for read in reads(self._makers[value]):
                self._note(read, level)
        else:
            self.kept.add(value)

    def _is_earlier(self, value: str, level: int) -> bool:
        """Whether a value is vectors of an earlier level, that are no longer in registers."""
        return self.cols.get(value, 1) > self._lanes and self.of[value] < level

    def _place_stores(self, place: Callable[[str], Hashable]) -> dict[str, int]:
        """The level that stores each value: after the last read of what lies at its place so far."""
        levels: dict[str, int] = {}
        for value in self._makers:
            if value not in self._nest.stored or self.is_narrow(value):
                continue
            overlaid = [
                level
                for read, level in self._read_at.items()
                if read not in self.of and place(read) == place(value)
            ]
            levels[value] = max(self.of[value], *overlaid) if overlaid else self.of[value]
            if levels[value] > self.of[value] and self.cols[value] > self._lanes:
                self.kept.add(value)
        return levels


def is_cheap(expr: Expr) -> bool:
    """Whether an expression is rather computed twice than kept."""
    nodes = [node for node in walk([expr]) if node.args and not node.number]
    return len(nodes) <= CHEAP and not any(node.op in DEAR for node in nodes)
