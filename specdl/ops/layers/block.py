"""A use of a template from the spec's `blocks`, or layers in a block of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PrivateAttr

from specdl.ops.base import Composite, LayerEntry, Name

Layers = Annotated[tuple[LayerEntry, ...], Field(min_length=1)]
Argument = int | float | str | bool


class Block(Composite):
    """The layers of a template, with its parameters filled in, once or several times in a row.

    The template stands at the top of the spec::

        "blocks": {"residual": {"params": {"channels": "int", "stride": {"type": "int", "default": 1}},
                                "layers": [...]}}

    and in its layers `"${channels}"` is the parameter and `"${index}"` counts the repetitions from 0. With
    `repeat` the layers of a block called `layer1` are named `layer1.0.conv1`, `layer1.1.conv1`, and each
    repetition reads the one before; without it `layer1.conv1`. The layers of a block read one another
    and `input`, what the block reads, and nothing else.

    `layers` in place of `block` gives a block used once: `specdl render` writes the blocks of a spec
    so, a repetition as a block called by its number.
    """

    closed: ClassVar[bool] = True
    type: Literal["block"] = "block"
    block: Annotated[
        Name | None, Field(description="The name of the template in `blocks`.", examples=["residual"])
    ] = None
    layers: Annotated[
        Layers | None,
        Field(
            description="The layers themselves, in place of `block`; they stand once.",
            examples=[({"type": "linear", "out_features": 64, "name": "fc"},)],
        ),
    ] = None
    arguments: Annotated[
        Mapping[str, Argument],
        Field(
            alias="with",
            description="Values for the template's parameters, by name.",
            examples=[{"channels": 64}],
        ),
    ] = {}
    repeat: Annotated[
        int | None, Field(ge=1, description="How often the block stands in a row.", examples=[3])
    ] = None

    _body: tuple[Layers, ...] = PrivateAttr(default=())

    @property
    def body(self) -> tuple[Layers, ...]:
        """The layers of each repetition, one without `repeat`; the spec's reader fills a template's in."""
        return self._body if self.layers is None else (self.layers,) * (self.repeat or 1)

    def filled(self, body: tuple[Layers, ...]) -> Block:
        """This use with the layers that it stands for."""
        made = self.model_copy()
        made._body = body
        return made

    def expand(self) -> tuple[LayerEntry, ...]:
        if self.repeat is None:
            return self.body[0]
        entries = tuple(
            LayerEntry(op=Block(layers=layers), name=str(index)) for index, layers in enumerate(self.body)
        )
        for entry, layers in zip(entries, self.body, strict=True):
            # Messages about a repetition as a whole are about the use of the block.
            entry._path = layers[0]._trail[0] if layers[0]._trail else ()
            entry._trail = layers[0]._trail[1:]
        return entries
