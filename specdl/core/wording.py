"""How messages write numbers, counts and lists of names."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable

LEAST, MOST = 1e-5, 1e15
"""Between these numbers are written out."""


def number(value: float) -> str:
    """A number as people write it: no trailing zeros, thousands apart; of any size.

    >>> number(12500.0), number(0.30000000000000004), number(1e-05)
    ('12,500', '0.3', '0.00001')
    >>> number(10**400)
    'more than 1e308'
    """
    if abs(value) >= MOST:
        return f"{float(value):.3g}" if abs(value) <= sys.float_info.max else "more than 1e308"
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) < LEAST:
        return f"{value:.3g}"
    digits = max(0, 3 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".")


def counted(value: float, noun: str) -> str:
    """A number with its noun: `1 step`, `12,500 steps`; `noun` is the singular."""
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def quoted(names: Iterable[object], joiner: str = "and") -> str:
    """Names in backticks, the last after the joiner; nothing where there are none.

    >>> quoted(["a", "b", "c"]), quoted(["a"]), quoted("ab", "or")
    ('`a`, `b` and `c`', '`a`', '`a` or `b`')
    """
    words = [f"`{name}`" for name in names]
    return f" {joiner} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
