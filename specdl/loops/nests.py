"""Nests: statements that run together over one loop, so that what passes between them is never stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from specdl.core.errors import CompilerFault
from specdl.core.types import Dim, TensorType
from specdl.loops.statements import Product, Statement, reads
from specdl.program.program import SCALARS, Program

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


@dataclass(frozen=True)
class Nests:
    """A program as nests in order.

    `types` has the program's values and the temporaries; `dense` are the values whose rows lie
    side by side without gaps, because they are read in more than one shape, or by torch. Values
    are called by the name of the one whose elements they are.
    """

    program: Program
    nests: tuple[Nest, ...]
    types: Mapping[str, TensorType]
    dense: frozenset[str]

    @cached_property
    def given(self) -> frozenset[str]:
        """What is there before the first nest."""
        return frozenset((*self.program.inputs, *self.program.parameters, *self.program.state))

    def outside(self, nest: Nest) -> tuple[str, ...]:
        """What a nest reads from memory that it did not make itself."""
        if nest.kind != "torch":
            made = {statement.target for statement in nest.statements}
            return tuple(value for value in nest.reads if value not in made)
        instr = self.program.instrs[nest.instrs[0]]
        return tuple(self.program.root(v) for v in instr.reads.values() if v not in SCALARS)

    def made(self, nest: Nest) -> tuple[str, ...]:
        """What a nest stores."""
        if nest.kind != "torch":
            return tuple(sorted(nest.stored))
        instr = self.program.instrs[nest.instrs[0]]
        return tuple(v for v in instr.wanted.values() if v not in self.program.aliases)

    def verify(self) -> Nests:
        """These nests, if they keep their promises; raises `CompilerFault` else.

        Every value is stored once (a copy stores a part) and before it is read; nothing reads
        what a carry replaces once it is replaced; what must be there at the end is.
        """
        known, replaced = set(self.given), set[str]()
        for nest in self.nests:
            for value in self.outside(nest):
                if value not in known:
                    raise CompilerFault(f"`{value}` is read before it is stored: {nest}")
                if value in replaced:
                    raise CompilerFault(f"`{value}` is read after its place was taken: {nest}")
            for value in self.made(nest):
                if value in known and nest.kind != "copy":
                    raise CompilerFault(f"`{value}` is stored twice: {nest}")
                known.add(value)
                if value in self.program.carries:
                    replaced.add(self.program.carries[value])
        program = self.program
        # a gradient may have gone straight into its update
        spared = set(program.gradients.values()) if program.carries else set()
        results = {program.root(value) for value in program.results if value not in spared}
        if not results | set(program.carries) <= known:
            raise CompilerFault(f"never stored: {sorted((results | set(program.carries)) - known)}")
        return self

    def __str__(self) -> str:
        return "\n".join(map(str, self.nests))
