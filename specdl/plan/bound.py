"""More bytes than a run can take, found without a program: most checks need to know no more."""

from __future__ import annotations

from specdl.core.types import BYTES, aligned
from specdl.graph.graph import Graph
from specdl.ops.base import Optimizer

TEMPORARIES = 32
"""More than a formula keeps at once."""
WIDEST = BYTES["float64"]
CONSTANTS = 1 << 20
"""More than the numbers and ones that calls read take, but for those of each node."""
PER_NODE = 1 << 12
HEADER = 1 << 12
"""More than what a checkpoint says of one parameter and its optimiser's state."""


def run_at_most(graph: Graph, optimizer: Optimizer, rows: int) -> int:
    """At least the bytes of the buffers of a run with batches of `rows` samples.

    Every value, and a gradient for each time that it is read, as if nothing shared memory; parameters,
    their gradients, the optimiser's state, and the guard's copy; and temporaries as large as the largest
    value, or as all parameters, whose updates may be joined.
    """
    sizes = {name: aligned(type.nbytes(rows)) for name, type in graph.values.items()}
    reads = [sizes[value] for node in graph.nodes for value in node.inputs.values()]
    params = [aligned(each.type.nbytes(rows)) for each in graph.parameters.values()]
    kept = sum(params) * (3 + 2 * len(optimizer.state()))
    largest = max((*sizes.values(), sum(params)), default=0)
    temporaries = TEMPORARIES * WIDEST // BYTES["float32"] * largest
    constants = CONSTANTS + PER_NODE * (len(graph.nodes) + len(params))
    return kept + 2 * sum(sizes.values()) + sum(reads) + temporaries + constants


def checkpoint_at_most(graph: Graph, optimizer: Optimizer) -> int:
    """At least the bytes of a checkpoint: parameters and the optimiser's state, with their names."""
    params = sum(aligned(each.type.nbytes(1)) for each in graph.parameters.values())
    return params * (1 + len(optimizer.state())) + HEADER * (1 + len(graph.parameters))
