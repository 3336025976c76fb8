"""What each layer takes of a plan's memory, to the byte.

Parameters, gradients and optimiser state have places of their own. Activations, their gradients
and scratch share an arena by lifetime, so that what a layer takes of it depends on the moment:
here it is what is live when the arena is fullest, and what lies idle between the live values then
belongs to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from specdl.core.diagnostics import Path
from specdl.core.types import TensorType, aligned
from specdl.graph.graph import Graph
from specdl.plan.nest_schedule import NestSchedule
from specdl.plan.owners import BATCH, SHARED, Owners
from specdl.plan.plan import COPY, AnyPlan, Schedule, Scheduled, fixed_places, is_scratch, spans, types_of
from specdl.program.program import Instr

Kind = Literal["layer", "loss", "batch", "data", "shared"]
Section = Literal["params", "gradients", "optimizer", "state", "activations", "scratch", "data"]
SECTIONS: tuple[Section, ...] = get_args(Section)
Span = tuple[int, int, int, int, str]
"""First and last instruction, first and last byte, and name, of what lies in the arena."""
DATA = "data"


@dataclass(frozen=True)
class Piece:
    """Bytes of one value, in the section of the plan where they count; `type` is None where it has none."""

    section: Section
    name: str
    nbytes: int
    type: TensorType | None = None


@dataclass
class Consumer:
    """A layer, a loss, the batch, the data or what is shared: what it takes, and where a spec says it.

    `trail` has the places where the blocks are used that a layer belongs to, innermost first.
    """

    name: str
    kind: Kind
    path: Path
    trail: tuple[Path, ...] = ()
    pieces: list[Piece] = field(default_factory=list)

    @property
    def total(self) -> int:
        """All bytes."""
        return sum(piece.nbytes for piece in self.pieces)

    def section(self, section: Section) -> int:
        """The bytes of one section."""
        return sum(piece.nbytes for piece in self.pieces if piece.section == section)


@dataclass(frozen=True)
class Consumers:
    """All consumers in the graph's order, then the batch, the data, and what is shared.

    Their totals add up to the plan's and the data's. `moment` names the instruction at which the
    arena is fullest.
    """

    each: tuple[Consumer, ...]
    moment: str

    @property
    def total(self) -> int:
        """All bytes of the run."""
        return sum(consumer.total for consumer in self.each)

    def largest(self, count: int) -> list[list[Consumer]]:
        """The places of the spec that take most; the layers that repeat one line count as one."""
        groups: dict[tuple[Kind, Path], list[Consumer]] = {}
        for consumer in self.each:
            if consumer.kind != "shared" and consumer.total:
                groups.setdefault((consumer.kind, consumer.path), []).append(consumer)
        in_order = sorted(groups.values(), key=lambda group: -sum(each.total for each in group))
        return in_order[:count]


def consumers(plan: AnyPlan, graph: Graph, data: int = 0) -> Consumers:
    """What takes the bytes of a plan, of any backend, and of `data` bytes of samples in memory."""
    programs = {name: schedule.program for name, schedule in plan.schedules.items()}
    owners = Owners(graph, programs.values())
    found = blank(graph)

    def put(owner: str, piece: Piece) -> None:
        found.get(owner, found[SHARED]).pieces.append(piece)

    fixed, _ = fixed_places(programs, plan.rows)
    types = types_of(programs)
    for value, place in fixed.items():
        type = types[value].bind(plan.rows)
        nbytes = aligned(type.nbytes())
        section = cast(Section, "activations" if place.arena == "batch" else place.arena)
        put(owners.of(value), Piece(section, value, nbytes, type))
        if plan.sizes.get("guard") and place.arena in ("params", "optimizer"):
            put(owners.of(value), Piece("scratch", f"{COPY} of {value}", nbytes, type))
    peak = fullest(plan)
    for owner, piece in peak.live(owners, plan.rows) if peak else ():
        put(owner, piece)
    if data:
        put(DATA, Piece("data", "the samples", data))
    each = tuple(found.values())
    rest = plan.bytes.total + data - sum(consumer.total for consumer in each)
    put(SHARED, Piece("scratch", "numbers, and what lies idle in the arena", rest))
    return Consumers(each, peak.moment if peak else "")


def blank(graph: Graph) -> dict[str, Consumer]:
    """A consumer for each node and loss of a graph, and for what is no layer's; nothing counted yet."""
    found = {node.name: Consumer(node.name, "layer", node.path, node.trail) for node in graph.nodes}
    found |= {loss.name: Consumer(loss.name, "loss", loss.path) for loss in graph.losses}
    found[BATCH] = Consumer(BATCH, "batch", ("data", "batch_size"))
    found[DATA] = Consumer(DATA, "data", ("data", "source"))
    found[SHARED] = Consumer(SHARED, "shared", ())
    return found


