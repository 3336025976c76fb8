"""Nests: statements that run together over one loop, so that what passes between them is never stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from specdl.core.types import Dim
from specdl.loops.statements import Product, Statement, reads

Kind = Literal["product", "rows", "columns", "copy", "torch"]


@dataclass(frozen=True)
class Nest:
    """Statements in order, over one loop.

    - `product`: a product, then maps over the places of its result.
    - `rows`: maps, and reductions over the row or over all, for one row after another; or a total
      and maps of scalars, on a grid of one place.
    - `columns`: sums over the batch on one grid, then maps over the row of sums.
    - `copy`: one copy.
    - `torch`: no statements; `instr` is run by torch.

    `stored` are the targets that have a place in memory; the others live in registers, or in a
    buffer as long as a row.
    """

    kind: Kind
    statements: tuple[Statement, ...]
    stored: frozenset[str]
    instrs: tuple[int, ...]
    """The instructions, by number, that the statements come from."""
    commits: bool = False
    """Whether it comes after the finite guard: it makes gradients or takes the update."""
    blas: bool = False
    """Whether the product is left to a library."""

    @property
    def rows(self) -> Dim:
        """The rows of the loop."""
        return self.statements[0].grid.rows

    @property
    def reads(self) -> tuple[str, ...]:
        """The values that are read from memory, each once."""
        made = {s.target for s in self.statements if s.target not in self.stored}
        return tuple(dict.fromkeys(r for s in self.statements for r in reads(s) if r not in made))

    @property
    def product(self) -> Product:
        """The product that leads a `product` nest."""
        first = self.statements[0]
        assert isinstance(first, Product)
        return first

    def __str__(self) -> str:
        kind = "blas" if self.blas else self.kind
        return f"{kind}[{self.rows}]: {'; '.join(map(str, self.statements))}"
