"""What schedules say about how they fit into their run."""

from __future__ import annotations

from collections.abc import Iterable

from specdl.core.advice import Unit, likely
from specdl.core.diagnostics import Finding, Fix, Path, Replace
from specdl.core.wording import counted, number
from specdl.ops.advice import ScheduleSite

OTHER: dict[Unit, Unit] = {"epochs": "steps", "steps": "epochs"}
SMALL = 0.01
"""A part of a run, or of the learning rate, that is not worth a word."""


def run_ends(site: ScheduleSite, unit: Unit) -> str:
    """When the run ends, in words, as seen from the schedule: `the run ends after 100 epochs`."""
    left, whole = site.length(unit), site.whole.length(unit)
    assert left is not None
    if left == whole:
        return f"the run ends after {counted(left, unit[:-1])}"
    return f"{counted(left, unit[:-1])} of the run are left where this schedule begins"


def unit_meant(site: ScheduleSite, unit: Unit, last: float, least: float = 0.25) -> Unit | None:
    """The other unit, if a time that lies beyond the run in one unit makes sense in the other.

    There it is within the run, and at or after the `least` part of it.
    """
    other = OTHER[unit]
    left = site.length(other)
    return other if left is not None and least * left <= last <= left else None


def in_unit(site: ScheduleSite, unit: Unit) -> Fix:
    """To count in another unit."""
    return likely(f"count in {unit}", Replace((*site.path, "unit"), unit))


def other_unit(site: ScheduleSite, unit: Unit, meant: Unit, what: str, inside: Path) -> Finding:
    """W321: a time that is surely meant in the other unit; `what` is the thing, with its verb."""
    left = site.length(meant)
    assert left is not None
    message = f"{what}: {run_ends(site, unit)}, which is {counted(left, meant[:-1])}"
    return site.finding("W321", message, *inside, help=f'"unit": "{meant}"', fix=in_unit(site, meant))


def stays_at_zero(site: ScheduleSite, unit: Unit, time: float, *inside: str | int) -> Iterable[Finding]:
    """W323: that the learning rate is 0 from a time on, and the run goes on."""
    left = site.length(unit)
    if left is None or left - time <= SMALL * left:
        return
    message = (
        f"the learning rate is 0 from {unit[:-1]} {number(time)} on: "
        f"the last {counted(left - time, unit[:-1])} of the run change nothing"
    )
    yield site.finding("W323", message, *inside, help="end the run there, or the schedule with it")
