"""Whether a product is generated or left to a BLAS."""

from __future__ import annotations

from specdl.backends.c.target import Target

LARGE = {64: (1 << 33, 1 << 28), 32: (1 << 28, 1 << 27), 16: (1 << 22, 1 << 22)}
"""Floating-point operations of a thread from which a BLAS is faster, by the bytes of a vector.

The first where a has contiguous rows (forward, and the gradient of the input), the second where it
is transposed (the gradient of a weight), whose columns a thread reads far apart: a BLAS brings them
together. Both sides were timed with what follows a product (tanh, its derivative, an Adam step), as
the least CPU time of many runs, in one process, float32, for one thread and for half of the work of
two. Widths 8 to 4096, batches 1 to 4096, with MKL 2024.2 on a processor that splits 64-byte vectors in
two: time of the generated product over that of the BLAS

    m x n x k               64-byte   32-byte, and MKL held to AVX2
    50 x 25 x 25            0.54
    128 x 10 x 256          0.41
    128 x 128 x 128         0.91      0.91
    128 x 512 x 784         0.91      0.96
    128 x 4096 x 4096       0.86
    512 x 2048 x 2048       0.81
    512 x 784 x 128, a.T    0.91      0.73
    512 x 512 x 2048, a.T   0.95
    1024 x 1024 x 128, a.T  0.99      1.13
    1024 x 1024 x 512, a.T  1.24
    2048 x 2048 x 512, a.T  1.5

No point was found from which the BLAS is faster while rows are contiguous: the first number is where
measuring ended (32-byte: at 0.27 GFLOP). float64 is alike, up to 0.13 GFLOP. 16-byte vectors were not
measured: there a BLAS may have wider ones. Other programs ran beside on the same cores, which CPU time
leaves out but caches do not: large products repeat within 10 to 20%.
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
    return 2 * m * n * k / threads >= LARGE[target.vector_bytes][a_transposed]
