"""How much a nonlinearity shrinks what passes it, which initialisers make up for."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, get_args

from specdl.core.advice import likely
from specdl.core.diagnostics import Finding, Replace
from specdl.core.wording import number
from specdl.ops.advice import StartSite

Nonlinearity = Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]


def gain_of(nonlinearity: Nonlinearity, slope: float = 0.01) -> float:
    """The factor on a weight's deviation that keeps the variance through a nonlinearity.

    linear and sigmoid 1, tanh 5/3, relu sqrt(2), leaky_relu sqrt(2 / (1 + slope**2)), selu 3/4.
    Source: torch.nn.init.calculate_gain.
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + slope**2))
    return {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}.get(nonlinearity, 1.0)


ALIKE = ("relu", "leaky_relu")
"""Nonlinearities whose gains are so near to one another that either will do."""


def mismatch(
    site: StartSite, tag: str, option: str, nonlinearity: Nonlinearity, said: bool
) -> Iterable[Finding]:
    """W213: that the gain is for an activation that comes after none of the layers concerned.

    `option` is where the nonlinearity stands if it is `said`; else it is the default.
    """
    known = [each for each in get_args(Nonlinearity) if each in site.followers]
    fits = {nonlinearity, *(ALIKE if nonlinearity in ALIKE else ())}
    if not known or len(known) < len(site.followers) or not fits.isdisjoint(known):
        return
    follows = known[0]
    if gain_of(nonlinearity) == gain_of(follows):
        return
    scaled = "relu" if nonlinearity in ALIKE else nonlinearity
    message = (
        f"`{tag}` scales for {scaled} (gain {number(gain_of(nonlinearity))}), and "
        f"`{site.followers[follows]}` is followed by {follows} (gain {number(gain_of(follows))})"
    )
    fix = likely(f"write `{follows}`", Replace((*site.path, option), follows)) if said else None
    help = f'{{"type": "{tag}", "{option}": "{follows}"}}'
    yield site.finding("W213", message, help=help, fix=fix)
