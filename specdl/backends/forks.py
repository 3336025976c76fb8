"""What is left of a team of threads in a forked child: nothing, and a child that calls it waits for ever.

Torch's team is libgomp's, which has no way to begin again after a fork. A child of a process that
made a team therefore goes on with one thread, on which generated sums have the order of several.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Protocol
from weakref import WeakSet


class Shrinking(Protocol):
    """What calls threads, and can do without."""

    def shrink(self) -> None:
        """Use one thread from now on."""


@dataclass
class Process:
    """Whether this process has a team, or lost one when it was forked off, and who calls it."""

    has_team: bool = False
    lost_team: bool = False
    callers: WeakSet[Shrinking] = field(default_factory=WeakSet)


here = Process()


def allowed(threads: int) -> int:
    """How many of so many threads may be used: all, or one where a fork lost the team."""
    return 1 if here.lost_team else threads


def calls_team(caller: Shrinking | None = None) -> None:
    """Note that torch's team of threads is called from now on, and by whom for longer than a moment."""
    here.has_team = True
    if caller is not None:
        here.callers.add(caller)


def begin_child() -> None:
    """Go on with one thread in a forked child, torch's own calls among them."""
    if not here.has_team or here.lost_team:
        return
    import torch

    here.lost_team = True
    torch.set_num_threads(1)
    for caller in here.callers:
        caller.shrink()


if hasattr(os, "register_at_fork"):  # where there are no forks, none has to be outlived
    os.register_at_fork(after_in_child=begin_child)
