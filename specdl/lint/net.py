"""The neighbours of layers in a graph, looked up when an op asks for them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from specdl.core.advice import UNLIMITED, Limits, Run
from specdl.core.record import record
from specdl.core.types import TensorType
from specdl.graph.graph import Graph, LossNode, Node
from specdl.graph.limits import limits
from specdl.ops.advice import LayerSite, LossSite, Start


@record()
class GraphNet:
    """A graph as `specdl.ops.advice.Net`: each index is made once, in one pass, if anything asks for it.

    `loss_site` makes the site of a loss, which takes more than the graph to know.
    """

    graph: Graph
    run: Run
    loss_site: Callable[[LossNode], LossSite]

    def maker(self, value: str) -> LayerSite | None:
        """The layer that makes a value; None for an input of the model."""
        node = self.makers.get(value)
        return None if node is None else self.site(node)

    def readers(self, value: str) -> tuple[LayerSite | LossSite, ...]:
        """The layers and losses that read a value, in order."""
        layers = [self.site(node) for node in self.reading.get(value, ())]
        losses = [self.loss_site(loss) for loss in self.graph.losses if loss.output == value]
        return (*layers, *losses)

    def limits(self, value: str) -> Limits:
        """Between what every element of a value lies, whatever the data is."""
        return self.bounds.get(value, UNLIMITED)

    def type(self, value: str) -> TensorType:
        """A value's type; axis 0 is the batch."""
        return self.graph.values[value]

    def site(self, node: Node) -> LayerSite:
        """A layer as its op is told of it."""
        params = {argument: self.start(name) for argument, name in node.params.items()}
        return LayerSite(
            path=node.path,
            trail=node.trail,
            name=node.name,
            op=node.op,
            net=self,
            inputs=node.inputs,
            outputs=node.outputs,
            params=params,
            run=self.run,
        )

    def start(self, name: str) -> Start:
        """A parameter as an op is told of it."""
        parameter = self.graph.parameters[name]
        return Start(name, parameter.param.shape, parameter.init, parameter.trainable, parameter.said)

    @cached_property
    def makers(self) -> dict[str, Node]:
        """Who makes each value."""
        return {value: node for node in self.graph.nodes for value in node.outputs.values()}

    @cached_property
    def reading(self) -> dict[str, list[Node]]:
        """Who reads each value."""
        found: dict[str, list[Node]] = {}
        for node in self.graph.nodes:
            for value in dict.fromkeys(node.inputs.values()):
                found.setdefault(value, []).append(node)
        return found

    @cached_property
    def bounds(self) -> dict[str, Limits]:
        """Between what each value lies, where anything is known."""
        return limits(self.graph)
