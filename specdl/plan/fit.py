"""The largest batch that fits in so many bytes, by arithmetic: nothing is allocated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from specdl.plan.plan import make
from specdl.program.program import Program

MOST = 2**31 - 1
"""The largest `data.batch_size` that a spec can say."""
PROBE = 1 << 10
MARGIN = 64
"""Alignment makes a plan's bytes only nearly a straight line in the batch."""


def largest_batch(programs: Mapping[str, Program], limit: int) -> int:
    """The largest batch whose plan takes at most `limit` bytes; 0 if one sample is too much.

    A plan's bytes are a straight line in the batch but for alignment, so two plans tell
    nearly where the limit is met, and a search around that place tells exactly.
    """

    @cache
    def total(rows: int) -> int:
        return make(programs, rows).bytes.total

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
