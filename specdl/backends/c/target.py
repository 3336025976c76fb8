"""What C is generated for: the type of numbers, and the width of vectors."""

from __future__ import annotations

from dataclasses import dataclass

from specdl.core.types import BYTES, DType


@dataclass(frozen=True)
class Target:
    """The dtype of a program's real numbers, and the bytes of a vector register: 64, 32 or 16."""

    dtype: DType
    vector_bytes: int

    @property
    def lanes(self) -> int:
        """Numbers in a vector."""
        return self.vector_bytes // BYTES[self.dtype]

    @property
    def real(self) -> str:
        """The C type of a number."""
        return "double" if self.dtype == "float64" else "float"

    def padded(self, cols: int) -> int:
        """The next multiple of the lanes."""
        return -(-cols // self.lanes) * self.lanes
