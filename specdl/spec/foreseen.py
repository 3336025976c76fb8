"""What a document as a whole tells of its keys: how layers are wired, and what belongs together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Path
from specdl.spec.caffe import eltwise, nesterov
from specdl.spec.datasets import loaders, parts, sets, tensors
from specdl.spec.elsewhere import misplaced
from specdl.spec.keras import by_output, keras_layers
from specdl.spec.logits import log_softmaxes
from specdl.spec.policies import policies
from specdl.spec.schedulers import schedulers
from specdl.spec.unknown import Told
from specdl.spec.wiring import wirings

FORESEERS = (
    log_softmaxes, schedulers, parts, loaders, sets, tensors, misplaced, wirings,
    policies, nesterov, eltwise, keras_layers, by_output,
)  # fmt: skip
"""Each tells of some keys and types by their paths."""


def foreseen(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of keys and types that only their surroundings explain, by their paths."""
    found: dict[Path, Told] = {}
    for each in FORESEERS:
        found |= each(root)
    return found
