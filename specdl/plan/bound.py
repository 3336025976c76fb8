"""More bytes than a run can take, found without a program: most checks need to know no more."""

from __future__ import annotations

from specdl.core.types import BYTES, TensorType, aligned
from specdl.graph.graph import Graph
from specdl.ops.base import Optimizer

TEMPORARIES = 32
"""More than a formula keeps at once."""
PACKED, PANEL, BLOCK, TILES = 1 << 19, 1 << 9, 1 << 8, 4
"""Of a product, native code holds no more than so many bytes, or so many of each row of a factor, or so
many rows of the result; tiles that reach over both edges of it hold less than so many times as much."""
WIDEST = BYTES["float64"]
CONSTANTS = 1 << 20
"""More than the numbers and ones that calls read take, but for those of each node."""
PER_NODE = 1 << 12
HEADER = 1 << 12
"""More than what a checkpoint says of one parameter and its optimiser's state."""


def run_at_most(graph: Graph, optimizer: Optimizer, rows: int, threads: int) -> int:
    """At least the bytes of the buffers of a run with batches of `rows` samples, whatever backend runs it.

    Every value, and a gradient for each time that it is read, as if nothing shared memory, each with its
    rows padded; parameters, their gradients, the optimiser's state, and the guard's copy; temporaries as
    large as the largest value, or as all parameters, whose updates may be joined; and scratch memory for
    each of so many threads.
    """
    sizes = {name: padded(type, rows) for name, type in graph.values.items()}
    reads = [sizes[value] for node in graph.nodes for value in node.inputs.values()]
    params = [aligned(each.type.nbytes(rows)) for each in graph.parameters.values()]
    kept = sum(params) * (3 + 2 * len(optimizer.state()))
    largest = max((*sizes.values(), sum(params)), default=0)
    temporaries = TEMPORARIES * WIDEST // BYTES["float32"] * largest
    constants = CONSTANTS + PER_NODE * (len(graph.nodes) + len(params))
    scratch = threads * thread_at_most(graph, rows)
    return kept + 2 * sum(sizes.values()) + sum(reads) + temporaries + constants + scratch


def thread_at_most(graph: Graph, rows: int) -> int:
    """At least the bytes of scratch memory that native code wants for a thread.

    It packs a factor of a product, holds a part of its result, or keeps the temporaries of one row.
    """
    grids = [grid(type.numel(rows), columns(type)) for type in graph.values.values()]
    for each in graph.parameters.values():
        size, cols = each.type.numel(), columns(each.type)
        grids += [grid(size, cols), grid(size, size // cols)]  # a product may pack its columns as rows
    held = (count * min(row, PANEL) + TILES * min(count, BLOCK) * row for count, row in grids)
    return PACKED + max(held, default=0) + TEMPORARIES * max((row for _, row in grids), default=0)


def padded(type: TensorType, rows: int) -> int:
    """The bytes of a value with each of its rows padded to whole vectors, none of them wider than `ALIGN`."""
    cols = columns(type)
    if cols == 1:
        return aligned(type.nbytes(rows))
    return type.numel(rows) // cols * aligned(cols * BYTES[type.dtype])


def grid(size: int, cols: int) -> tuple[int, int]:
    """How many rows so many numbers are, and the bytes of one that is padded."""
    return size // cols, aligned(cols * WIDEST)


def columns(type: TensorType) -> int:
    """The numbers in a row of a value: its last axis, but for that of the batch."""
    last = type.shape[-1] if type.shape else 1
    return last if isinstance(last, int) else 1


def checkpoint_at_most(graph: Graph, optimizer: Optimizer) -> int:
    """At least the bytes of a checkpoint: parameters and the optimiser's state, with their names."""
    params = sum(aligned(each.type.nbytes(1)) for each in graph.parameters.values())
    return params * (1 + len(optimizer.state())) + HEADER * (1 + len(graph.parameters))
