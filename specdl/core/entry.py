"""What a spec can name: frozen, strict pydantic classes, and the slots they stand in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema

from specdl.core.record import record

BUILDING: ContextVar[bool] = ContextVar("BUILDING", default=False)
"""Whether the validator of an entry is being built."""


class Entry(BaseModel):
    """One mapping of a spec: unknown keys, wrong types and non-finite numbers are errors.

    Sequences are tuples, so that an entry is immutable; the spec's reader makes them so.
    """

    model_config = ConfigDict(
        frozen=True,
        strict=True,
        extra="forbid",
        allow_inf_nan=False,
        populate_by_name=True,
        defer_build=True,
        regex_engine="python-re",  # the other takes 20 ms to compile `\w` of all scripts
    )

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A field that holds an entry takes an instance: the spec's reader makes entries bottom-up.

        So the validator of a class does not hold those of all classes below it, which would
        cost a check a fifth of its time.
        """
        if BUILDING.get():
            return core_schema.is_instance_schema(cls)
        with building():
            return handler(source)


@contextmanager
def building() -> Iterator[None]:
    """While the validator of one entry is built."""
    token = BUILDING.set(True)
    try:
        yield
    finally:
        BUILDING.reset(token)


@record()
class Slot:
    """Marks a field that holds an entry chosen by its `type` tag.

    `category` is the catalog's word (`activations`, `schedules`, ...). Where `short`, a
    bare name stands for the entry with its defaults.
    """

    category: str
    short: bool = False
