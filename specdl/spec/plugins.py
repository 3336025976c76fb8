"""Ops and data sources from outside the package, in modules that the user names.

A module is named on the command line or in a call, never by a spec: a spec cannot run code.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType

from specdl.core.catalog import entry_classes
from specdl.core.entry import Entry
from specdl.core.errors import UsageError
from specdl.spec.fields import CATALOGS

Plugin = str | os.PathLike[str] | ModuleType | type[Entry]
"""A module's name (`my_ops`), the path of its file (`my_ops.py`), a module, or a class."""


def load_plugins(plugins: Iterable[Plugin]) -> None:
    """Make the entries that plug-ins define available under their tags, for the whole process.

    A class is taken where it derives from an op, a source or a transform and has a `type` with a
    default. Raises `UsageError` for a module that is not there, fails to import or defines
    nothing, and for a tag that is taken.
    """
    for plugin in plugins:
        if isinstance(plugin, type):
            register(plugin)
            continue
        module = plugin if isinstance(plugin, ModuleType) else imported(os.fspath(plugin))
        classes = list(entries(module))
        if not classes:
            raise UsageError(
                f"the plug-in `{module.__name__}` defines no op: a class with a `type` and a default"
            )
        for cls in classes:
            register(cls)


def imported(name: str) -> ModuleType:
    """The module of this name, looked for in the working folder too, or in this file."""
    try:
        return from_file(Path(name)) if name.endswith(".py") else from_name(name)
    except UsageError:
        raise
    except Exception as error:  # a plug-in may raise anything while it is imported
        raise UsageError(f"the plug-in `{name}` fails to import: {type(error).__name__}: {error}") from error


def from_name(name: str) -> ModuleType:
    """A module by its name, found from the working folder as well."""
    here = str(Path.cwd())
    sys.path.insert(0, here)
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0] and error.name != name:
            raise
        help = "name a module that Python finds, or the path of its .py file"
        raise UsageError(f"there is no module `{name}` to plug in", help=help) from error
    finally:
        sys.path.remove(here)


def from_file(path: Path) -> ModuleType:
    """A module by its file; the same file is the same module."""
    name = f"specdl_plugin_{path.stem}"
    if name in sys.modules and getattr(sys.modules[name], "__file__", None) == str(path.resolve()):
        return sys.modules[name]
    if not path.is_file():
        raise UsageError(f"there is no file `{path}` to plug in")
    spec = importlib.util.spec_from_file_location(name, path.resolve())
    if spec is None or spec.loader is None:
        raise UsageError(f"`{path}` is not a Python module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def entries(module: ModuleType) -> Iterator[type[Entry]]:
    """The classes of a module that a spec could name."""
    return (cls for cls in entry_classes(module) if homes(cls))


def homes(cls: type) -> list[str]:
    """The catalogs a class belongs to; none if it has no tag."""
    if not issubclass(cls, Entry) or not isinstance(
        getattr(cls.model_fields.get("type"), "default", None), str
    ):
        return []
    return [
        name for name, catalog in CATALOGS.items() if issubclass(cls, catalog.base) and name != "activations"
    ]


def register(cls: type[Entry]) -> None:
    """Add a class to the catalogs it belongs to; a layer may stand as an activation too."""
    names = homes(cls)
    if not names:
        raise UsageError(f"`{cls.__name__}` is no op, source or transform with a `type` and a default")
    for name in [*names, *(["activations"] if "layers" in names else [])]:
        CATALOGS[name].add(cls)
