"""Layers with a way around them."""

from typing import Annotated, Literal

from pydantic import Field

from specdl.ops.base import Composite, LayerEntry
from specdl.ops.layers.add import Add
from specdl.ops.naming import local_names

Layers = Annotated[tuple[LayerEntry, ...], Field(min_length=1)]


class Residual(Composite):
    """The result of some layers plus what they read.

    Forward, with F the `layers` and S the `shortcut`, or the identity without one::

        y = F(x) + S(x)

    Backward::

        dx = dy * dF/dx + dy * dS/dx    (with the identity: dy * dF/dx + dy)

    The layers are named inside it: `res1.linear1`, `res1.shortcut.linear1`, and the sum is
    `res1.add`. `input` is what the residual reads; names outside it can be read too. An
    `activation` of the residual applies to the sum, as in the original.

    Shapes: F(x) and S(x) have one shape, that of y; without a shortcut also that of x.
    Source: He, Zhang, Ren, Sun, "Deep Residual Learning for Image Recognition", 2015.
    """

    type: Literal["residual"] = "residual"
    layers: Annotated[
        Layers,
        Field(
            description="What is added to the input, in order.",
            examples=[
                (
                    {"type": "linear", "out_features": 64, "activation": "relu"},
                    {"type": "linear", "out_features": 64},
                )
            ],
        ),
    ]
    shortcut: Annotated[
        Layers | None,
        Field(
            description="Applied to the input before the sum, where the width changes.",
            examples=[({"type": "linear", "out_features": 64},)],
        ),
    ] = None

    def expand(self) -> tuple[LayerEntry, ...]:
        last = local_names(self.layers)[-1]
        if self.shortcut is None:
            return (*self.layers, LayerEntry(op=Add(), name="add", inputs=(last, "input")))
        way = LayerEntry(op=Shortcut(layers=self.shortcut), name="shortcut", inputs=("input",))
        return (*self.layers, way, LayerEntry(op=Add(), name="add", inputs=(last, "shortcut")))


class Shortcut(Composite):
    """Layers in a row, as a residual's way around; no spec names it."""

    type: Literal["shortcut"] = "shortcut"
    layers: Layers

    def expand(self) -> tuple[LayerEntry, ...]:
        return self.layers
