"""Runs a native plan: compiled calls over one block of memory, and whole stretches of steps in C."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from specdl.backends.base import Reals, Reason, StepScalars, batch_by_batch
from specdl.backends.c.bound import Bound
from specdl.backends.c.compiler import NativeError, Tell, Toolchain, flags, silent
from specdl.backends.c.library import forget, libraries
from specdl.backends.c.marks import marks, native_count
from specdl.backends.c.memory import Memory
from specdl.backends.c.plan import NativePlan
from specdl.backends.c.runtime import Column, Library, Team, Training, evaluate
from specdl.backends.guard import Guard, Rates
from specdl.backends.kernel import BoundKernel
from specdl.core.errors import CompilerFault, UsageError
from specdl.core.types import BYTES
from specdl.data.deal import Deal


class NativeExecutable:
    """A native plan's schedules on the CPU; implements `specdl.backends.base.Executable`."""

    name = "c"

    def __init__(self, plan: NativePlan, toolchain: Toolchain, tell: Tell = silent) -> None:
        self.plan, self.toolchain, self.tell = plan, toolchain, tell
        self.memory = Memory(plan)
        self.team = Team.of(plan.threads)
        self.libraries: dict[str, Library] = {}
        self.bounds: dict[str, Bound] = {}
        self.program = plan.schedules[plan.single].program
        self.rows = plan.rows
        self.fresh = False
        """Whether the activations are those of `loss` on the batch that is in."""
        self.parameters: Mapping[str, Tensor] = self.fixed(self.program.parameters)
        gradients = self.fixed(self.program.gradients.values())
        self.gradients: Mapping[str, Tensor] = dict(
            zip(self.program.gradients, gradients.values(), strict=True)
        )
        self.optimizer_state: Mapping[str, Tensor] = self.fixed(self.program.state)
        self.guard = Guard(self, self.memory, plan.goal.target.dtype)
        self.training: tuple[tuple[Any, ...], Training] | None = None
        self.inputs: dict[int, dict[str, Tensor]] = {}
        self.outputs: dict[tuple[str, int], dict[str, Tensor]] = {}
        self.native_instructions = native_count(marks(plan.schedules[plan.single].nests))
        self.library("whole")

    def fixed(self, values: Any) -> dict[str, Tensor]:
        """Views of values that do not depend on the batch size."""
        schedule = self.plan.schedules[self.plan.single]
        return {value: self.memory.value(schedule, value, 1) for value in values}

    def library(self, name: str) -> Library:
        """One of the plan's libraries, compiled or from the cache."""
        if name not in self.libraries:
            target = self.plan.goal.target
            options = flags(self.toolchain, target.vector_bytes)
            compiled = libraries(self.plan.sources[name], self.toolchain, options, tell=self.tell)
            try:
                self.libraries[name] = Library(compiled, BYTES[target.dtype])
            except NativeError:
                forget(self.plan.sources[name], self.toolchain, options)
                raise
        return self.libraries[name]

    def bound(self, name: str) -> Bound:
        """A schedule on its memory."""
        if name not in self.bounds:
            if name not in self.plan.schedules:
                raise UsageError("the model has no loss: it can only run forward")
            made = self.library("single" if name == self.plan.single else "whole")
            self.bounds[name] = Bound(name, self.memory, made, self.team)
        return self.bounds[name]

    def prepare(self, rows: Sequence[int]) -> None:
        self.fresh = False
        for count in rows:
            self.set_rows(count)
            self.batch()
        for name in ("infer", "evaluate", "step"):
            if name in self.plan.schedules:
                self.bound(name)

    def set_rows(self, rows: int) -> None:
        if not 1 <= rows <= self.plan.rows:
            raise UsageError(
                f"a batch has 1 to {self.plan.rows} rows, not {rows}: that is what memory was planned for"
            )
        self.rows = rows

    def batch(self) -> Mapping[str, Tensor]:
        if self.rows not in self.inputs:
            schedule = self.plan.schedules["evaluate" if "evaluate" in self.plan.schedules else "infer"]
            self.inputs[self.rows] = {
                name: self.memory.value(schedule, name, self.rows) for name in schedule.program.inputs
            }
        return self.inputs[self.rows]

    def gather(self, data: Mapping[str, Tensor], index: Tensor) -> None:
        self.set_rows(len(index))
        self.fresh = False
        buffers = self.batch()
        with torch.inference_mode():
            for name, array in data.items():
                torch.index_select(array, 0, index, out=buffers[name])

    def put(self, arrays: Mapping[str, Tensor]) -> None:
        self.set_rows(len(next(iter(arrays.values()))))
        self.fresh = False
        buffers = self.batch()
        for name, array in arrays.items():
            if array.shape != buffers[name].shape:
                have, want = list(array.shape), list(buffers[name].shape)
                raise UsageError(f"`{name}` is {have}, and the batch wants {want}")
            buffers[name].copy_(array)

    def infer(self) -> Mapping[str, Tensor]:
        return self.inference("infer")

    def evaluate(self) -> tuple[Mapping[str, Tensor], float]:
        outputs = self.inference("evaluate")
        return outputs, self.bound("evaluate").loss()

    def inference(self, name: str) -> Mapping[str, Tensor]:
        """Run a program that ends with the outputs, on the batch that is in."""
        self.fresh = False
        bound = self.bound(name)
        bound.run(self.rows)
        key = (name, self.rows)
        if key not in self.outputs:
            outputs = bound.schedule.program.outputs
            self.outputs[key] = {
                each: self.memory.value(bound.schedule, value, self.rows) for each, value in outputs.items()
            }
        return self.outputs[key]

    def evaluate_rows(
        self, data: Mapping[str, Tensor], rows: range, size: int, outputs: Mapping[str, Tensor]
    ) -> Reals:
        bound = self.bound("evaluate")
        if not bound.whole:
            return batch_by_batch(self, data, rows, size, outputs)
        self.fresh = False
        self.set_rows(min(size, len(rows)))
        part = slice(rows.start, rows.stop)
        columns = [self.column(bound, name, data[name][part]) for name in bound.schedule.program.inputs]
        results = [self.result(bound, name, buffer) for name, buffer in outputs.items()]
        return evaluate(bound.native, columns, results, len(rows), size)

    def result(self, bound: Bound, name: str, buffer: Tensor) -> Column:
        """Where a result of the model is, and the dense memory that all of its rows go to."""
        rows = self.memory.value(bound.schedule, bound.schedule.program.outputs[name], 1)
        return Column(rows.data_ptr(), rows.nbytes, buffer.data_ptr(), rows.nbytes)

    def loss(self) -> float:
        bound = self.bound("train")
        bound.run_phase(self.rows, "forward")
        self.fresh = True
        return bound.loss()

    def backward(self) -> None:
        if not self.fresh:
            raise UsageError("`backward` needs the activations of `loss`: call `loss(x, y)` right before it")
        self.bound("train").run_phase(self.rows, "backward")
        # gradients lie where activations lay, and a second run would read them
        self.fresh = False

    def step(self, scalars: StepScalars) -> float:
        self.fresh = False
        self.guard.take()
        return self.guard.careful_step(scalars.lr, scalars.t)

    def take_step(self, lr: float, t: int) -> float:
        bound = self.bound("step")
        bound.run(self.rows, lr, t, commit=False)
        loss = bound.loss()
        if math.isfinite(loss):
            bound.run(self.rows, lr, t, commit=True)
        return loss

    def train(
        self,
        data: Mapping[str, Tensor],
        deal: Deal,
        first: int,
        rates: Reals,
        seconds: float | None = None,
    ) -> Reals:
        self.fresh = False
        self.set_rows(deal.rows_of(first))
        losses = self.guard.guarded(data, deal, first, np.asarray(rates, dtype=np.float64), seconds)
        self.set_rows(deal.rows_of(first + len(losses) - 1))
        return losses

    def run_steps(
        self, data: Mapping[str, Tensor], deal: Deal, first: int, rates: Rates, seconds: float | None
    ) -> tuple[Rates, Reason]:
        if self.bound("step").whole:
            return self.training_on(data, deal).run(first, rates, seconds=seconds)
        losses: list[float] = []
        begun = perf_counter()
        for number, rate in enumerate(rates.tolist()):
            self.gather(data, torch.from_numpy(deal.indices(first + number)))
            loss = self.take_step(rate, first + number + 1)
            if not math.isfinite(loss):
                return np.array(losses), "not finite"
            losses.append(loss)
            if seconds is not None and perf_counter() - begun > seconds:
                return np.array(losses), "late"
        return np.array(losses), "done"

    def run_instruction(self, number: int, lr: float, t: int) -> None:
        self.bound(self.plan.single).run_instruction(number, self.rows, lr, t)

    def value(self, name: str) -> Tensor:
        return self.memory.value(self.plan.schedules[self.plan.single], name, self.rows)

    def training_on(self, data: Mapping[str, Tensor], deal: Deal) -> Training:
        """The native loop over some resident data; the last one is kept."""
        kinds = ((x.data_ptr(), x.shape, x.stride(), x.dtype) for x in data.values())
        key = (deal, *data, *kinds)
        if self.training is None or self.training[0] != key:
            bound = self.bound("step")
            self.require_rows(data, deal)
            columns = [self.column(bound, name, data[name]) for name in bound.schedule.program.inputs]
            self.training = (key, Training(bound.native, deal, columns))
        return self.training[1]

    def require_rows(self, data: Mapping[str, Tensor], deal: Deal) -> None:
        """Raise `UsageError` if a batch of the deal is too large, or the data has not all of its samples."""
        if deal.batch_size > self.plan.rows and deal.order.rows > self.plan.rows:
            self.set_rows(deal.batch_size)
        for name, tensor in data.items():
            if len(tensor) < deal.order.rows:
                raise UsageError(f"`{name}` has {len(tensor)} rows, and {deal.order.rows} are dealt out")

    def column(self, bound: Bound, name: str, tensor: Tensor) -> Column:
        """Resident data as the native loop gathers it."""
        buffer = self.memory.value(bound.schedule, name, 1)
        fits = (
            tensor.is_contiguous() and tensor.dtype == buffer.dtype and tensor.shape[1:] == buffer.shape[1:]
        )
        if not fits:
            raise CompilerFault(f"`{name}` is no dense array of {buffer.dtype}{list(buffer.shape[1:])}")
        return Column(tensor.data_ptr(), buffer.nbytes, buffer.data_ptr(), buffer.nbytes)

    @property
    def threads(self) -> int:
        return self.team.threads

    @property
    def kernels(self) -> tuple[BoundKernel, ...]:
        """One for each instruction, for the batch size that is in.

        Updates move by a learning rate of 1, as at the first step: `step` is for training.
        """
        bound = self.bound(self.plan.single)
        return tuple(
            BoundKernel(
                instr,
                self.program,
                self.rows,
                partial(bound.run_instruction, number, self.rows),
                native=bound.is_native(number),
            )
            for number, instr in enumerate(self.program.instrs)
        )

    def allocated(self) -> Mapping[str, int]:
        return self.memory.allocated()


def lower(plan: NativePlan, toolchain: Toolchain, tell: Tell = silent) -> NativeExecutable:
    """A native plan on memory: everything is allocated here, as the plan says, and nothing later.

    Raises `NativeError` if its code cannot be compiled or loaded.
    """
    executable = NativeExecutable(plan, toolchain, tell)
    for arena, nbytes in executable.allocated().items():
        if nbytes != plan.sizes[arena]:
            raise CompilerFault(f"{arena} holds {nbytes} bytes, the plan says {plan.sizes[arena]}")
    return executable
