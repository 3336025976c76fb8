"""That a run would take more memory than there is: how much, what takes most, and what would fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from specdl.core.diagnostics import Finding, Fix, Note, Replace
from specdl.data.base import SOURCE, Ahead
from specdl.plan.fit import largest_batch
from specdl.plan.machine import Limit, readable
from specdl.plan.plan import COPY, AnyPlan

if TYPE_CHECKING:
    from specdl.graph.graph import Graph
    from specdl.plan.consumers import Consumer, Piece

BATCH_SIZE = ("data", "batch_size")
SHOWN = 3
"""How many of those that take most are told."""
MINOR = 20
"""What is less than one part in so many of a layer's bytes is left out of what is said of it."""


def wanted(buffers: int, samples: int, exact: bool = True) -> str:
    """How much a run takes, in words; `exact` says whether the samples are counted or estimated."""
    total, about = buffers + samples, "" if exact else "about "
    shown = readable(total)
    figure = shown if not exact or shown.endswith("bytes") else f"{total:,} bytes ({shown})"
    data = f"{samples:,}" if exact else f"about {readable(samples)}"
    parts = f": {buffers:,} for buffers, {data} for the data" if samples else ""
    return f"a run would take {about}{figure}{parts}"


def too_much(
    plan: AnyPlan, bytes_for: Callable[[int], int], graph: Graph, data: Ahead, limit: Limit
) -> Finding:
    """E510 for a plan with its samples: the three places that take most, and the batch that fits.

    `bytes_for` tells what the plan would take for batches of so many rows.
    """
    samples = data.nbytes
    message = f"{wanted(plan.bytes.total, samples, data.exact)}, and {limit.source} {readable(limit.nbytes)}"
    rows = largest_batch(bytes_for, limit.nbytes - samples)
    path = ("model",) if plan.bytes.total >= samples else SOURCE
    notes = tuple(largest(plan, graph, samples))
    if not rows:
        return Finding(
            "E510", message, path, at_key=True, notes=(*notes, Note(none_fits(bytes_for, samples)))
        )
    fix = Fix(f"write {rows:,}, the largest batch that fits", (Replace(BATCH_SIZE, rows),))
    return Finding("E510", message, path, at_key=True, notes=notes, help=f'"batch_size": {rows}', fix=fix)


def none_fits(bytes_for: Callable[[int], int], samples: int) -> str:
    """That the batch is not what makes a run too large."""
    return f"a batch of 1 would still take {readable(bytes_for(1) + samples)}"


def largest(plan: AnyPlan, graph: Graph, samples: int = 0) -> Iterator[Note]:
    """What takes most, a note for each place of the spec, with its line."""
    from specdl.plan.consumers import consumers

    found = consumers(plan, graph, samples)
    for group in found.largest(SHOWN):
        yield Note(said(group, optimizer(plan)), group[0].path, label=True)


def optimizer(plan: AnyPlan) -> str:
    """The tag of the optimizer whose updates a plan has."""
    instrs = (instr for schedule in plan.schedules.values() for instr in schedule.program.instrs)
    return next((instr.op.type for instr in instrs if instr.phase == "update"), "")


def said(group: list[Consumer], optimizer: str) -> str:
    """What the consumers at one place of a spec take, in words; `optimizer` is its tag."""
    first, total = group[0], readable(sum(each.total for each in group))
    if first.kind == "data":
        return f"the data takes {total}"
    if first.kind == "batch":
        return f"the batch itself takes {total}: {biggest(first.pieces)}"
    if len(group) == 1:
        return f"`{first.name}` takes {total}: {listed(first, optimizer)}"
    rest = f"{len(group) - 1:,} more of this line"
    return f"`{first.name}` and {rest} take {total}, each {listed(first, optimizer)}"


def listed(consumer: Consumer, optimizer: str) -> str:
    """What makes up most of a layer's bytes: "weight f32[3,784], its gradient and adam's state"."""
    words = []
    kept = {section: of(consumer, section) for section in ("params", "gradients", "optimizer", "scratch")}
    if counts(kept["params"], consumer):
        words.append(biggest(kept["params"], consumer.name))
    if counts(kept["gradients"], consumer):
        words.append("its gradient" if words else "the gradient of its parameters")
    if counts(kept["optimizer"], consumer):
        words.append(f"{optimizer}'s state")
    values = of(consumer, "activations")
    made = [piece for piece in values if f"{piece.name}.".startswith(f"{consumer.name}.")]
    if counts(made, consumer):
        words.append(f"result {max(made, key=lambda piece: piece.nbytes).type}")
    if counts([piece for piece in values if piece not in made], consumer):
        alone = len(words) == 1 and counts(made, consumer)
        words.append("its gradient" if alone else "the gradient of its result")
    copies = [piece for piece in kept["scratch"] if piece.name.startswith(COPY)]
    if counts(copies, consumer):
        words.append(COPY)
    if counts([piece for piece in kept["scratch"] if piece not in copies], consumer):
        words.append("scratch")
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def of(consumer: Consumer, section: str) -> list[Piece]:
    """The pieces of one section."""
    return [piece for piece in consumer.pieces if piece.section == section]


def counts(pieces: list[Piece], consumer: Consumer) -> bool:
    """Whether pieces are worth a word beside the rest of a consumer's bytes."""
    nbytes = sum(piece.nbytes for piece in pieces)
    return nbytes > 0 and nbytes * MINOR >= consumer.total


def biggest(pieces: list[Piece], owner: str = "") -> str:
    """The largest of some values, with its type: `weight f32[3,784]`."""
    most = max(pieces, key=lambda piece: piece.nbytes)
    name = most.name.removeprefix(f"{owner}.")
    return f"{name} {most.type}" if most.type else name
