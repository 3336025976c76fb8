"""What is minimised: losses, the types of their targets, and metrics."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from specdl.core.diagnostics import Note, Path
from specdl.core.errors import ShapeError
from specdl.core.record import record
from specdl.core.types import TensorType
from specdl.core.wording import quoted
from specdl.data.base import Encode
from specdl.graph.graph import LossNode
from specdl.graph.infer import signed
from specdl.graph.names import refused
from specdl.graph.outputs import Outputs, lookup
from specdl.graph.report import Report, Result, Section, Site
from specdl.graph.scope import Scope
from specdl.ops.base import Loss, Metric
from specdl.spec.model import ModelSpec

ENCODED = {"index": "class numbers", "one_hot": "classes as one-hot rows", "value": "values"}


@record()
class Term:
    """A loss as the spec says it."""

    op: Loss
    output: str | None
    target: str
    weight: float
    path: Path

    @property
    def site(self) -> Site:
        return Site("", self.path, (Section.LOSS,))


def terms(spec: ModelSpec) -> list[Term]:
    """The losses of a spec, whichever way it writes them."""
    if spec.loss is not None:
        return [Term(spec.loss, None, "target", 1.0, ("loss",))]
    return [
        Term(entry.op, entry.output, entry.target, entry.weight, ("losses", i))
        for i, entry in enumerate(spec.losses or ())
    ]


def encoding(spec: ModelSpec, op: Loss) -> Encode:
    """How targets are written for a loss: as the spec says, else as the loss takes them.

    The input itself as a target (`from: input`) stays as it is.
    """
    if spec.data.target.encode is not None:
        return spec.data.target.encode
    return "value" if spec.data.target.source == "input" else op.encode


def target_type(encode: Encode, output: TensorType) -> TensorType:
    """The type of a target: class numbers have no class axis, other targets are like the output."""
    return TensorType((*output.shape[:1], *output.shape[1:-1]), "int64") if encode == "index" else output


@dataclass
class Training:
    """What training adds to a graph."""

    losses: list[LossNode] = field(default_factory=list)
    targets: dict[str, TensorType] = field(default_factory=dict)
    pairs: list[tuple[Result, str]] = field(default_factory=list)
    """Each loss's output and target."""
    sound: bool = True
    """Whether every loss could be typed."""


