"""A spec with what it leaves to its own model and losses said: defaults that no single key knows."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from specdl.graph.graph import Graph
from specdl.graph.need import need
from specdl.graph.parameters import FIXED
from specdl.ops.base import Initializer
from specdl.ops.schedules.constant import Constant
from specdl.spec.model import InputSpec, LossEntry, ModelSection, ModelSpec

INPUT, TARGET = "input", "target"
"""What the only input and the only target are called."""


def settled(spec: ModelSpec, graph: Graph) -> ModelSpec:
    """The same spec with dtypes of inputs, encoding, starts and schedule said, as all write them.

    `graph` is the one that was built from it. What has a short form (`input`, `loss`) has that.
    """
    data, encodes = spec.data, {*need(graph, spec).encode.values()}
    if len(encodes) == 1:
        target = data.target.model_copy(update={"encode": encodes.pop()})
        data = data.model_copy(update={"target": target})
    model = spec.model.model_copy(update={**inputs(spec.model, graph), "init": starts(spec.model, graph)})
    schedule = Constant() if spec.schedule is None else spec.schedule
    return spec.model_copy(update={"data": data, "model": model, **losses(spec, graph), "schedule": schedule})


def inputs(model: ModelSection, graph: Graph) -> dict[str, Any]:
    """What a model says of its inputs, each with its dtype."""
    declared = model.inputs or ({INPUT: model.input} if model.input else {})
    found: dict[str, InputSpec] = {
        name: each.model_copy(update={"dtype": graph.inputs[name].dtype}) for name, each in declared.items()
    }
    if found.keys() == {INPUT}:
        return {"input": found[INPUT], "inputs": None}
    return {"input": None, "inputs": found}


def starts(model: ModelSection, graph: Graph) -> dict[str, Initializer]:
    """The `init` of a model with the starts that its parameters have where nothing is said of them.

    A name whose parameters start in several ways is left out: no one value stands for all.
    """
    silent = defaultdict[str, list[Initializer]](list)
    for name, parameter in graph.parameters.items():
        if not parameter.said and parameter.param.init not in FIXED:
            silent[name.rpartition(".")[2]].append(parameter.init)
    alike = {name: each[0] for name, each in silent.items() if all(one == each[0] for one in each)}
    return {**model.init, **alike}


def losses(spec: ModelSpec, graph: Graph) -> dict[str, Any]:
    """What a spec says of its losses: one with nothing of its own as `loss`, others each with its output."""
    results = list(graph.outputs)
    if spec.losses is None:
        return {}
    named = tuple(each.model_copy(update={"output": each.output or results[0]}) for each in spec.losses)
    plain = LossEntry(op=named[0].op, output=results[0], target=TARGET)
    if len(results) == 1 and named == (plain,):
        return {"loss": plain.op, "losses": None}
    return {"losses": named}
