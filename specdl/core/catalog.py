"""An index of the entries a spec can name, by file name: a tag's module is imported when named."""

from __future__ import annotations

import importlib
import importlib.resources
import inspect
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from types import ModuleType

from specdl.core.entry import Entry
from specdl.core.errors import UsageError


class Catalog:
    """The entries of one category: the modules of some packages, and plug-ins.

    The tag of an entry is the name of its file, so listing tags opens no module, and
    resolving one imports one file. Files that begin with `_` are helpers.
    """

    def __init__(self, category: str, base: type[Entry], packages: Iterable[str]) -> None:
        self.category, self.base, self.packages = category, base, tuple(packages)
        self.plugins: dict[str, type[Entry]] = {}
        self.imported: dict[str, type[Entry]] = {}
        """The classes of the index that have been named."""

    @cached_property
    def index(self) -> Mapping[str, str]:
        """Tag to module name, in alphabetical order, without plug-ins."""
        found: dict[str, str] = {}
        for package in self.packages:
            for file in importlib.resources.files(package).iterdir():
                tag = file.name.removesuffix(".py")
                if file.name.endswith(".py") and not tag.startswith("_"):
                    found[tag] = f"{package}.{tag}"
        return dict(sorted(found.items()))

    def tags(self) -> tuple[str, ...]:
        """Every tag, plug-ins included, in alphabetical order."""
        return tuple(sorted({*self.index, *self.plugins}))

    def get(self, tag: str) -> type[Entry] | None:
        """The class of a tag, or None if there is no such tag."""
        found = self.plugins.get(tag) or self.imported.get(tag)
        if found is None and tag in self.index:
            found = entry_class(importlib.import_module(self.index[tag]), tag, self.base)
            self.imported[tag] = found
        return found

    def add(self, cls: type[Entry]) -> None:
        """Make a plug-in's class available under its tag.

        Raises `UsageError` if the tag is taken by another class.
        """
        tag = tag_of(cls)
        if tag in self.index or self.plugins.get(tag, cls) is not cls:
            raise UsageError(f"the plug-in's `{tag}` is taken already in {self.category}")
        self.plugins[tag] = cls


def tag_of(cls: type[Entry]) -> str:
    """The `type` tag of an entry's class."""
    return str(cls.model_fields["type"].default)


def entry_class(module: ModuleType, tag: str, base: type[Entry]) -> type[Entry]:
    """The class in a module that carries a tag."""
    for cls in entry_classes(module, base):
        if "type" in cls.model_fields and tag_of(cls) == tag:
            return cls
    raise LookupError(f"{module.__name__} defines no class whose type is `{tag}`")


def entry_classes(module: ModuleType, base: type[Entry] = Entry) -> Iterator[type[Entry]]:
    """The classes that a module itself defines below a base."""
    for value in vars(module).values():
        if inspect.isclass(value) and issubclass(value, base) and value.__module__ == module.__name__:
            yield value
