"""What the entries of a spec themselves say about how they are used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from specdl.core.diagnostics import Finding, Path
from specdl.core.errors import ShapeError, UsageError
from specdl.data.base import SOURCE, DataSite, Source, Transform
from specdl.graph.graph import Parameter
from specdl.lint.subject import Subject
from specdl.ops.advice import LossSite, MetricSite, OptimizerSite, ScheduleSite, StartSite
from specdl.ops.base import Initializer, Layer, Loss, Metric, Optimizer, Schedule
from specdl.ops.registry import CATALOGS

TRANSFORMS = ("data", "transforms")
SILENT = {base.advise for base in (Layer, Loss, Optimizer, Initializer, Schedule, Metric, Source, Transform)}
"""What the kinds of entries have where an entry has no advice of its own."""


class Adviser(Protocol):
    """An entry of any kind."""

    @property
    def type(self) -> str: ...

    def advise(self, site: Any) -> Any: ...


def advice(subject: Subject) -> Iterator[Finding]:
    """The advice of every entry that gives any."""
    yield from of_data(subject)
    yield from of_starts(subject)
    for node in subject.graph.nodes:
        if type(node.op).advise not in SILENT:
            yield from asked(node.op, subject.net.site(node))
    for site in subject.losses:
        yield from asked(site.op, site)
    yield from of_training(subject)
    yield from of_metrics(subject)


def asked(entry: Adviser, site: Any) -> list[Finding]:
    """What an entry says; raises `UsageError` where one from outside cannot be asked."""
    try:
        return list(entry.advise(site))
    except Exception as fault:  # an op from outside may raise anything
        if type(entry).__module__.startswith("specdl."):
            raise
        message = f"the plug-in's `{entry.type}` cannot be asked for advice: {type(fault).__name__}: {fault}"
        raise UsageError(message, code="E230") from fault


def of_data(subject: Subject) -> Iterator[Finding]:
    """The advice of the source and the transforms."""
    data, need, run = subject.spec.data, subject.need, subject.run
    if data.source is not None:
        yield from asked(data.source, DataSite(path=SOURCE, spec=data, need=need, run=run))
    for number, each in enumerate(data.transforms):
        names = set(need.inputs if each.inputs is None else each.inputs)
        before = tuple(one for one in data.transforms[:number] if names <= set(one.inputs or need.inputs))
        path = (*TRANSFORMS, number)
        yield from asked(each, DataSite(path=path, spec=data, need=need, run=run, before=before))


def of_starts(subject: Subject) -> Iterator[Finding]:
    """The advice of initialisers, once for each place where the document says one."""
    places: dict[Path, list[Parameter]] = {}
    for parameter in subject.graph.parameters.values():
        if parameter.said and type(parameter.init).advise not in SILENT:
            places.setdefault(parameter.said, []).append(parameter)
    layers = {node.name: node for node in subject.graph.nodes} if places else {}
    activations = CATALOGS["activations"].tags()
    for path, parameters in places.items():
        followers: dict[str, str] = {}
        for parameter in parameters:
            layer = parameter.name.rpartition(".")[0]
            for value in layers[layer].outputs.values() if layer in layers else ():
                for reader in subject.net.reading.get(value, ()):
                    if reader.op.type in activations:
                        followers.setdefault(reader.op.type, layer)
        site = StartSite(path=path, parameter=str(path[-1]), followers=followers)
        yield from asked(parameters[0].init, site)


def of_training(subject: Subject) -> Iterator[Finding]:
    """The advice of the optimiser and of the schedule."""
    spec, run = subject.spec, subject.run
    peak = spec.schedule.peak() if spec.schedule is not None else 1.0
    lr = getattr(spec.optimizer, "lr", None)
    if peak == lr:  # rates in place of factors, of which the schedule tells
        peak = 1.0
    site = OptimizerSite(
        path=("optimizer",), run=run, peak=peak, hidden=hidden(subject), dtype=spec.model.dtype
    )
    yield from asked(spec.optimizer, site)
    if spec.schedule is not None:
        yield from asked(spec.schedule, ScheduleSite(path=("schedule",), run=run, whole=run, lr=lr))


def hidden(subject: Subject) -> bool:
    """Whether a layer with parameters reads, through others, from another one."""
    below: set[str] = set()
    for node in subject.graph.nodes:
        deep = not below.isdisjoint(node.inputs.values())
        if node.params and deep:
            return True
        if node.params or deep:
            below.update(node.outputs.values())
    return False


def of_metrics(subject: Subject) -> Iterator[Finding]:
    """The advice of the metrics."""
    values = {loss.target: says for loss in subject.losses if (says := no_classes(subject, loss))}
    for number, metric in enumerate(subject.spec.metrics):
        if type(metric).advise in SILENT:
            continue
        losses = tuple(loss for loss in subject.losses if takes(metric, loss))
        yield from asked(metric, MetricSite(path=("metrics", number), losses=losses, values=values))


def takes(metric: Metric, loss: LossSite) -> bool:
    """Whether a metric is computed from the output and the target of a loss."""
    try:
        metric.signature(loss.type, loss.net.type(loss.target))
    except ShapeError:
        return False
    return True


def no_classes(subject: Subject, loss: LossSite) -> str | None:
    """Why a target is surely no class, in words."""
    data = subject.spec.data
    if subject.predicted is not None:
        return loss.target_says or None
    if data.source is not None and data.target.source is None and subject.outline.target == "values":
        return f"`{data.source.type}` has values as its target"
    return None
