"""What is linted: a spec with its graph, and all that can be told of its run before it begins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property
from math import prod

from specdl.core.advice import Limits, Run
from specdl.core.diagnostics import Path
from specdl.core.record import record
from specdl.core.wording import number
from specdl.data.base import DataSpec, Need, Outline, Transform, sample_shape
from specdl.data.check import rows_of
from specdl.graph.graph import Graph, LossNode
from specdl.graph.need import need
from specdl.lint.net import GraphNet
from specdl.ops.advice import LossSite
from specdl.spec.document import Document
from specdl.spec.model import ModelSpec, TrainSpec

NEAR = 1e-6
"""What is centred at 0 and varies has values beyond this, on both sides."""


@record()
class Subject:
    """A spec that has no errors: rules are functions of it.

    `known_rows` are the samples of each part where the data has been opened; without them the spec is
    asked, and what it does not tell stays unknown.
    """

    document: Document
    spec: ModelSpec
    graph: Graph
    known_rows: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def outline(self) -> Outline:
        """What the source's options tell of its samples."""
        source = self.spec.data.source
        return Outline() if source is None else source.outline()

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """The samples of each part; empty where they are not known."""
        return self.known_rows or rows_of(self.spec.data, self.outline)

    @cached_property
    def run(self) -> Run:
        """How long the run is."""
        return run_of(self.spec.train, self.spec.data, self.rows)

    @cached_property
    def need(self) -> Need:
        """What the model wants of its data."""
        return need(self.graph, self.spec)

    @cached_property
    def uses(self) -> Mapping[Path, int]:
        """How many layers of the model each layer of a block stands for, by its place."""
        nodes = (*self.graph.nodes, *self.graph.left_out)
        return Counter(node.path for node in nodes if node.trail)

    @cached_property
    def net(self) -> GraphNet:
        """The layers with their neighbours."""
        return GraphNet(self.graph, self.run, self.loss_site)

    def loss_site(self, loss: LossNode) -> LossSite:
        """A loss as its op is told of it."""
        reaches, says = reach(self, loss)
        return LossSite(
            path=loss.path,
            op=loss.op,
            net=self.net,
            output=loss.output,
            target=loss.target,
            encode=self.need.encode[loss.target],
            reaches=reaches,
            target_says=says,
            run=self.run,
        )

    @cached_property
    def losses(self) -> tuple[LossSite, ...]:
        """Every loss as its op is told of it."""
        return tuple(map(self.loss_site, self.graph.losses))

    @cached_property
    def predicted(self) -> str | None:
        """The input that is its own target, where there is one."""
        chosen, inputs = self.spec.data.target.source, self.graph.inputs
        if chosen == "input" and len(inputs) == 1:
            return next(iter(inputs))
        return chosen if chosen in inputs else None


LONGEST = 10**15
"""Steps, or epochs, beyond which no run comes: longer ones are taken as this long, and stay numbers."""


def run_of(train: TrainSpec, data: DataSpec, rows: Mapping[str, int]) -> Run:
    """The length of a run over so many samples; what their number decides is None where it is not known."""
    size, count = data.batch_size, rows.get("train", 0)
    whole, rest = divmod(count, size)
    if data.drop_last:
        rest = 0
    per_epoch = whole + (rest > 0)
    batches = tuple(each for each in (size if whole else 0, rest) if each)
    epochs, steps = (each and min(each, LONGEST) for each in (train.epochs, train.steps))
    if not per_epoch:
        return Run(epochs, steps, None, rows)
    if steps is None:
        steps = (epochs or 0) * per_epoch
    if epochs is None:
        return Run(steps / per_epoch, steps, per_epoch, rows, batches)
    return Run(epochs, steps, per_epoch, rows, batches)


def reach(subject: Subject, loss: LossNode) -> tuple[Limits | None, str]:
    """How far the targets of a loss surely go, and why, in words; None where that is not known."""
    source, outline = subject.spec.data.source, subject.outline
    if subject.need.encode[loss.target] != "value":
        return None, ""
    if subject.predicted is not None:
        changes = changes_of(subject, subject.predicted)
        if not changes or not changes[-1].centres():
            return None, ""
        return (-NEAR, NEAR), f"the target is the input, which `{changes[-1].type}` centres at 0"
    if source is None or subject.spec.data.target.source is not None or not outline.single:
        return None, ""
    if outline.target == "values" and outline.values is not None:
        low, high = outline.values
        return outline.values, f"`{source.type}` has targets from {number(low)} to {number(high)}"
    if (
        outline.target == "classes"
        and outline.classes
        and prod(sample_shape(subject.need.targets[loss.target])) == 1
    ):
        last = outline.classes - 1
        return (0, last), f"`{source.type}` has class numbers from 0 to {last} as its target"
    return None, ""


def changes_of(subject: Subject, name: str) -> list[Transform]:
    """The transforms that an input of real numbers meets, in order."""
    if not subject.graph.inputs[name].is_float:
        return []
    return [each for each in subject.spec.data.transforms if each.inputs is None or name in each.inputs]
