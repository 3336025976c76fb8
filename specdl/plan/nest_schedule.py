"""Where the values of a program lie that runs as nests, and how far apart their rows are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from specdl.core.errors import CompilerFault
from specdl.core.types import BYTES, DType, bind
from specdl.loops.nests import Nests
from specdl.loops.statements import grid_of
from specdl.plan.arena import Block, lower_bound, pack
from specdl.plan.place import Place
from specdl.plan.plan import growth
from specdl.program.calls import CallList
from specdl.program.instructions import calls
from specdl.program.program import Program


@dataclass(frozen=True)
class TorchCalls:
    """An instruction that torch runs between native nests, and the places of its temporaries."""

    calls: CallList
    scratch: Mapping[str, Place]


@dataclass(frozen=True)
class NestSchedule:
    """A program's nests and the places of what they store.

    `lds` are the elements from one row of a value to the next, where there are gaps: rows of
    activations may be padded to whole vectors. What lies in a gap means nothing.
    """

    nests: Nests
    places: Mapping[str, Place]
    lds: Mapping[str, int]
    lower_bound: int
    """The most bytes of activations needed at one nest."""
    torch: Mapping[int, TorchCalls]
    """What torch runs, by the number of the nest."""

    @property
    def program(self) -> Program:
        return self.nests.program

    def place(self, value: str) -> Place:
        """Where a value's elements begin."""
        return self.places[self.program.root(value) if value in self.program.types else value]

    def ld(self, value: str, cols: int) -> int:
        """The elements from one row of a value to the next, where it is read as rows of `cols`."""
        return self.lds.get(value, cols)

    def dtype(self, value: str) -> DType:
        """The type of a value's elements."""
        return self.nests.types[value].dtype

    def verify(self, rows: int, sizes: Mapping[str, int]) -> None:
        """Raise `CompilerFault` if a value lies outside of its arena, or two overlap while both live."""
        for value, place in self.places.items():
            if place.offset + stored_bytes(self.nests, self.lds, value, rows) > sizes[place.arena]:
                raise CompilerFault(f"`{value}` lies outside of {place.arena}")
        verify_apart(list(self.spans(rows)))

    def spans(self, rows: int) -> Iterator[tuple[int, int, int, int, str]]:
        """First and last nest, first and last byte, and name, of all that shares the arena."""
        lives = lifetimes(self.nests)
        for value, place in self.places.items():
            if place.arena == "activations":
                stop = place.offset + stored_bytes(self.nests, self.lds, value, rows)
                yield (*lives[value], place.offset, stop, value)
        for number, each in self.torch.items():
            for name, place in each.scratch.items():
                stop = place.offset + each.calls.scratch[name].nbytes(rows)
                yield number, number, place.offset, stop, scratch_name(number, name)


@dataclass(frozen=True)
class Growing:
    """A block of the arena for any batch: bytes that no batch changes, and those for each row of it."""

    name: str
    base: int
    each: int
    start: int
    end: int

    def block(self, rows: int) -> Block:
        """It for batches of so many rows."""
        return Block(self.name, self.base + self.each * rows, self.start, self.end)


def verify_apart(taken: list[tuple[int, int, int, int, str]]) -> None:
    """Raise `CompilerFault` if two overlap, in time (first, last) and in bytes (low, high)."""
    taken.sort()
    living: list[tuple[int, int, int, str]] = []
    for start, end, low, high, value in taken:
        living = [each for each in living if each[0] >= start]
        for _, other_low, other_high, other in living:
            if low < other_high and other_low < high:
                raise CompilerFault(f"`{value}` and `{other}` overlap at {start}")
        living.append((end, low, high, value))


def schedule(nests: Nests, fixed: Mapping[str, Place], rows: int, lanes: int) -> tuple[NestSchedule, int]:
    """The places of a program's values for batches of up to `rows`, and the bytes of activations.

    `fixed` are the places that do not depend on the program.
    """
    lds = padded(nests, fixed, lanes)
    program = nests.program
    lists = {
        number: calls(program.instrs[nest.instrs[0]], program)
        for number, nest in enumerate(nests.nests)
        if nest.kind == "torch"
    }
    blocks = [each.block(rows) for each in sharing(nests, fixed, lds, lists)]
    arena = pack(blocks)
    places = {
        value: Place("activations", arena.offsets[value]) if value in arena.offsets else fixed[value]
        for value in (program.carries.get(each, each) for each in lifetimes(nests))
    }
    places |= {handed: fixed[kept] for handed, kept in program.carries.items()}
    torch = {
        number: TorchCalls(
            each,
            {name: Place("activations", arena.offsets[scratch_name(number, name)]) for name in each.scratch},
        )
        for number, each in lists.items()
    }
    return NestSchedule(nests, places, lds, lower_bound(blocks), torch), arena.nbytes


def sharing(
    nests: Nests, fixed: Mapping[str, Place], lds: Mapping[str, int], lists: Mapping[int, CallList]
) -> list[Growing]:
    """What shares the arena by lifetime: values without a fixed place, and the scratch of torch's `lists`."""
    found = []
    for value, lives in lifetimes(nests).items():
        if value not in fixed and value not in nests.program.carries:
            base = stored_bytes(nests, lds, value, 0)
            found.append(Growing(value, base, stored_bytes(nests, lds, value, 1) - base, *lives))
    for number, each in lists.items():
        for name, type in each.scratch.items():
            found.append(Growing(scratch_name(number, name), *growth(type), number, number))
    return found


def scratch_name(number: int, name: str) -> str:
    """A name for a temporary of a nest that torch runs, which no value has."""
    return f"{number}/{name}"


def padded(nests: Nests, fixed: Mapping[str, Place], lanes: int) -> dict[str, int]:
    """The leading dimensions of the values whose rows are padded to whole vectors."""
    lds: dict[str, int] = {}
    program = nests.program
    outside = {program.root(value) for value in program.results}
    for value in lifetimes(nests):
        type = nests.types[value]
        cols = grid_of(type.shape).cols
        free = value not in fixed and value not in program.carries and value not in outside
        if free and value not in nests.dense and cols > 1 and type.is_float:
            lds[value] = -(-cols // lanes) * lanes
    return lds


def stored_bytes(nests: Nests, lds: Mapping[str, int], value: str, rows: int) -> int:
    """The bytes of a value for a batch of `rows`, gaps included."""
    type = nests.types[value]
    grid = grid_of(type.shape)
    return bind(grid.rows, rows) * lds.get(value, grid.cols) * BYTES[type.dtype]


def lifetimes(nests: Nests) -> dict[str, tuple[int, int]]:
    """The first and last nest at which a value that has a place is needed.

    What a step is given and what it hands on are there throughout; results stay to the end.
    """
    program, end = nests.program, len(nests.nests)
    first: dict[str, int] = dict.fromkeys((*program.inputs, *program.parameters, *program.state), -1)
    last: dict[str, int] = dict.fromkeys(first, end)
    for index, nest in enumerate(nests.nests):
        for value in nests.made(nest):
            first.setdefault(value, index)
            last[value] = max(last.get(value, index), index)
        for value in nests.outside(nest):
            last[value] = max(last[value], index)
    for value in program.results:
        if program.root(value) in first:
            last[program.root(value)] = end
    return {value: (first[value], last[value]) for value in first}
