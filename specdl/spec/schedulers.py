"""torch's schedulers, which count epochs and end at a rate, as schedules of a spec."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Fix, Path, Replace
from specdl.spec.policies import STEPWISE, stepwise
from specdl.spec.suggestions import compact
from specdl.spec.unknown import Told

OTHER_WORDS = ("scheduler", "lr_scheduler", "lr_schedule")
"""What others call `schedule`."""
COSINE = ("cosineannealinglr", "cosineannealing")
LINEAR = "linearlr"
LENGTH, END = "T_max", "eta_min"
IDLE = ("type", "last_epoch", "verbose")
"""Keys of them that change nothing."""


def schedulers(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of a scheduler in torch's words, by its path: all of it at its type."""
    section = next((key for key in ("schedule", *OTHER_WORDS) if isinstance(root.get(key), dict)), None)
    said = root[section] if section else {}
    tag = said.get("type")
    if section is None or not isinstance(tag, str):
        return {}
    name, meant, why = compact(tag.rpartition(".")[2]), None, ""
    if name in COSINE:
        meant = cosine(said, rate(root))
        why = f": `min` is `{END}` divided by `lr`" if meant and "min" in meant else ""
    elif name == LINEAR:
        meant = rise(said)
    elif name in STEPWISE and section in OTHER_WORDS:
        steps, whole = stepwise(said, root)
        meant = steps if whole else None
    if meant is None:
        return {}
    help = f"write {json.dumps(meant)}"
    return {(section, "type"): Told(help + why, Fix(help, (Replace((section,), meant),)))}


def cosine(said: Mapping[str, Any], rate: float | None) -> dict[str, Any] | None:
    """The schedule that is meant, for a learning rate; None where it cannot be said whole."""
    length, end = said.get(LENGTH), said.get(END, 0)
    if set(said) - {*IDLE, LENGTH, END} or type(end) not in (int, float):
        return None
    if type(length) is not int or length < 1:
        return None
    meant: dict[str, Any] = {"type": "cosine", "unit": "epochs", "length": length}
    if end == 0:
        return meant
    if rate is None or not 0 < end <= rate:
        return None
    return {**meant, "min": float(f"{end / rate:.9g}")}


def rise(said: Mapping[str, Any]) -> dict[str, Any] | None:
    """A linear rise to the learning rate, with torch's defaults; None where it cannot be said whole."""
    start, length = said.get("start_factor", 1 / 3), said.get("total_iters", 5)
    if set(said) - {*IDLE, "start_factor", "total_iters", "end_factor"} or said.get("end_factor", 1) != 1:
        return None
    if type(length) is not int or length < 1 or type(start) not in (int, float) or not 0 < start <= 1:
        return None
    return {"type": "warmup", "unit": "epochs", "length": length, "start": float(f"{start:.9g}")}


def rate(root: Mapping[str, Any]) -> float | None:
    """The learning rate, if it is a number that can be divided by."""
    optimizer = root.get("optimizer")
    said = optimizer.get("lr", optimizer.get("learning_rate")) if isinstance(optimizer, dict) else None
    return said if isinstance(said, (int, float)) and not isinstance(said, bool) and said > 0 else None
