"""Gathering findings, so that all of a stage are told at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from specdl.core.diagnostics import Finding
from specdl.core.errors import FindingsError

P = ParamSpec("P")
T = TypeVar("T")


class Faults(list[Finding]):
    """Findings so far."""

    def attempt(self, do: Callable[P, T], *args: P.args, **options: P.kwargs) -> T | None:
        """What `do` returns; None, with its findings kept, if it raises `FindingsError`."""
        try:
            return do(*args, **options)
        except FindingsError as error:
            self.extend(error.findings)
            return None

    def attempt_once(self, do: Callable[P, T], *args: P.args, **options: P.kwargs) -> None:
        """Do something for its findings, of which those that are here already are not told again."""
        again = Faults()
        again.attempt(do, *args, **options)
        self.extend(each for each in again if each not in self)

    def settle(self) -> None:
        """Raise `FindingsError` with all errors there are, if there are any."""
        errors = [finding for finding in self if finding.severity == "error"]
        if errors:
            raise FindingsError(errors)
