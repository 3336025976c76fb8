"""The names of a nest function: its pointers and numbers, in the order in which `p` holds them."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from specdl.backends.c.target import Target
from specdl.core.errors import CompilerFault
from specdl.core.expr import Expr
from specdl.core.types import DType

Param = tuple[Literal["value"], str] | tuple[Literal["number"], Expr]


class Layout(Protocol):
    """Where stored values lie."""

    def ld(self, value: str, cols: int) -> int:
        """Elements from one row of a stored value to the next, where its rows are `cols` long."""
        ...

    def dtype(self, value: str) -> DType:
        """Of the elements of a value."""
        ...


@dataclass(frozen=True)
class Term:
    """A computed vector, by the text that names it."""

    text: str
    by_row: bool = False
    """Whether it may differ from one row to the next."""
    by_column: bool = False
    """Whether it may differ from one column to the next; if not, lanes that are columns are equal."""
    mask: bool = False
    """Whether it is the result of a comparison."""
    product: bool = False
    """Whether it is one factor times another, which a compiler may round together with a sum of it."""


@dataclass
class Scope:
    """Lines of C, and what they have computed."""

    lines: list[str] = field(default_factory=list)
    memo: dict[Expr, Term] = field(default_factory=dict)


@dataclass
class _Pointer:
    name: str
    ctype: str
    written: bool


class Names:
    """Generated names of one nest function, the same for nests that differ in names only.

    `q0`... are pointers to values, `s0`... numbers, `e0`... what is computed. Values at one place, as `place`
    tells it, are one pointer: what is updated in place must not be read through another.
    """

    def __init__(
        self,
        target: Target,
        dtype: Callable[[str], DType],
        place: Callable[[str], Hashable] = lambda value: value,
    ) -> None:
        self.target, self._dtype, self.place = target, dtype, place
        self._pointers: dict[Hashable, _Pointer] = {}
        self._numbers: dict[Expr, str] = {}
        self._params: list[Param] = []
        self._count = 0
        self.top = Scope()
        """What depends on no row and no column: computed once, after the declarations."""

    @property
    def params(self) -> tuple[Param, ...]:
        """What `p` holds, in order."""
        return tuple(self._params)

    def param(self, value: str, *, written: bool = False) -> str:
        """The pointer to a stored value."""
        ctype = self._ctype(value)
        key = (self.place(value), ctype)
        if key not in self._pointers:
            self._pointers[key] = _Pointer(f"q{len(self._pointers)}", ctype, written)
            self._params.append(("value", value))
        pointer = self._pointers[key]
        pointer.written |= written
        return pointer.name

    def number(self, expr: Expr) -> str:
        """The number that an expression of numbers is; its slot is filled before the step."""
        if expr not in self._numbers:
            self._numbers[expr] = f"s{len(self._numbers)}"
            self._params.append(("number", expr))
        return self._numbers[expr]

    def fresh(self) -> str:
        """A name that is not in use."""
        self._count += 1
        return f"e{self._count - 1}"

    def declarations(self) -> list[str]:
        """The first lines of the function; to be asked for when its body is complete."""
        real, lines = self.target.real, []
        pointers, numbers = iter(self._pointers.values()), iter(self._numbers.values())
        for at, (kind, _) in enumerate(self._params):
            if kind == "number":
                lines.append(f"const {real} {next(numbers)} = *(const {real} *)p[{at}];")
                continue
            pointer = next(pointers)
            const = "" if pointer.written else "const "
            lines.append(f"{const}{pointer.ctype} *restrict {pointer.name} = p[{at}];")
        return lines + self.top.lines

    def _ctype(self, value: str) -> str:
        dtype = self._dtype(value)
        if dtype not in (self.target.dtype, "int64"):
            raise CompilerFault(f"`{value}` is {dtype}, which nests of {self.target.dtype} do not read")
        return "i64" if dtype == "int64" else self.target.real


def block(head: str, lines: Iterable[str]) -> list[str]:
    """Lines in braces."""
    return [f"{head} {{" if head else "{", *(f"  {line}" for line in lines), "}"]
