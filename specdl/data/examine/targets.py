"""Targets that the model's output cannot reach."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from specdl.core.diagnostics import Finding, Note
from specdl.core.wording import number
from specdl.data.examine.samples import Samples, warning


def out_of_reach(samples: Samples) -> Iterator[Finding]:
    """W426: values beyond what the output can be, as 3 is for a sigmoid."""
    for target, (low, high) in samples.limits.items():
        values = samples.data.parts["train"].targets.get(target)
        if values is None or samples.need.encode[target] != "value" or not values.size:
            continue
        least, most = float(values.min()), float(values.max())
        if least >= low and most <= high:
            continue
        beyond = int(np.count_nonzero((values < low) | (values > high)))
        message = (
            f"`{target}` goes from {number(least)} to {number(most)}, "
            f"and the output that it is compared with {between(low, high)}"
        )
        note = Note(f"{beyond:,} of the {values.size:,} values of the training part lie beyond")
        yield warning("W426", message, samples.target_path, notes=(note,))


def between(low: float, high: float) -> str:
    """Limits in words."""
    if low == -np.inf:
        return f"is never above {number(high)}"
    if high == np.inf:
        return f"is never below {number(low)}"
    return f"lies between {number(low)} and {number(high)}"
