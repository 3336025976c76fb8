"""Schedules as Caffe and torch write them: by `lr_policy`, or by a factor for each stretch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Add, Edit, Fix, Path, Remove, Replace, below
from specdl.core.wording import counted
from specdl.spec.fields import CATALOGS
from specdl.spec.suggestions import among, compact, senses
from specdl.spec.unknown import Told

POLICY = "lr_policy"
UNITS = {"stepsize": "steps", "stepvalue": "steps", "step_size": "epochs", "milestones": "epochs"}
"""What says where a rate changes, and what it counts: Caffe's words, then torch's."""
OPTIONS = (*UNITS, "gamma", "power")
HOMES: tuple[Path, ...] = ((), ("optimizer",), ("train",), ("solver",))
LENGTHS = {"steps": ("steps", "max_iter", "max_steps", "iterations"), "epochs": ("epochs", "num_epochs")}
STEPWISE = ("step", "multistep", "steplr", "multisteplr", "piecewiseconstant")
ON = ", with more to the end of the run"
MOST = 8
"""Boundaries that are worked out for a reader at most."""


def policies(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of another tool's keys of a schedule, by their paths: all of it at the first."""
    found: dict[Path, Told] = {}
    for home in HOMES:
        section = below(root, home)
        if isinstance(section, dict) and isinstance(section.get(POLICY), str):
            found |= policy(section, home, root)
    schedule = root.get("schedule")
    if isinstance(schedule, dict) and isinstance(schedule.get("type"), str):
        found |= stepwise_type(schedule, root)
    return found


def policy(section: Mapping[str, Any], home: Path, root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of an `lr_policy`; the keys that go with it are silent."""
    said = compact(section[POLICY])
    with_it = [key for key in OPTIONS if key in section]
    away: tuple[Edit, ...] = tuple(Remove((*home, key)) for key in (POLICY, *with_it))
    told = Told("write it as `schedule`, at the top of the spec")
    meant, whole = stepwise(section, root) if said in STEPWISE else (None, False)
    guess = among(senses("schedules").get(said, ()), CATALOGS["schedules"].tags())
    if said == "fixed":
        help = f"leave `{POLICY}` out: without a `schedule` the learning rate stays as it is"
        told = Told(help, Fix(f"take `{POLICY}` away", away, sure=True))
    elif meant:
        help = f'write "schedule": {json.dumps(meant)} at the top of the spec{"" if whole else ON}'
        edits = (*away, Add((), "schedule", meant))
        told = Told(help, Fix(help, edits, sure=True) if whole and "schedule" not in root else None)
    elif guess and not guess.there:
        from specdl.spec.habits import instead

        told = Told(instead("schedules", guess))
    return {(*home, POLICY): told} | {(*home, key): Told(silent=True) for key in with_it}


def stepwise_type(schedule: Mapping[str, Any], root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of the type of a schedule that has a factor for each stretch."""
    if compact(schedule["type"].rpartition(".")[2]) not in STEPWISE:
        return {}
    meant, whole = stepwise(schedule, root)
    if not meant:
        after = beyond(schedule, root)
        return {("schedule", "type"): Told(after)} if after else {}
    help = f"write {json.dumps(meant)}{'' if whole else ON}"
    return {("schedule", "type"): Told(help, Fix(help, (Replace(("schedule",), meant),)) if whole else None)}


def stepwise(said: Mapping[str, Any], root: Mapping[str, Any]) -> tuple[dict[str, Any] | None, bool]:
    """A factor `gamma` more at each boundary, as `piecewise_constant`; whether that is all there are."""
    key = next((each for each in UNITS if each in said), None)
    gamma = said.get("gamma", 0.1)
    if key is None or type(gamma) not in (int, float) or not 0 <= gamma <= 1:
        return None, False
    listed = said[key] if isinstance(said[key], list) else [said[key]]
    if not listed or any(type(each) not in (int, float) or each <= 0 for each in listed):
        return None, False
    whole = True
    if not isinstance(said[key], list):
        end = length(root, UNITS[key])
        listed = [listed[0] * number for number in range(1, MOST + 1)]
        listed, whole = [each for each in listed if end and each < end], bool(end) and listed[-1] >= end
        listed = listed if whole else [said[key], 2 * said[key]]
    if not listed or len(listed) > MOST:
        return None, False
    factors = [float(f"{gamma**number:.12g}") for number in range(len(listed) + 1)]
    shown = [int(each) if each == int(each) else each for each in factors]
    meant = {"type": "piecewise_constant", "unit": UNITS[key], "boundaries": listed, "factors": shown}
    return meant, whole


def beyond(said: Mapping[str, Any], root: Mapping[str, Any]) -> str | None:
    """What to do about a schedule whose first change comes after the run."""
    key = next((each for each in UNITS if each in said), None)
    if key is None or type(said[key]) not in (int, float):
        return None
    first, end = said[key], length(root, UNITS[key])
    if end is None or first < end:
        return None
    noun = UNITS[key][:-1]
    late = f"the rate would change after {noun} {first}, and the run has {counted(end, noun)}"
    return f"leave `schedule` out: {late}"


def length(root: Mapping[str, Any], unit: str) -> float | None:
    """How many steps or epochs a run has, as far as it says so in these."""
    homes = (each for each in (root.get("train"), root, root.get("solver")) if isinstance(each, Mapping))
    said = (home.get(key) for home in homes for key in LENGTHS[unit])
    return next((each for each in said if isinstance(each, int) and not isinstance(each, bool)), None)
