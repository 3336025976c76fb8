"""How messages write numbers, counts, lists of names, and what stands in a document."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from typing import Any

from specdl.core.diagnostics import Path

LEAST, MOST = 1e-5, 1e15
"""Between these numbers are written out."""
MAX_KEY = 60
"""Characters of a key that a message names."""


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
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits else text


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


def dotted(below: Path) -> str:
    """The key a message names: `lr`, `betas[1]`, `init.weight`."""
    text = ""
    for step in below:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text if len(text) <= MAX_KEY else f"{text[: MAX_KEY - 3]}..."


def shown(value: Any) -> str:
    """What is there, as a message says it."""
    if isinstance(value, str):
        if not value:
            return "empty text"
        return f"the text `{value if len(value) <= 40 else value[:37] + '...'}`"
    if value is None:
        return "`null`"
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, (int, float)):
        text = str(value)
        return f"`{text if len(text) <= 40 else text[:37] + '...'}`"
    if isinstance(value, dict):
        return "a mapping"
    text = f"[{', '.join(str(each) for each in value)}]" if isinstance(value, (list, tuple)) else ""
    flat = isinstance(value, (list, tuple)) and all(isinstance(each, (int, float)) for each in value)
    return f"`{text}`" if flat and value and len(text) <= 40 else "an empty list" if not value else "a list"


def as_written(value: Any) -> str:
    """A value as a fix's message says it: text in backticks, other values as JSON writes them."""
    return f"`{value}`" if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
