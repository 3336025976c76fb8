"""Types of results, by the ops' signatures, and what to say where values do not fit."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from specdl.core.errors import ShapeError
from specdl.core.record import record
from specdl.core.types import TensorType
from specdl.graph.report import Report, Result, Site
from specdl.ops.base import Layer, LayerEntry, Signature

NUMBERS = {0: "no value", 1: "one value", 2: "two values", 3: "three values"}
WIDTHS = ("out_features", "out_channels")
"""Options that are the size of a result's axis."""


@record()
class Arity:
    """The inputs an op takes: their names, how many it needs, and the name behind `*`."""

    names: tuple[str, ...]
    needed: int
    variadic: str | None

    def arguments(self, count: int) -> tuple[str, ...] | None:
        """The arguments that `count` values are given to, or None if the op takes no such number."""
        if count < self.needed or (count > len(self.names) and self.variadic is None):
            return None
        further = (f"{self.variadic}{i}" for i in range(count - len(self.names)))
        return (*self.names[:count], *further)

    def __str__(self) -> str:
        if self.variadic is not None or self.needed < len(self.names):
            most = "" if self.variadic is not None else f" to {len(self.names)}"
            return f"{self.needed}{most or ' or more'} values"
        return amount(self.needed)


def amount(count: int) -> str:
    """`one value`, `two values`."""
    return NUMBERS.get(count, f"{count} values")


@lru_cache(maxsize=1024)
def arity(cls: type[Any]) -> Arity:
    """What the arguments of `signature` say about an op's inputs."""
    parameters = list(inspect.signature(cls.signature).parameters.values())[1:]
    plain = [p for p in parameters if p.kind is not p.VAR_POSITIONAL]
    return Arity(
        names=tuple(p.name for p in plain),
        needed=sum(p.default is p.empty for p in plain),
        variadic=next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), None),
    )


def signed(op: Any, types: Sequence[TensorType], rows: int) -> Signature:
    """What an op's signature says of values of these types.

    Raises `ShapeError` whose text has the batch size in numbers, as a user reads it: the
    signature is asked a second time, for a batch of `rows`.
    """
    try:
        signature: Signature = op.signature(*types)
    except ShapeError:
        op.signature(*(type.bind(rows) for type in types))
        raise
    return signature


class Maker(NamedTuple):
    """The layer that made a value, as far as a hint needs it."""

    site: Site
    op: Layer


class Hints:
    """Who made which value, and who has read it: what a repair may change."""

    def __init__(self) -> None:
        self.makers: dict[str, Maker] = {}
        self.readers: dict[str, int] = {}

    def read(self, values: Sequence[Result]) -> None:
        for each in values:
            self.readers[each.value] = self.readers.get(each.value, 0) + 1

    def made(self, result: Result, site: Site, op: Layer) -> None:
        self.makers[result.value] = Maker(site, op)

    def same(self, result: Result, source: Result) -> None:
        """Note that a result is an activation of another: it has the width of its source."""
        if (
            source.value in self.makers
            and result.type == source.type
            and self.readers.get(source.value, 0) == 1
        ):
            self.makers[result.value] = self.makers[source.value]

    def width(self, op: Any, values: Sequence[Result]) -> str | None:
        """The one option of an input's layer that makes the op fit, or None.

        Only for a layer that nothing else has read so far and that is written out (not in a
        block, which is used elsewhere too); the op itself says whether the change mends it. Of
        several the last layer is named: what stands first is taken as meant.
        """
        for i, value in reversed(list(enumerate(values))):
            maker = self.makers.get(value.value)
            if (
                maker is None
                or value.type is None
                or self.readers.get(value.value, 0) > 1
                or maker.site.trail
            ):
                continue
            for option in WIDTHS:
                wanted = self.fitting(op, values, i, getattr(maker.op, option, None))
                if wanted is not None:
                    return f"give `{maker.site.name}` {option}: {wanted}"
        return None

    @staticmethod
    def fitting(op: Any, values: Sequence[Result], i: int, now: int | None) -> int | None:
        """The size that input `i` must have in the place of `now` for the op to fit."""
        types = [value.type for value in values if value.type is not None]
        shape = types[i].shape
        if now is None or shape.count(now) != 1 or len(types) != len(values):
            return None
        axis = shape.index(now)
        for other in types:
            size = other.shape[axis] if axis < len(other.shape) else now
            changed = types[i].with_shape(*shape[:axis], size, *shape[axis + 1 :])
            if size != now and isinstance(size, int) and accepts(op, [*types[:i], changed, *types[i + 1 :]]):
                return size
        return None


def accepts(op: Any, types: Sequence[TensorType]) -> bool:
    """Whether an op takes values of these types."""
    try:
        op.signature(*types)
    except ShapeError:
        return False
    return True


class Call(NamedTuple):
    """An op to be applied: by its layer's entry, or as an activation (then `entry` is None)."""

    op: Layer
    site: Site
    values: list[Result] | None
    """What it reads; None where a name it reads has a finding."""
    entry: LayerEntry | None
    trainable: bool
    where: tuple[str, ...] = ()
    """The place of the op in its layer's mapping."""


def infer(call: Call, report: Report, hints: Hints) -> tuple[Signature, Mapping[str, Result]] | None:
    """The signature of an op on what it reads, and that by argument.

    None, with a finding, if the values do not fit; None and silent if one of them has a finding
    already.
    """
    op, site, values = call.op, call.site, call.values
    if values is None:
        return None
    arguments = arity(type(op)).arguments(len(values))
    if arguments is None:
        message = f"`{op.type}` reads {arity(type(op))}, not {len(values)}"
        where = (*call.where, "inputs") if call.entry and call.entry.inputs is not None else call.where
        report.error(site, "E210", message, *where, notes=report.made(values))
        return None
    types = [value.type for value in values if value.type is not None]
    if len(types) < len(values):
        return None
    try:
        signature = signed(op, types, report.rows)
    except ShapeError as error:
        help = error.help or hints.width(op, values)
        report.error(site, error.code, error.message, *call.where, help=help, notes=report.made(values))
        return None
    return signature, dict(zip(arguments, values, strict=True))
