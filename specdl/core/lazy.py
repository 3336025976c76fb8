"""Modules on first use: torch takes over a second to import, numpy a twentieth, and a check needs neither."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__all__ = ["LazyModule", "numpy", "torch"]


class LazyModule:
    """Stands for a module and imports it when an attribute is first read; each is looked up once."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        found = getattr(importlib.import_module(self._name), attribute)
        setattr(self, attribute, found)
        return found


torch: Any = LazyModule("torch")

if TYPE_CHECKING:
    import numpy
else:
    numpy = LazyModule("numpy")
