"""Whether a product is generated or left to a BLAS."""

from __future__ import annotations

from specdl.backends.c.target import Target


def prefers_blas(
    m: int,
    n: int,
    k: int,
    a_transposed: bool,
    b_transposed: bool,
    target: Target,
    threads: int,
    fused_update: bool,
) -> bool:
    """Whether a BLAS computes a product (m, k) times (k, n) faster, for the planned number of samples."""
    return 2 * m * n * k / threads > 8e6
