"""Whether a product is generated or left to a BLAS."""

from __future__ import annotations

from specdl.backends.c.target import Target

LARGE = {64: 1 << 38, 32: 1 << 33, 16: 1 << 22}
"""Floating-point operations of a thread from which a BLAS computes any product, by the bytes of a vector.

Both sides were timed with what follows a product (tanh, an update of the weight), as the least CPU time
of several runs, one after another in one process, float32, one thread: billions of operations per second
of generated code and of MKL 2024.2, on a processor that splits 64-byte vectors in two

    m x n x k               64-byte   32-byte, and MKL held to AVX2
    64 x 512 x 512           96, 77    88, 86
    512 x 512 x 512         106, 94    95, 86
    512 x 2048 x 2048       109, 89   106, 87
    64 x 4096 x 4096         87, 69    95, 67
    512 x 4096 x 4096       106, 83

Nowhere was the BLAS faster while rows of a are contiguous, so these numbers are where measuring ended.
16-byte vectors were not measured: there a BLAS may have wider ones.
"""
COLUMNS, DEEP, WIDE = {64: 1 << 20, 32: 1 << 17}, {64: 1024, 32: 0}, 64
"""Numbers of a transposed a (the gradient of a weight), of k, and of n, from which a BLAS is faster.

The columns of a that a tile reads lie far apart, and when they are many and long they push each other
out of the caches: a BLAS brings them together.

    m x n x k               64-byte   32-byte, and MKL held to AVX2
    128 x 128 x 4096                   52, 83
    256 x 256 x 512         111, 99    97, 97
    256 x 256 x 1024                   87, 97
    512 x 512 x 512         105, 94    95, 96
    1024 x 1024 x 128                  78, 83
    512 x 512 x 2048        101, 92    59, 89
    512 x 512 x 4096         66, 93
    784 x 512 x 1024        106, 90
    784 x 512 x 2048         80, 86
    1024 x 1024 x 512        96, 87    69, 89
    1024 x 1024 x 1024       58, 84
    1024 x 16 x 2048         67, 32
    1024 x 128 x 2048        65, 80
    4096 x 4096 x 64         71, 78
    4096 x 4096 x 512       101, 88
"""


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
    """Whether a BLAS computes a product (m, k) times (k, n) faster, for the planned number of samples.

    `fused_update`: an optimizer's update follows on it, whose memory the generated product of
    moderate size passes over once less; that was timed with it, and makes no other difference.
    """
    vector = target.vector_bytes
    if a_transposed and vector in COLUMNS and n >= WIDE and k >= DEEP[vector] and m * k >= COLUMNS[vector]:
        return True
    return 2 * m * n * k / threads >= LARGE[vector]
