"""The body of one nest function, and the lengths that are known only once it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

Epilogue = Callable[[str, str, str, str], list[str]]
"""What becomes of one vector of results: (row, column, accumulator, tail) to lines of C.

All are C expressions: the row and the first column of the vector (i64, in elements), the name of the
`v` that holds the results, and a condition that is true where fewer lanes than a vector's are valid.
"""


@dataclass(frozen=True)
class Extent:
    """A length: `times` the number of samples, plus `fixed`."""

    times: int = 0
    fixed: int = 0

    @property
    def text(self) -> str:
        """As a C expression, that binds as tightly as a name."""
        if not self.times:
            return str(self.fixed)
        samples = "samples" if self.times == 1 else f"{self.times}*samples"
        if self.fixed:
            return f"({samples}+{self.fixed})"
        return samples if self.times == 1 else f"({samples})"

    def at(self, samples: int) -> int:
        """The length for so many samples."""
        return self.times * samples + self.fixed


@dataclass(frozen=True)
class Body:
    """What a nest function does with its units [lo, hi)."""

    lines: tuple[str, ...]
    units: Extent
    """All that the threads share out: rows, or vectors of columns."""
    grain: int
    """Ranges are cut at multiples of this many units."""
    scratch: int
    """Numbers of scratch memory that each thread needs, from an address that a vector may lie at."""


@dataclass(frozen=True)
class View:
    """An operand of a product: element (i, k) lies at `pointer[i * outer + k * self.k]`.

    i runs along the rows of the result for the first operand, along its columns for the second; k
    along what is summed.
    """

    pointer: str
    outer: int
    k: int
