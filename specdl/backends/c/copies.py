"""Copies of columns."""

from __future__ import annotations

from specdl.backends.c.body import Body
from specdl.backends.c.names import Layout, Names, block
from specdl.backends.c.rows import extent
from specdl.backends.c.target import Target
from specdl.core.errors import CompilerFault
from specdl.loops.nests import Nest
from specdl.loops.statements import Copy


def emit_copy(nest: Nest, layout: Layout, target: Target, names: Names) -> Body:
    """The body of a `copy` nest: units are rows."""
    (copy,) = nest.statements
    assert isinstance(copy, Copy)
    if layout.dtype(copy.source) != layout.dtype(copy.target):
        raise CompilerFault(f"{copy} changes the dtype")
    to = _row(
        names.param(copy.target, written=True), layout.ld(copy.target, copy.target_cols), copy.target_at
    )
    of = _row(names.param(copy.source), layout.ld(copy.source, copy.source_cols), copy.source_at)
    line = f"memcpy({to}, {of}, {copy.cols} * sizeof(*{to.split()[0]}));"
    return Body(tuple(block("for (i64 i = lo; i < hi; i++)", [line])), extent(copy.rows), 1, 0)


def _row(q: str, ld: int, at: int) -> str:
    return f"{q} + i * {ld} + {at}" if at else f"{q} + i * {ld}"
