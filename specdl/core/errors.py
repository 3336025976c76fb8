"""What specdl raises; everything a user can mend derives from `SpecdlError`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from specdl.core.types import TensorType

if TYPE_CHECKING:
    from specdl.core.diagnostics import Diagnostic, Finding


class SpecdlError(Exception):
    """A fault in what specdl was given, told in the user's words.

    `code` is stable (`specdl explain CODE`), `help` is something to paste or None, and
    `exit_code` is what the command line ends with.
    """

    exit_code = 1

    def __init__(self, message: str, *, code: str = "E000", help: str | None = None) -> None:
        super().__init__(message)
        self.message, self.code, self.help = message, code, help


class SpecError(SpecdlError):
    """A spec has errors; `diagnostics` lists every finding, warnings included."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        errors = [d for d in diagnostics if d.severity == "error"]
        super().__init__("\n".join(str(d) for d in errors) or "the spec has errors")
        self.diagnostics = tuple(diagnostics)


class FindingsError(SpecdlError):
    """A stage after validation found faults; `findings` says where in the document each of them is."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        message = "\n".join(finding.message for finding in findings)
        super().__init__(message, code=findings[0].code, help=findings[0].help)
        self.findings = tuple(findings)


class ShapeError(SpecdlError):
    """An op cannot take values of these types.

    Raised by `signature`; the graph adds node, line and where each input was made.
    """

    def __init__(
        self,
        message: str,
        *,
        got: TensorType | Sequence[TensorType] = (),
        help: str | None = None,
        code: str = "E210",
    ) -> None:
        types = (got,) if isinstance(got, TensorType) else tuple(got)
        tail = f", got {' and '.join(map(str, types))}" if types else ""
        super().__init__(message + tail, code=code, help=help)
        self.got = types


class UsageError(SpecdlError):
    """A command or a call was used wrongly (exit code 2)."""

    exit_code = 2


class DivergedError(SpecdlError):
    """Training met a value that is not finite; nothing of that step was committed.

    `step` is the number of that step, from 1.
    """

    exit_code = 3

    def __init__(self, message: str, *, step: int, code: str = "E720", help: str | None = None) -> None:
        super().__init__(message, code=code, help=help)
        self.step = step


class ResourceError(SpecdlError):
    """There is not enough memory or disk; nothing was allocated (exit code 4).

    `notes` tell what takes most, each with its place.
    """

    exit_code = 4

    def __init__(
        self, message: str, *, code: str = "E510", help: str | None = None, notes: Sequence[str] = ()
    ) -> None:
        super().__init__(message, code=code, help=help)
        self.notes = tuple(notes)


class CompilerFault(AssertionError):  # noqa: N818 - a fault is not an error of the user's
    """An invariant of specdl itself is broken: a fault of specdl, never of the spec."""


class OptionError(ValueError):
    """What a validator of an entry refuses, with the place of the value below the entry."""

    def __init__(self, message: str, *below: str | int) -> None:
        super().__init__(message)
        self.below = below
