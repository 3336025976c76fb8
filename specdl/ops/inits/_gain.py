"""How much a nonlinearity shrinks what passes it, which initialisers make up for."""

from __future__ import annotations

import math
from typing import Literal

Nonlinearity = Literal["linear", "sigmoid", "tanh", "relu", "leaky_relu", "selu"]


def gain_of(nonlinearity: Nonlinearity, slope: float = 0.01) -> float:
    """The factor on a weight's deviation that keeps the variance through a nonlinearity.

    linear and sigmoid 1, tanh 5/3, relu sqrt(2), leaky_relu sqrt(2 / (1 + slope**2)), selu 3/4.
    Source: torch.nn.init.calculate_gain.
    """
    if nonlinearity == "leaky_relu":
        return math.sqrt(2 / (1 + slope**2))
    return {"tanh": 5 / 3, "relu": math.sqrt(2), "selu": 3 / 4}.get(nonlinearity, 1.0)
