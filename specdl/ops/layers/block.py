"""A use of a template from the spec's `blocks`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, PrivateAttr

from specdl.ops.base import Composite, LayerEntry, Name

Layers = tuple[LayerEntry, ...]
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
    """

    closed: ClassVar[bool] = True
    type: Literal["block"] = "block"
    block: Annotated[Name, Field(description="The name of the template in `blocks`.")]
    arguments: Annotated[
        Mapping[str, Argument],
        Field(alias="with", description="Values for the template's parameters, by name."),
    ] = {}
    repeat: Annotated[int | None, Field(ge=1, description="How often the block stands in a row.")] = None

    _body: tuple[Layers, ...] = PrivateAttr(default=())

    @property
    def body(self) -> tuple[Layers, ...]:
        """The layers of each repetition, one without `repeat`; the spec's reader fills them in."""
        return self._body

    def filled(self, body: tuple[Layers, ...]) -> Block:
        """This use with the layers that it stands for."""
        made = self.model_copy()
        made._body = body
        return made

    def expand(self) -> tuple[LayerEntry, ...]:
        if self.repeat is None:
            return self._body[0]
        entries = tuple(
            LayerEntry(op=Repetition(layers=layers), name=str(index))
            for index, layers in enumerate(self._body)
        )
        for entry, layers in zip(entries, self._body, strict=True):
            # Messages about a repetition as a whole are about the use of the block.
            entry._path = layers[0]._trail[0] if layers[0]._trail else ()
            entry._trail = layers[0]._trail[1:]
        return entries


class Repetition(Composite):
    """One repetition of a block; no spec names it."""

    closed: ClassVar[bool] = True
    type: Literal["repetition"] = "repetition"
    layers: Layers

    def expand(self) -> tuple[LayerEntry, ...]:
        return self.layers
