"""What a document as a whole tells of its keys: how layers are wired, and what belongs together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Path
from specdl.spec.annealing import annealing
from specdl.spec.datasets import parts
from specdl.spec.elsewhere import misplaced
from specdl.spec.logits import log_softmaxes
from specdl.spec.policies import policies
from specdl.spec.unknown import Told
from specdl.spec.wiring import wirings


def foreseen(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of keys and types that only their surroundings explain, by their paths."""
    found: dict[Path, Told] = {}
    for each in (log_softmaxes, annealing, parts, misplaced, wirings, policies):
        found |= each(root)
    return found
