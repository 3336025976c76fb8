"""Axes: from figures to lengths, round ticks, and figures as people write them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
LOG_SPAN = 10.0
"""From this ratio of largest to smallest on, a figure that falls is better read on a log scale."""


@dataclass(frozen=True)
class Scale:
    """Maps figures from `low` to `high` to lengths from `start` to `end`, evenly or by their logarithm."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        low, high = (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)
        at = math.log(max(value, self.low)) if self.log else value
        return self.start + (at - low) / (high - low) * (self.end - self.start)

    def ticks(self, count: int = 5) -> tuple[float, ...]:
        """Round figures in the range, about `count` of them."""
        return log_ticks(self.low, self.high) if self.log else ticks(self.low, self.high, count)


def ticks(low: float, high: float, count: int = 5) -> tuple[float, ...]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten in a range, `count` steps or fewer.

    >>> ticks(0, 250)
    (0.0, 50.0, 100.0, 150.0, 200.0, 250.0)
    >>> ticks(0.913, 0.987)
    (0.92, 0.94, 0.96, 0.98)
    """
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(each for each in STEPS if each * power >= raw * (1 - 1e-9)) * power
    digits = max(0, 2 - math.floor(math.log10(step)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(i * step, digits) + 0.0 for i in range(first, last + 1))


def log_ticks(low: float, high: float) -> tuple[float, ...]:
    """Powers of ten in a range; with 2 and 5 between them where there are few.

    >>> log_ticks(0.03, 2.0)
    (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
    >>> log_ticks(1e-5, 1.0)
    (1e-05, 0.0001, 0.001, 0.01, 0.1, 1.0)
    """
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = (1, 2, 5) if math.log10(high / low) < 2.5 else (1,)
    every = max(1, (last - first) // 7)
    found = (float(f"{f}e{power}") for power in range(first, last + 1, every) for f in factors)
    return tuple(value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9))


def bounds(values: Iterable[float], log: bool = False) -> tuple[float, float]:
    """A range that holds all values with a little room; a single value gets a range around it."""
    known = [value for value in values if math.isfinite(value)]
    if not known:
        return (0.1, 1.0) if log else (0.0, 1.0)
    low, high = min(known), max(known)
    if log:
        room = (high / low) ** 0.05 if high > low else 2.0
        return low / room, high * room
    room = (high - low) * 0.05 if high - low > 1e-12 * max(abs(low), abs(high)) else abs(low) * 0.1 or 0.5
    return (0.0 if low >= 0 > low - room else low - room), high + room


def wants_log(values: Sequence[float]) -> bool:
    """Whether figures range so widely that a linear axis would show the largest alone."""
    known = [value for value in values if math.isfinite(value)]
    return bool(known) and min(known) > 0 and max(known) / min(known) >= LOG_SPAN


def tick_labels(values: Sequence[float]) -> tuple[str, ...]:
    """Ticks as text with equally many decimals; very large and very small ones in powers of ten.

    >>> tick_labels((0.0, 0.5, 1.0))
    ('0.0', '0.5', '1.0')
    >>> tick_labels((0.0, 2e6))
    ('0', '2e6')
    """
    largest = max((abs(value) for value in values), default=0.0)
    if largest >= 1e6 or 0 < largest < 1e-3:
        return tuple(exponent(value) for value in values)
    decimals = max((len(f"{value:.6f}".rstrip("0").split(".")[1]) for value in values), default=0)
    return tuple(f"{value:,.{decimals}f}" for value in values)


def exponent(value: float) -> str:
    """`2.5e-6`: without the plus and the leading zeros that Python writes."""
    if value == 0:
        return "0"
    mantissa, power = f"{value:.2e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"


def log_label(value: float) -> str:
    """A tick of a log scale."""
    return f"{value:g}" if 1e-3 <= value < 1e5 else exponent(value)


def figure(value: object) -> str:
    """A figure with four digits that mean something; what is none is a dash.

    >>> figure(0.97512), figure(1427), figure(3.0), figure(1.23456e-7), figure(None)
    ('0.9751', '1,427', '3', '1.235e-7', '\u2013')
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "\u2013"
    if not math.isfinite(value):
        return "not finite"
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    if not 1e-4 <= abs(value) < 1e7:
        mantissa, power = f"{value:.3e}".split("e")
        return f"{mantissa}e{int(power)}"
    return f"{value:,.{max(0, 3 - math.floor(math.log10(abs(value))))}f}"


def duration(seconds: float) -> str:
    """A time for people.

    >>> duration(0.42), duration(75), duration(7260)
    ('0.42 s', '1 min 15 s', '2 h 1 min')
    """
    if seconds < 60:
        return f"{seconds:.3g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
