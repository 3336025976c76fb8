"""What a model holds, or leaves out, without any use: layers, inputs, parameters."""

from __future__ import annotations

from collections.abc import Iterator

from specdl.core.advice import Site
from specdl.core.diagnostics import Finding, Path
from specdl.core.wording import counted, number
from specdl.graph.graph import Node
from specdl.lint.subject import Subject


def unread_layers(subject: Subject) -> Iterator[Finding]:
    """W201: layers whose result neither a layer, nor an output, nor a loss reads."""
    graph = subject.graph
    if not graph.left_out:
        return
    kept = {param for node in graph.nodes for param in node.params.values()}
    needed = {value for node in graph.left_out for value in node.inputs.values()}
    ends = last_of_composites(subject)
    for node in graph.left_out:
        if needed.isdisjoint(node.outputs.values()) and kept.isdisjoint(node.params.values()):
            name, site = outermost(node, ends)
            message = f"nobody reads `{name}`: it is left out of the model"
            help = "name it in the `inputs` of another layer or in `model.output`, or take it away"
            yield site.finding("W201", message, help=help)


def last_of_composites(subject: Subject) -> set[str]:
    """`<composite> <node>` for each composite that is left out as a whole, with its last node."""
    kept = {name for node in subject.graph.nodes for name in around(node)}
    last = {name: node.name for node in subject.graph.left_out for name in around(node)}
    return {f"{composite} {name}" for composite, name in last.items() if composite not in kept}


def around(node: Node) -> list[str]:
    """The names of the composites that a node is part of, the outermost first."""
    parts = node.name.removesuffix(".activation").split(".")
    return [".".join(parts[:length]) for length in range(1, len(parts))]


def outermost(node: Node, ends: set[str]) -> tuple[str, Site]:
    """The layer that a user would take away: the block itself where the node is its result."""
    name, path, trail = node.name.removesuffix(".activation"), node.path, node.trail
    if node.name != name:
        path = path[:-1]
    while trail and "." in name:
        above = name.rpartition(".")[0]
        if f"{above} {node.name}" not in ends:
            break
        name = above
        if name.rpartition(".")[2].isdecimal():  # a repetition goes by the block's name
            name = name.rpartition(".")[0]
        path, trail = trail[0], trail[1:]
    return name, Site(path=path, trail=trail)


def unread_inputs(subject: Subject) -> Iterator[Finding]:
    """W202: inputs that nothing reads."""
    graph = subject.graph
    left = {value for node in graph.left_out for value in node.inputs.values()}
    for name in graph.inputs:
        if name not in subject.net.reading and name not in left and name != subject.predicted:
            path: Path = ("model", "input") if subject.spec.model.input else ("model", "inputs", name)
            message = f"no layer reads the input `{name}`"
            help = f'"inputs": ["{name}"] in the layer that is to read it'
            yield Site(path=path).finding("W202", message, at_key=True, help=help)


def untrained(subject: Subject) -> Iterator[Finding]:
    """W203: parameters that no loss depends on, so that training leaves them as they start."""
    graph = subject.graph
    wanted = {loss.output for loss in graph.losses}
    if wanted.issuperset(graph.outputs.values()):
        return
    reaching: set[str] = set()
    others: list[Node] = []
    for node in reversed(graph.nodes):
        if wanted.isdisjoint(node.outputs.values()):
            others.append(node)
        else:
            wanted.update(node.inputs.values())
            reaching.update(node.params.values())
    for node in reversed(others):
        names = [name for name in node.params.values() if name not in reaching]
        if any(graph.parameters[name].trainable for name in names):
            message = f"no loss depends on `{node.name}`: training leaves its parameters as they start"
            help = 'give its result a loss in `losses`, or freeze it: "trainable": false'
            yield Site(path=node.path, trail=node.trail).finding("W203", message, help=help)


def nothing_to_train(subject: Subject) -> Iterator[Finding]:
    """W204: a model without a parameter that training changes."""
    graph = subject.graph
    if not graph.losses or any(parameter.trainable for parameter in graph.parameters.values()):
        return
    epochs = subject.spec.train.epochs
    length = counted(epochs, "epoch") if epochs else counted(subject.spec.train.steps or 0, "step")
    if not graph.parameters:
        message = f"the model has no parameters: {length} of training change nothing"
        yield Site(path=("model", "layers")).finding("W204", message, at_key=True)
        return
    message = (
        f"every layer is frozen, with {number(graph.parameter_count)} parameters: {length} change nothing"
    )
    help = 'take `"trainable": false` off the layers that are to learn'
    yield Site(path=("model", "layers")).finding("W204", message, at_key=True, help=help)