class Losses:
    """Finds the losses of a spec in its model, and types their targets."""

    def __init__(self, spec: ModelSpec, model: Scope, report: Report, taken: Collection[str]) -> None:
        self.spec, self.model, self.report = spec, model, report
        self.taken = set(taken)
        """Names of values and parameters, which no loss may have too."""
        self.made = Training()

    def run(self, results: Outputs) -> Training:
        """The losses; adds to `results` the outputs that only losses name, if the spec names none."""
        found = terms(self.spec)
        if not found:
            message = "the spec has no `loss`: training needs something to minimise"
            self.report.error(Site("", (), (Section.LOSS,)), "E310", message, help='"loss": {"type": "mse"}')
        base = list(results)
        named: dict[str, Result] = {}
        for term in found:
            name, output = self.output(term, base, results)
            if output is None or output.type is None or not self.term(term, name, output, len(found)):
                self.made.sound = False
            elif self.spec.model.output is None:
                named[name] = output
        results.update(named)
        return self.made

    def output(self, term: Term, base: list[str], results: Outputs) -> tuple[str, Result | None]:
        """The name and the result a loss looks at."""
        if term.output is not None:
            path = (*term.path, "output")
            known = results.get(term.output)
            return term.output, known or lookup(term.output, self.model, path, Section.LOSS, self.report)
        if len(base) == 1:
            return base[0], results[base[0]]
        message = f"the loss does not say which output it is for: {quoted(base, 'or')}"
        entry = f'"losses": [{{"type": "{term.op.type}", "output": "{base[0]}"}}]'
        help = entry if self.spec.loss is not None else f'"output": "{base[0]}"'
        self.report.error(term.site, "E311", message, help=help)
        return "", None

    def term(self, term: Term, name: str, output: Result, count: int) -> bool:
        """Add a loss; False, with a finding, if it cannot apply."""
        assert output.type is not None
        target = self.target(term, output, output.type)
        if target is None:
            return False
        try:
            signed(term.op, [output.type, target], self.report.rows)
        except ShapeError as error:
            code = "E311" if error.code == "E210" else error.code
            self.report.error(
                term.site, code, error.message, help=error.help, notes=self.notes(term, output, target)
            )
            return False
        self.made.targets[term.target] = target
        self.made.pairs.append((output, term.target))
        label = self.free("loss" if count == 1 else f"loss.{name}")
        self.made.losses.append(LossNode(label, term.op, output.value, term.target, term.weight, term.path))
        return True

    def target(self, term: Term, output: Result, type: TensorType) -> TensorType | None:
        """The type of a loss's target; None, with a finding, if it cannot have one."""
        encode = encoding(self.spec, term.op)
        if not self.target_name(term):
            return None
        if encode not in term.op.encodes:
            self.wrong_encoding(term, encode, output, type)
            return None
        target = target_type(encode, type)
        if self.spec.data.target.source == "input" and encode == "value" and len(self.model.inputs) == 1:
            target = next(iter(self.model.inputs.values())).type or target
        before = self.made.targets.get(term.target, target)
        if before != target:
            rows = self.report.rows
            message = (
                f"`{term.target}` cannot be {target.bind(rows)} here and {before.bind(rows)} for another loss"
            )
            help = "give each loss a target of its own, or set `data.target.encode`"
            self.report.error(term.site, "E311", message, help=help, notes=self.report.made([output]))
            return None
        return target

    def target_name(self, term: Term) -> bool:
        """Whether a target's name is free; tells if not."""
        if term.target in self.model.inputs:
            message = f"`{term.target}` is an input's name already"
            notes = [
                Note("the input is declared", self.model.inputs[term.target].path, at_key=True, label=True)
            ]
            self.report.error(term.site, "E213", message, "target", notes=notes)
        elif why := refused(term.target):
            message = f"no target can be called `{term.target}`: {why}"
            self.report.error(term.site, "E116", message, "target")
        else:
            return True
        return False

    def wrong_encoding(self, term: Term, encode: Encode, output: Result, type: TensorType) -> None:
        """Tell of an encoding of targets that the loss cannot take, at the place that chose it."""
        message = f"`{term.op.type}` takes no targets encoded as `{encode}` ({ENCODED[encode]})"
        wide = bool(type.shape) and isinstance(type.shape[-1], int) and type.shape[-1] > 1
        fit = "one_hot" if wide and "one_hot" in term.op.encodes else term.op.encode
        notes = (
            Note(f"`{term.op.type}` is chosen", (*term.path, "type"), label=True),
            *self.report.made([output]),
        )
        site = Site("", ("data", "target", "encode"), (Section.LOSS,))
        self.report.error(site, "E311", message, help=f'"encode": "{fit}"', notes=notes)

    def notes(self, term: Term, output: Result, target: TensorType) -> tuple[Note, ...]:
        """What a loss compares."""
        what = ENCODED[encoding(self.spec, term.op)]
        if self.spec.data.target.source == "input":
            what = "the input itself"
        about = Note(f"`{term.target}` is {target.bind(self.report.rows)}: {what}")
        return (*self.report.made([output]), about)

    def free(self, label: str) -> str:
        """A name for a loss that no other value has, nor has it with `.raw` behind it."""
        name, n = label, 1
        while name in self.taken or f"{name}.raw" in self.taken:
            n += 1
            name = f"{label}.{n}"
        self.taken |= {name, f"{name}.raw"}
        return name


def check_metrics(metrics: tuple[Metric, ...], training: Training, report: Report) -> None:
    """Tell of metrics that apply to no loss's output and target."""
    if not training.sound:
        return
    for i, metric in enumerate(metrics):
        faults: list[tuple[ShapeError, Result]] = []
        for output, target in training.pairs:
            fault = refusal(metric, output, training.targets[target], report.rows)
            if fault is None:
                break
            faults.append((fault, output))
        else:
            if faults:
                error, output = faults[0]
                code = "E314" if error.code == "E210" else error.code
                site = Site("", ("metrics", i), (Section.METRICS,))
                scores = all(each.op.logits for each in training.losses)  # which no encoding comes near
                help = '"metrics": ["accuracy"]' if scores and error.help else error.help
                report.error(site, code, error.message, help=help, notes=report.made([output]))


def refusal(metric: Metric, output: Result, target: TensorType, rows: int) -> ShapeError | None:
    """Why a metric cannot apply to an output and a target; None if it can."""
    assert output.type is not None
    try:
        metric.signature(output.type, target)
    except ShapeError as symbolic:
        try:
            metric.signature(output.type.bind(rows), target.bind(rows))
        except ShapeError as bound:
            return bound
        return symbolic
    return None


def classes(encode: Mapping[str, Encode], outputs: Mapping[str, TensorType]) -> dict[str, int]:
    """The number of classes behind each target that counts classes: the output's last axis."""
    return {
        target: size
        for target, how in encode.items()
        if how != "value" and isinstance(size := outputs[target].shape[-1], int)
    }
