"""The largest batch that fits in so many bytes, by arithmetic: nothing is allocated."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

MOST = 2**31 - 1
"""The largest `data.batch_size` that a spec can say."""
PROBE = 1 << 10
GUESSES = 12
"""Guesses along the line before the search goes by halves."""


def largest_batch(bytes_for: Callable[[int], int], limit: int) -> int:
    """The largest batch whose plan takes at most `limit` bytes; 0 if one sample is too much.

    `bytes_for` tells the bytes of the plan for batches of so many rows. They are a straight
    line in the batch but for alignment, so two plans tell nearly where the limit is met, and
    each guess from there on tells more nearly; whole numbers only, however large the bytes are.
    """
    total = cache(bytes_for)
    if total(1) > limit:
        return 0
    rise = total(PROBE) - total(1)
    low, high, guess = 1, MOST + 1, 1
    for number in range(MOST.bit_length() + GUESSES):
        if high - low == 1:
            break
        told = total(guess)
        if told <= limit:
            low = max(low, guess)
        else:
            high = min(high, guess)
        step = (limit - told) * (PROBE - 1) // rise if rise > 0 else MOST
        guess = guess + (step or 1) if number < GUESSES else (low + high) // 2
        guess = min(max(guess, low + 1), high - 1)
    return low
