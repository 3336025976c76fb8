"""Python data as JSON has it: what a spec given as a dict may hold."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Finding, Path
from specdl.spec.text import MAX_DEPTH, MAX_VALUES


def from_python(source: Mapping[str, Any]) -> tuple[Any, list[Finding]]:
    """A copy with dicts, lists, text, int, float, bool and None only, and what cannot be copied.

    Tuples count as lists, and numpy's numbers as numbers. A structure that holds itself is
    refused for its depth.
    """
    copier = Copier()
    return copier.copy(source, ()), copier.findings


class Copier:
    """Copies values while it counts them. Nesting is bounded, so the recursion is."""

    def __init__(self) -> None:
        self.count = 0
        self.findings: list[Finding] = []

    def refuse(self, code: str, message: str, path: Path) -> None:
        self.findings.append(Finding(code, message, path))

    def copy(self, value: Any, path: Path) -> Any:
        self.count += 1
        if self.count > MAX_VALUES:
            if self.count == MAX_VALUES + 1:
                self.refuse("E005", f"a spec holds at most {MAX_VALUES:,} values; this is one more", path)
            return None
        if isinstance(value, (Mapping, list, tuple)):
            if len(path) >= MAX_DEPTH:
                self.refuse("E005", f"values are nested more than {MAX_DEPTH} deep", path)
                return None
            return self.mapping(value, path) if isinstance(value, Mapping) else self.sequence(value, path)
        return self.scalar(value, path)

    def sequence(self, value: list[Any] | tuple[Any, ...], path: Path) -> list[Any]:
        return [self.copy(each, (*path, i)) for i, each in enumerate(value)]

    def mapping(self, value: Mapping[Any, Any], path: Path) -> dict[str, Any]:
        for key in value:
            if not isinstance(key, str):
                self.refuse("E113", f"the key `{str(key)[:60]}` is no text", path)
            elif not (key.isascii() and key.isprintable()):
                self.odd_key(key, (*path, key))
        return {key: self.copy(each, (*path, key)) for key, each in value.items() if isinstance(key, str)}

    def odd_key(self, key: str, path: Path) -> None:
        """Refuse a key with a character that is not what it looks like."""
        from specdl.core.lookalikes import strangers
        from specdl.spec.odd_keys import said

        odd = strangers(key)
        if odd:
            self.refuse("E008", said(key, odd), path)

    def scalar(self, value: Any, path: Path) -> Any:
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, numbers.Integral):
            return int(value)
        if isinstance(value, numbers.Real):
            number = float(value)
            if not math.isfinite(number):
                self.refuse("E006", f"`{number}` is not a finite number", path)
                return None
            return number
        self.refuse("E113", f"a spec cannot hold a value of Python's type `{type(value).__name__}`", path)
        return None
