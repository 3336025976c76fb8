"""The largest batch that fits in so many bytes, by arithmetic: nothing is allocated."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

MOST = 2**31 - 1
"""The largest `data.batch_size` that a spec can say."""
PROBE = 1 << 10
MARGIN = 64
"""Alignment makes a plan's bytes only nearly a straight line in the batch."""


def largest_batch(bytes_for: Callable[[int], int], limit: int) -> int:
    """The largest batch whose plan takes at most `limit` bytes; 0 if one sample is too much.

    `bytes_for` tells the bytes of the plan for batches of so many rows.

    A plan's bytes are a straight line in the batch but for alignment, so two plans tell
    nearly where the limit is met, and a search around that place tells exactly.
    """
    total = cache(bytes_for)
    if total(1) > limit:
        return 0
    slope = (total(PROBE) - total(1)) / (PROBE - 1)
    guess = min(MOST, 1 + int((limit - total(1)) / slope)) if slope > 0 else MOST
    low = max(1, guess - guess // MARGIN - MARGIN)
    high = min(MOST, guess + guess // MARGIN + MARGIN)
    while low > 1 and total(low) > limit:
        low //= 2
    while high < MOST and total(high) <= limit:
        high = min(MOST, high * 2)
    if total(high) <= limit:
        return high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if total(middle) <= limit else (low, middle)
    return low
