"""A kernel's signature read as its dataflow, and kernels called by argument names.

Names left of `*` are read, names right of it are written. `*x` stands for any number of
inputs `x0`, `x1`, ...; then a result `x` or `dx` stands for as many. An argument that an op's
signature does not have (a bias that is switched off) is None; a result it does not have
swallows what a formula writes to it, and is None for a `Kernel`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from specdl.core.errors import CompilerFault
from specdl.core.expr import Expr
from specdl.core.formula import Discard, Sink
from specdl.core.types import TensorType


@dataclass(frozen=True)
class Access:
    """The names a kernel reads and writes; `variadic` is the name behind `*`, if there is one."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]
    variadic: str | None


@lru_cache(maxsize=4096)
def access(function: Callable[..., None]) -> Access:
    """What a kernel (as found on its class) reads and writes."""
    parameters = [p for p in inspect.signature(function).parameters.values() if p.name != "self"]
    return Access(
        reads=tuple(p.name for p in parameters if p.kind is not p.KEYWORD_ONLY),
        writes=tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY),
        variadic=next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None),
    )


def numbered(name: str, names: Mapping[str, Any]) -> list[str]:
    """The members `x0`, `x1`, ... of a variadic name that are among `names`, in order."""
    found: list[str] = []
    while f"{name}{len(found)}" in names:
        found.append(f"{name}{len(found)}")
    return found


def members(name: str, family: str | None, names: Mapping[str, Any]) -> list[str] | None:
    """The members a name stands for if it belongs to the variadic family, else None."""
    if family is None or name not in (family, f"d{family}"):
        return None
    return numbered(name, names)


def call_kernel(
    kernel: Callable[..., None],
    family: str | None,
    reads: Mapping[str, Any],
    writes: Mapping[str, Any],
    absent: Any = None,
) -> None:
    """Call a bound kernel with values by name; `family` is the op's variadic input, if any.

    A result that `writes` does not name is given as `absent`.
    """
    shape = access(getattr(kernel, "__func__", kernel))
    positional: list[Any] = []
    for name in shape.reads:
        if name == shape.variadic:
            positional.extend(reads[each] for each in numbered(name, reads))
        else:
            positional.append(reads.get(name))
    sinks: dict[str, Any] = {}
    for name in shape.writes:
        group = members(name, family, writes) if name not in writes else None
        if group:
            sinks[name] = tuple(writes[each] for each in group)
        else:
            sinks[name] = writes.get(name, absent)
    kernel(*positional, **sinks)


def trace(
    kernel: Callable[..., None],
    family: str | None,
    reads: Mapping[str, Expr],
    writes: Mapping[str, TensorType],
) -> dict[str, Expr]:
    """What a kernel writes, by argument, as formulas of what it reads.

    Raises `CompilerFault` if a result is left unwritten or is written with another type.
    """
    noted: dict[str, Expr] = {}
    sinks = {name: Sink(name, type, noted) for name, type in writes.items()}
    call_kernel(kernel, family, reads, sinks, absent=Discard())
    for name in writes:
        if name not in noted:
            raise CompilerFault(f"`{name}` is never written")
    return noted
