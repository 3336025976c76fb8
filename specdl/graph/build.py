"""A validated spec to a graph: every name means something, and every value has a type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from specdl.core.diagnostics import Finding, Path
from specdl.core.types import BATCH, TensorType
from specdl.graph.expand import Expander
from specdl.graph.graph import Graph, Node
from specdl.graph.losses import Losses, Training, check_metrics
from specdl.graph.names import refused
from specdl.graph.outputs import outputs
from specdl.graph.parameters import Inits, Parameters
from specdl.graph.report import Report, Result, Section, Site
from specdl.spec.model import InputSpec, ModelSpec


def build(spec: ModelSpec) -> tuple[Graph | None, list[Finding]]:
    """The graph of a spec, or None and what is wrong with it, in document order.

    Every layer is checked, but a layer whose result reaches neither an output nor a loss is
    left out of the graph, and with it its parameters: as in Keras, a model is what its results
    need, so that counts, bytes, checkpoints and optimiser state hold nothing that does nothing.
    What a left-out layer owns and another layer ties to stays.
    """
    report = Report(spec.data.batch_size)
    inputs = declared(spec, report)
    if not inputs:
        return None, report.findings()
    inits = Inits(Site("", ("model",), (Section.INIT,)), spec.model.init)
    parameters = Parameters(report, spec.model.dtype)
    expander = Expander(report, parameters)
    model = expander.run(spec.model.layers, inputs, inits)
    inits.check(report)
    owners = parameters.resolve()
    results = outputs(spec, model, report)
    training = Losses(spec, model, report, {*expander.values, *parameters.paths}).run(results)
    check_metrics(spec.metrics, training, report)
    findings = report.findings()
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    made = {name: result.value for name, result in results.items() if result is not None}
    types = {name: result.type for name, result in inputs.items() if result.type is not None}
    return assemble(spec.name, types, expander, owners, made, training).verify(), findings


def declared(spec: ModelSpec, report: Report) -> dict[str, Result]:
    """The model's inputs, by name."""
    model = spec.model
    site = Site("", ("model",), (Section.INPUTS,))
    if model.input is not None and model.inputs is not None:
        report.error(site, "E111", "`input` and `inputs` cannot stand side by side", "inputs", at_key=True)
    if model.input is None and not model.inputs:
        help = '"input": {"shape": [2]}'
        report.error(site, "E112", "the model has no `input`: what does one sample look like?", help=help)
    if model.input is not None:
        return {"input": typed("input", model.input, spec, ("model", "input"), report)}
    found: dict[str, Result] = {}
    for name, each in (model.inputs or {}).items():
        why = refused(name)
        if why:
            message = f"no input can be called `{name}`: {why}"
            report.error(site, "E116", message, "inputs", name, at_key=True)
        found[name] = typed(name, each, spec, ("model", "inputs", name), report)
    return found


def typed(name: str, declared: InputSpec, spec: ModelSpec, path: Path, report: Report) -> Result:
    """An input with its type; floats are the model's."""
    dtype = declared.dtype or spec.model.dtype
    if dtype not in ("int64", spec.model.dtype):
        site = Site("", path, (Section.INPUTS,))
        message = f"`{name}` is {dtype}, and the model computes in {spec.model.dtype}"
        report.error(site, "E210", message, "dtype", help=f'"dtype": "{spec.model.dtype}"')
        dtype = spec.model.dtype
    return Result(name, name, TensorType((BATCH, *declared.shape), dtype), path)


def tied(node: Node, owners: Mapping[str, str]) -> Node:
    """A node that reads the owners of the parameters that it ties."""
    params = {argument: owners.get(param, param) for argument, param in node.params.items()}
    return replace(node, params=params)


def assemble(
    name: str,
    inputs: Mapping[str, TensorType],
    expander: Expander,
    owners: Mapping[str, str],
    results: Mapping[str, str],
    training: Training,
) -> Graph:
    """The graph of what the results and the losses need."""
    wanted = {*results.values(), *(loss.output for loss in training.losses)}
    nodes: list[Node] = []
    left_out: list[Node] = []
    for node in reversed(expander.nodes):
        if not wanted.isdisjoint(node.outputs.values()):
            wanted.update(node.inputs.values())
            nodes.append(node if owners.keys().isdisjoint(node.params.values()) else tied(node, owners))
        else:
            left_out.append(node)
    nodes.reverse()
    used = {param for node in nodes for param in node.params.values()}
    kept = {value for node in nodes for value in (*node.outputs.values(), *node.saved.values())}
    return Graph(
        name=name,
        inputs=inputs,
        targets=training.targets,
        values={
            **inputs,
            **training.targets,
            **{value: type for value, type in expander.values.items() if value in kept},
        },
        nodes=tuple(nodes),
        parameters={name: p for name, p in expander.parameters.owned.items() if name in used},
        losses=tuple(training.losses),
        outputs=results,
        left_out=tuple(reversed(left_out)),
    )
