"""specdl: a compiler for declarative model specs.

A spec says a model and its training as data. `check` proves what can be proved about it
before training, `compile` lowers it to a flat list of kernels over buffers that are
allocated once, `train` runs it, `load` brings a run back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from specdl.analysis import check
    from specdl.compiler import compile
    from specdl.core.diagnostics import Diagnostic
    from specdl.core.errors import DivergedError, ResourceError, SpecdlError, SpecError, UsageError
    from specdl.runner.model import Model
    from specdl.runner.run import Run
    from specdl.spec.model import ModelSpec
    from specdl.training import load, train

__version__ = "0.1.0"

__all__ = [
    "Diagnostic",
    "DivergedError",
    "Model",
    "ModelSpec",
    "ResourceError",
    "Run",
    "SpecError",
    "SpecdlError",
    "UsageError",
    "check",
    "compile",
    "load",
    "train",
]

HOMES = {
    "specdl.analysis": ("check",),
    "specdl.compiler": ("compile",),
    "specdl.core.diagnostics": ("Diagnostic",),
    "specdl.core.errors": ("DivergedError", "ResourceError", "SpecError", "SpecdlError", "UsageError"),
    "specdl.runner.model": ("Model",),
    "specdl.runner.run": ("Run",),
    "specdl.spec.model": ("ModelSpec",),
    "specdl.training": ("load", "train"),
}


def __getattr__(name: str) -> Any:
    """A public name, from the module it lives in: imported when first used, since torch takes a second."""
    from importlib import import_module

    for module, names in HOMES.items():
        if name in names:
            return getattr(import_module(module), name)
    raise AttributeError(f"module 'specdl' has no attribute {name!r}")
