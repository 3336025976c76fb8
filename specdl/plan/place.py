"""Where a value lies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """An arena and an offset in it, in bytes."""

    arena: str
    offset: int
