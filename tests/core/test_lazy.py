"""Modules on first use."""

import sys
from types import ModuleType

import pytest

from specdl.core.lazy import LazyModule


class Counting(ModuleType):
    """A module that tells how often an attribute was looked up in it."""

    lookups = 0

    def __getattr__(self, name: str) -> str:
        if name != "value":
            raise AttributeError(f"module has no attribute '{name}'")
        self.lookups += 1
        return "found"


def test_a_module_is_imported_when_an_attribute_is_read(monkeypatch):
    lazy = LazyModule("__hello__")
    monkeypatch.delitem(sys.modules, "__hello__", raising=False)
    assert "__hello__" not in sys.modules
    assert lazy.initialized
    assert "__hello__" in sys.modules


def test_each_attribute_is_looked_up_once(monkeypatch):
    module = Counting("counting")
    monkeypatch.setitem(sys.modules, "counting", module)
    lazy = LazyModule("counting")
    assert [lazy.value, lazy.value, lazy.value] == ["found"] * 3
    assert module.lookups == 1


def test_what_a_module_lacks_is_told_as_by_the_module(monkeypatch):
    monkeypatch.setitem(sys.modules, "counting", Counting("counting"))
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        _ = LazyModule("counting").other