@dataclass(frozen=True)
class Peak:
    """A schedule at the moment at which most of its arena is live; `spans` is what is live then."""

    schedule: Scheduled
    spans: tuple[Span, ...]
    arena: int
    """The bytes up to the last one that the schedule ever uses."""
    name: str
    instant: int

    @property
    def moment(self) -> str:
        """The moment in words: "while `fc1` runs backward in training"."""
        run = {"train": "training", "step": "training", "evaluate": "evaluation"}.get(self.name, "prediction")
        instr = self.instr(self.instant)
        if instr is None:
            return f"at the end of {run}"
        if instr.phase == "update":
            return f"while `{instr.node}` is updated"
        return f"while `{instr.node}` runs {instr.phase} in {run}"

    def instr(self, instant: int) -> Instr | None:
        """The instruction (of a nest, its first) at an instant; None beyond the first and the last."""
        instrs = self.schedule.program.instrs
        if isinstance(self.schedule, NestSchedule):
            nests = self.schedule.nests.nests
            return instrs[nests[instant].instrs[0]] if 0 <= instant < len(nests) else None
        return instrs[instant] if 0 <= instant < len(instrs) else None

    def live(self, owners: Owners, rows: int) -> Iterator[tuple[str, Piece]]:
        """What is live, and whose it is; a temporary is its instruction's."""
        for start, _, low, high, name in self.spans:
            type = self.schedule.program.types.get(name)
            owner, instr = owners.of(name), self.instr(start)
            if type is None and instr is not None:
                owner = owners.of_instr(instr)
            section: Section = "scratch" if is_scratch(name) else "activations"
            yield owner, Piece(section, name, aligned(high - low), type and type.bind(rows))


def fullest(plan: AnyPlan) -> Peak | None:
    """The moment at which most is live in the schedule that needs the largest arena; None where none does."""
    best: Peak | None = None
    for name, schedule in plan.schedules.items():
        taken = list(in_arena(schedule, plan.rows))
        arena = max((low + aligned(high - low) for _, _, low, high, _ in taken), default=0)
        if arena > (best.arena if best else 0):
            instant = most_live(taken)
            live = tuple(span for span in taken if span[0] <= instant <= span[1])
            best = Peak(schedule, live, arena, name, instant)
    return best


def in_arena(schedule: Scheduled, rows: int) -> Iterator[Span]:
    """All that shares the arena in a schedule."""
    if isinstance(schedule, NestSchedule):
        return schedule.spans(rows)
    assert isinstance(schedule, Schedule)
    return spans(schedule, rows)


def most_live(taken: Iterable[Span]) -> int:
    """The first instant at which the most bytes are live."""
    change: dict[int, int] = {}
    for start, end, low, high, _ in taken:
        change[start] = change.get(start, 0) + aligned(high - low)
        change[end + 1] = change.get(end + 1, 0) - aligned(high - low)
    live = most = found = 0
    for instant in sorted(change):
        live += change[instant]
        if live > most:
            most, found = live, instant
    return found
