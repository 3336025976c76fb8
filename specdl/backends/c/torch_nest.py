"""An instruction between native nests that torch runs: a kernel without C, or a formula nests cannot say."""

from __future__ import annotations

from dataclasses import replace

import torch

from specdl.backends.c.memory import Memory
from specdl.backends.torch.bind import Binding
from specdl.plan.nest_schedule import NestSchedule
from specdl.plan.plan import Schedule
from specdl.program.numbers import slots


class TorchNest:
    """One nest of a schedule for one batch size; calling it with `lr` and `t` runs it."""

    def __init__(self, schedule: NestSchedule, name: str, nest: int, memory: Memory, rows: int) -> None:
        program, left = schedule.program, schedule.torch[nest]
        instr = program.instrs[schedule.nests.nests[nest].instrs[0]]
        alone = Schedule(
            replace(program, instrs=(instr,)),
            (left.calls,),
            schedule.places,
            (left.scratch,),
            slots([left.calls]),
            memory.plan.torch_slots[name, nest],
        )
        # views made in inference mode could never be written outside of it
        with torch.inference_mode(False):
            self.binding = Binding(alone, memory, rows, memory.plan.goal.target.dtype)

    def __call__(self, lr: float, t: float) -> None:
        self.binding.write_scalars(lr, int(t))
        with torch.inference_mode():
            for closure in self.binding.closures[0]:
                closure()
