"""What optimisers say about settings that several of them have."""

from __future__ import annotations

from collections.abc import Iterable

from specdl.core.diagnostics import Finding
from specdl.core.types import DType
from specdl.core.wording import counted, number
from specdl.ops.advice import OptimizerSite

SMALLEST: dict[DType, float] = {"float32": 1.18e-38, "bfloat16": 1.18e-38, "float64": 2.23e-308}
"""What is smaller is 0: numbers below the normal ones are flushed inside steps."""
MEMORY, LONGEST_MEMORY = 100, 1e4
"""Steps that a mean may look back in however short a run, and in one of unknown length."""


def highest(site: OptimizerSite, rate: float, lr: float, why: str, usual: str) -> Finding:
    """That the learning rate is far too large; `why` ends the sentence, and `usual` is one to begin with."""
    message = f"a learning rate of {number(rate)}{by_peak(site, lr)} is far too large: {why}"
    return site.finding("W310", message, "lr", help=f'"lr": {usual}')


def lowest(site: OptimizerSite, rate: float, lr: float, why: str, usual: str) -> Finding:
    """That the learning rate is far too small; `why` is the rest of the sentence."""
    message = f"a learning rate of {number(rate)}{by_peak(site, lr)} {why}"
    scheduled = lr >= float(usual)
    help = "factors of a schedule multiply `lr`: begin them with 1" if scheduled else f'"lr": {usual}'
    return site.finding("W310", message, "lr", help=help)


def by_peak(site: OptimizerSite, lr: float) -> str:
    """How a learning rate comes about, in parentheses, where a schedule has a part in it."""
    return f" (`lr` of {number(lr)} times the schedule's {number(site.peak)})" if site.peak != 1 else ""


def forgets(site: OptimizerSite, name: str, decay: float, *inside: str | int) -> Iterable[Finding]:
    """That a running mean looks further back than the run is long."""
    back, steps = 1 / (1 - decay), site.run.steps
    if back <= (LONGEST_MEMORY if steps is None else max(steps, MEMORY)):
        return
    than = "" if steps is None else f", and the run has {number(steps)}"
    message = f"{name} of {decay:g} is a mean over about {counted(back, 'step')}{than}"
    yield site.finding("W311", message, *inside, help="0.9 is usual")


def decays(site: OptimizerSite, weight_decay: float) -> Iterable[Finding]:
    """That weights are pulled to 0 harder than any loss pulls them elsewhere."""
    if weight_decay >= 1:
        message = (
            f"`weight_decay` of {number(weight_decay)} pulls every weight to 0: usual ones are 0.01 and less"
        )
        yield site.finding("W313", message, "weight_decay", help='"weight_decay": 0.0001')
