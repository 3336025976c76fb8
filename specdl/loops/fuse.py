"""Statements to nests: what can run over one loop does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from specdl.core.types import Batch
from specdl.loops.flatten import Flat, Numbered, flatten
from specdl.loops.nests import Kind, Nest, Nests
from specdl.loops.sharing import share
from specdl.loops.statements import (
    Copy,
    Form,
    Grid,
    Map,
    NotNativeError,
    Product,
    Reduce,
    Statement,
    Total,
    form,
    leaves,
    reads,
)
from specdl.program.program import SCALARS, Program

AHEAD = 4
"""How many nests after the last one that a statement needs are tried."""
SUMS, STATEMENTS = 4, 32
"""At most so many column sums, and so many statements, run over one loop: so that equal parts of a
deep program have equal nests, which share their code."""
Item = tuple[int, Statement | None]
"""A statement with the number of its instruction, or an instruction that torch runs."""
Large = Callable[[Product, bool], bool]
"""Whether a product is left to a library, and whether an update rides on it."""


def fuse(program: Program, *, whole: bool, large: Large = lambda product, update: False) -> Nests:
    """The nests of a program.

    Where the program always runs as a `whole`, statements of different instructions share nests,
    what makes gradients and updates comes last, and gradients that only an update reads are not
    stored. Else each instruction has nests of its own, and all that it writes is stored.
    """
    flat = flatten(program, alone=not whole)
    types = dict(flat.types)
    grouping = Grouping(program, whole)
    if whole:
        statements, shared = share(flat.statements, frozenset(program.carries))
        types |= shared
        items = in_order(program, flat, statements)
        late = committing(program, items)
        grouping.group(item for number, item in enumerate(items) if number not in late)
        grouping.commits = True
        grouping.group(item for number, item in enumerate(items) if number in late)
    else:
        for items in by_instruction(program, flat):
            own, shared = share([(n, s) for n, s in items if s], first=len(types))
            types |= shared
            grouping.begin = len(grouping.nests)
            grouping.commits = program.instrs[items[0][0]].phase == "update" if items else False
            grouping.group(own or items)
    return Nests(program, grouping.finish(large), types, flat.dense).verify()


def in_order(program: Program, flat: Flat, statements: Sequence[Numbered]) -> list[Item]:
    """Statements, and the instructions that torch runs, in the order of the program."""
    items: list[Item] = [*statements, *((number, None) for number in flat.torch)]
    return sorted(items, key=lambda item: item[0])


def by_instruction(program: Program, flat: Flat) -> list[list[Item]]:
    """The items of each instruction."""
    found: list[list[Item]] = [[] for _ in program.instrs]
    for item in in_order(program, flat, flat.statements):
        found[item[0]].append(item)
    return found


def item_reads(program: Program, item: Item) -> tuple[str, ...]:
    """What an item reads."""
    number, statement = item
    if statement is not None:
        return reads(statement)
    return tuple(program.root(v) for v in program.instrs[number].reads.values() if v not in SCALARS)


def item_writes(program: Program, item: Item) -> tuple[str, ...]:
    """What an item writes."""
    number, statement = item
    if statement is not None:
        return (statement.target,)
    return tuple(v for v in program.instrs[number].wanted.values() if v not in program.aliases)


def committing(program: Program, items: Sequence[Item]) -> frozenset[int]:
    """The items, by place, that can come after everything else: they make gradients and updates.

    One is if nothing else reads what it makes, and what it makes is of a parameter's kind: it
    does not grow with the batch.
    """
    early = {program.root(v) for v in (program.loss, *program.outputs.values()) if v is not None}
    found: set[int] = set()
    for place in range(len(items) - 1, -1, -1):
        number, statement = items[place]
        update = program.instrs[number].phase == "update"
        makes = isinstance(statement, Map | Product | Reduce | Copy) and not isinstance(
            target_rows(statement), Batch
        )
        if (update or makes) and early.isdisjoint(item_writes(program, items[place])):
            found.add(place)
        else:
            early.update(item_reads(program, items[place]))
    return frozenset(found)


def target_rows(statement: Statement) -> object:
    """The rows of what a statement makes."""
    if isinstance(statement, Reduce):
        return 1 if statement.over == "batch" else statement.grid.rows
    return statement.grid.rows


@dataclass
class Growing:
    """A nest that statements may still join."""

    kind: Kind
    commits: bool
    statements: list[Statement] = field(default_factory=list)
    instrs: list[int] = field(default_factory=list)
    made: dict[str, Statement] = field(default_factory=dict)

    @property
    def first(self) -> Statement:
        return self.statements[0]

    def add(self, number: int, statement: Statement) -> None:
        self.statements.append(statement)
        self.made[statement.target] = statement
        if number not in self.instrs:
            self.instrs.append(number)


class Grouping:
    """The nests so far. A statement joins the first one that it fits, where all it needs is made before."""

    def __init__(self, program: Program, whole: bool) -> None:
        self.program, self.whole = program, whole
        self.nests: list[Growing] = []
        self.begin = 0
        """The first nest that may be joined."""
        self.commits = False
        self.maker: dict[str, int] = {}
        """The nest that made a value last."""
        self.readers: dict[str, int] = {}
        """The last nest that reads a value."""
        self.taken: dict[str, int] = {}
        """The nest in which the place of a value is taken by what is handed on."""

    def group(self, items: Iterable[Item]) -> None:
        """Put items, in order, into nests."""
        if self.whole:
            self.begin = len(self.nests)
        for item in items:
            number, statement = item
            at = None if statement is None else self.nest_for(statement)
            if at is None:
                at = len(self.nests)
                self.nests.append(Growing(kind_of(statement), self.commits, instrs=[number]))
            if statement is not None:
                self.nests[at].add(number, statement)
            for value in item_writes(self.program, item):
                self.maker[value] = at
                if value in self.program.carries:
                    self.taken[self.program.carries[value]] = at
            for value in item_reads(self.program, item):
                self.readers[value] = max(at, self.readers.get(value, at))

    def nest_for(self, statement: Statement) -> int | None:
        """The number of the nest that a statement joins."""
        needed = [-1, *(self.maker.get(value, -1) for value in reads(statement))]
        replaced = self.program.carries.get(statement.target)
        if replaced is not None:
            needed.append(self.readers.get(replaced, -1))
        first: int = max(self.begin, *needed)
        last = len(self.nests) - 1
        late = frozenset(value for value in reads(statement) if value in self.taken)
        if late:
            # what was there is lost after this nest
            at = min(self.taken[value] for value in late)
            return at if at >= first and fits_late(self.nests[at], statement, replaced, late) else None
        tried: tuple[int, ...] = (*range(first, min(first + AHEAD, last + 1)), last)
        for at in tried:
            if first <= at <= last and fits(self.nests[at], statement, replaced):
                return at
        return None

    def finish(self, large: Large) -> tuple[Nest, ...]:
        """The nests as they are, with what each stores."""
        wanted = self.wanted()
        done = []
        for at, nest in enumerate(self.nests):
            stored = frozenset(
                s.target for s in nest.statements if s.target in wanted or must_store(nest, s)
            ) | frozenset(s.target for s in nest.statements if self.readers.get(s.target, at) > at)
            first = nest.first if nest.statements else None
            update = any(s.target in self.program.carries for s in nest.statements)
            blas = isinstance(first, Product) and large(first, update)
            done.append(
                Nest(nest.kind, tuple(nest.statements), stored, tuple(nest.instrs), nest.commits, blas)
            )
        return tuple(done)

    def wanted(self) -> set[str]:
        """What must be stored whoever reads it."""
        program = self.program
        fused = set(program.gradients.values()) if self.whole and program.carries else set()
        kept: set[str] = {program.root(v) for v in program.results if v not in fused} | {*program.carries}
        if not self.whole:
            kept |= {value for value in program.types if value not in program.aliases}
        for nest in self.nests:
            if nest.kind == "torch":
                kept.update(item_reads(program, (nest.instrs[0], None)))
        return kept


def kind_of(statement: Statement | None) -> Kind:
    """The kind of nest that a statement begins."""
    if statement is None:
        return "torch"
    if isinstance(statement, Product):
        return "product"
    if isinstance(statement, Copy):
        return "copy"
    if isinstance(statement, Reduce) and statement.over == "batch":
        return "columns"
    return "rows"


def must_store(nest: Growing, statement: Statement) -> bool:
    """Whether what a statement makes never fits in registers."""
    return nest.kind == "copy" or (isinstance(statement, Reduce) and statement.over == "all")


def fits(nest: Growing, statement: Statement, replaced: str | None) -> bool:
    """Whether a statement can run in a nest, after what is there.

    `replaced` is the value whose place it takes: what the nest still reads of it must be the
    element that is overwritten.
    """
    if isinstance(statement, Product | Copy) or nest.kind in ("torch", "copy"):
        return False
    if len(nest.statements) >= STATEMENTS:
        return False
    if isinstance(statement, Reduce) and statement.over == "batch":
        sums = sum(isinstance(each, Reduce) for each in nest.statements)
        same = nest.kind == "columns" and nest.first.grid == statement.grid
        return same and sums < SUMS and not local(nest, statement)
    if replaced is not None and not reads_in_place(nest, replaced):
        return False
    if nest.kind == "rows":
        return fits_rows(nest, statement)
    if not isinstance(statement, Map) or not local(nest, statement):
        return False
    if nest.kind == "product":
        return statement.grid == nest.first.grid and in_forms(nest, statement, "full")
    return statement.grid == Grid(1, nest.first.grid.cols) and in_forms(nest, statement, "full")


def fits_late(nest: Growing, statement: Statement, replaced: str | None, late: frozenset[str]) -> bool:
    """Whether a map can run in a nest that takes the place of what it reads, of the values `late`.

    It can if that is the element at the same place, which is read first. It has no other nest to
    go to, however many statements there are.
    """
    if not isinstance(statement, Map) or nest.kind in ("torch", "copy"):
        return False
    grid = Grid(1, nest.first.grid.cols) if nest.kind == "columns" else nest.first.grid
    in_place = all(
        form(leaf.shape, statement.grid, statement.shape) == "full"
        for leaf in leaves(statement.expr)
        if leaf.op == "load" and leaf.attr in late
    )
    kept = replaced is None or reads_in_place(nest, replaced)
    return statement.grid == grid and in_place and kept and in_forms(nest, statement, "full")


def fits_rows(nest: Growing, statement: Statement) -> bool:
    """Whether a map or reduction can join others over the same rows."""
    if isinstance(nest.first, Total) or isinstance(statement, Total):
        on_one_place = nest.first.grid == Grid(1, 1) == statement.grid
        return on_one_place and not (isinstance(statement, Total) and statement.parts in nest.made)
    if statement.grid.rows != nest.first.grid.rows:
        return False
    if statement.grid.rows == 1:
        return statement.grid == nest.first.grid and in_forms(nest, statement, "full")
    return in_forms(nest, statement, "full", "column")


def local(nest: Growing, statement: Statement) -> tuple[str, ...]:
    """What a statement reads that is made in a nest."""
    return tuple(value for value in reads(statement) if value in nest.made)


def in_forms(nest: Growing, statement: Statement, *forms: Form) -> bool:
    """Whether all that a statement reads of a nest's own values lies on its grid in one of some forms."""
    if not isinstance(statement, Map | Reduce):
        return True
    for leaf in leaves(statement.expr):
        if leaf.op == "load" and leaf.attr in nest.made:
            made = nest.made[str(leaf.attr)]
            if isinstance(made, Reduce) and made.over == "all":
                return False
            try:
                found = form(leaf.shape, statement.grid, statement.shape)
            except NotNativeError:
                return False
            if found not in forms:
                return False
    return True


def reads_in_place(nest: Growing, value: str) -> bool:
    """Whether a nest reads of a value only the element at the place it is at."""
    for statement in nest.statements:
        if value in reads(statement):
            if not isinstance(statement, Map):
                return False
            found = (leaf for leaf in leaves(statement.expr) if leaf.op == "load" and leaf.attr == value)
            if any(form(leaf.shape, statement.grid, statement.shape) != "full" for leaf in found):
                return False
    return True
