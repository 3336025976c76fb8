"""Runs a plan with torch: flat lists of closures over the arenas, and the finite guard."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from specdl.backends.base import Phase, Reals, Reason, StepScalars, batch_by_batch
from specdl.backends.guard import SUM, Guard, Rates, finite
from specdl.backends.kernel import BoundKernel
from specdl.backends.torch.bind import DTYPES, Arenas, Binding
from specdl.backends.torch.functions import Closure, closures
from specdl.core.errors import CompilerFault, UsageError
from specdl.core.types import DType, TensorType
from specdl.data.deal import Deal
from specdl.plan.plan import Plan


@dataclass(frozen=True)
class Step:
    """A training step for one batch size, as flat lists."""

    binding: Binding
    compute: tuple[Closure, ...]
    """Forward, backward and the norm of the gradients."""
    update: tuple[Closure, ...]
    loss: Any
    """A one-element numpy view of the loss."""
    counts: bool
    """Whether a number depends on the step's number."""


@dataclass(frozen=True)
class Inference:
    """An inference program for one batch size, as a flat list; its results are views."""

    binding: Binding
    closures: tuple[Closure, ...]
    outputs: Mapping[str, Tensor]
    loss: Any
    """A one-element numpy view of the loss; None where the program has none."""


class TorchExecutable:
    """A plan's schedules on the CPU by torch; implements `specdl.backends.base.Executable`."""

    name = "torch"
    native_instructions = 0

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.program = plan.schedules["train" if "train" in plan.schedules else "infer"].program
        self.dtype: DType = next((t.dtype for t in self.program.types.values() if t.is_float), "float32")
        self.arenas = Arenas(plan, self.dtype)
        self.rows = plan.rows
        self.fresh = False
        """Whether the activations are those of `loss` on the batch that is in."""
        self.bindings: dict[tuple[str, int], Binding] = {}
        self.steps: dict[int, Step] = {}
        self.inferences: dict[tuple[str, int], Inference] = {}
        self.inputs: dict[int, dict[str, Tensor]] = {}
        self.scalars: tuple[float, int, int] | None = None
        self.parameters: Mapping[str, Tensor] = self.fixed(self.program.parameters)
        gradients = self.fixed(self.program.gradients.values())
        self.gradients: Mapping[str, Tensor] = dict(
            zip(self.program.gradients, gradients.values(), strict=True)
        )
        self.optimizer_state: Mapping[str, Tensor] = self.fixed(self.program.state)
        norm = self.arenas.view(SUM, TensorType((), self.dtype), 1)
        flat = self.arenas.bytes["gradients"].view(DTYPES[self.dtype])
        (self.norm,) = closures("dot", (flat, flat), norm, {})
        self.norm_value = norm.numpy()
        self.guard = Guard(self, self.arenas, self.dtype)

    def fixed(self, values: Any) -> dict[str, Tensor]:
        """Views of values that do not depend on the batch size."""
        schedule = next(s for s in self.plan.schedules.values() if s.program is self.program)
        return {v: self.arenas.view(schedule.place(v), self.program.types[v], 1) for v in values}

    def bound(self, schedule: str) -> Binding:
        """A schedule bound for the batch size that is in."""
        key = (schedule, self.rows)
        if key not in self.bindings:
            if schedule not in self.plan.schedules:
                raise UsageError("the model has no loss: it can only run forward")
            # views made in inference mode could never be written outside of it
            with torch.inference_mode(False):
                self.bindings[key] = Binding(
                    self.plan.schedules[schedule], self.arenas, self.rows, self.dtype
                )
        return self.bindings[key]

    def step_for_rows(self) -> Step:
        """The flat lists of a training step for the batch size that is in."""
        if self.rows not in self.steps:
            binding = self.bound("step")
            program = binding.schedule.program
            both = list(zip(program.instrs, binding.closures, strict=True))
            compute = [c for instr, runs in both if instr.phase != "update" for c in runs]
            update = [c for instr, runs in both if instr.phase == "update" for c in runs]
            loss = binding.value(str(program.loss)).numpy()
            counts = "t" in binding.depends
            self.steps[self.rows] = Step(binding, (*compute, self.norm), tuple(update), loss, counts)
        return self.steps[self.rows]

    def prepare(self, rows: Sequence[int]) -> None:
        self.fresh = False
        for count in rows:
            self.set_rows(count)
            self.batch()
            if "step" in self.plan.schedules:
                self.step_for_rows()

    def set_rows(self, rows: int) -> None:
        if not 1 <= rows <= self.plan.rows:
            raise UsageError(
                f"a batch has 1 to {self.plan.rows} rows, not {rows}: that is what memory was planned for"
            )
        self.rows = rows

    def batch(self) -> Mapping[str, Tensor]:
        """The buffers of the batch that is in, inputs and targets by name."""
        if self.rows not in self.inputs:
            binding = self.bound("evaluate" if "evaluate" in self.plan.schedules else "infer")
            with torch.inference_mode(False):
                self.inputs[self.rows] = {
                    name: binding.value(name) for name in binding.schedule.program.inputs
                }
        return self.inputs[self.rows]

    def gather(self, data: Mapping[str, Tensor], index: Tensor) -> None:
        if len(index) != self.rows:
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

    def run(self, schedule: str, phases: Sequence[Phase]) -> Binding:
        binding = self.bound(schedule)
        binding.write_scalars(1.0, 1)
        for instr, runs in zip(binding.schedule.program.instrs, binding.closures, strict=True):
            if instr.phase in phases:
                call(runs)
        return binding

    def infer(self) -> Mapping[str, Tensor]:
        return self.inference("infer").outputs

    def evaluate(self) -> tuple[Mapping[str, Tensor], float]:
        done = self.inference("evaluate")
        return done.outputs, float(done.loss)

    def evaluate_rows(
        self, data: Mapping[str, Tensor], rows: range, size: int, outputs: Mapping[str, Tensor]
    ) -> list[float]:
        return batch_by_batch(self, data, rows, size, outputs)

    def inference(self, schedule: str) -> Inference:
        """Run a program that ends with the outputs, on the batch that is in."""
        self.fresh = False
        key = (schedule, self.rows)
        if key not in self.inferences:
            self.inferences[key] = self.bound_inference(schedule)
        ready = self.inferences[key]
        ready.binding.write_scalars(1.0, 1)
        call(ready.closures)
        return ready

    def bound_inference(self, schedule: str) -> Inference:
        """The flat list of an inference program for the batch size that is in."""
        binding = self.bound(schedule)
        program = binding.schedule.program
        with torch.inference_mode(False):
            outputs = {name: binding.value(value) for name, value in program.outputs.items()}
            loss = binding.value(program.loss).numpy() if program.loss else None
        closures = tuple(closure for runs in binding.closures for closure in runs)
        return Inference(binding, closures, outputs, loss)

    def loss(self) -> float:
        binding = self.run("train", ("forward",))
        self.fresh = True
        return float(binding.value(str(binding.schedule.program.loss)))

    def backward(self) -> None:
        if not self.fresh:
            raise UsageError("`backward` needs the activations of `loss`: call `loss(x, y)` right before it")
        self.run("train", ("backward",))
        # gradients lie where activations lay, and a second run would read them
        self.fresh = False

    def step(self, scalars: StepScalars) -> float:
        self.guard.take()
        return self.guard.careful_step(scalars.lr, scalars.t)

    def take_step(self, lr: float, t: int) -> float:
        with torch.inference_mode():
            return self.run_step(self.step_for_rows(), lr, t)

    def train(
        self,
        data: Mapping[str, Tensor],
        deal: Deal,
        first: int,
        rates: Reals,
        seconds: float | None = None,
    ) -> Reals:
        return self.guard.guarded(data, deal, first, np.asarray(rates, dtype=np.float64), seconds)

    def run_steps(
        self, data: Mapping[str, Tensor], deal: Deal, first: int, rates: Rates, seconds: float | None
    ) -> tuple[Rates, Reason]:
        losses: list[float] = []
        reason: Reason = "done"
        begun = perf_counter()
        with torch.inference_mode():
            # numbers of numpy's are slow to compute with one by one
            for index, rate in zip(deal.batches(first, len(rates)), rates.tolist(), strict=True):
                if len(index) != self.rows or not losses:
                    self.set_rows(len(index))
                    step = self.step_for_rows()
                    gathers = [(data[name], buffer) for name, buffer in self.batch().items()]
                rows = torch.from_numpy(index)
                for array, buffer in gathers:
                    torch.index_select(array, 0, rows, out=buffer)
                loss = self.run_step(step, rate, first + len(losses) + 1)
                if not math.isfinite(loss):
                    reason = "not finite"
                    break
                losses.append(loss)
                if seconds is not None and perf_counter() - begun > seconds:
                    reason = "late"
                    break
        self.fresh = False
        return np.array(losses), reason

    def run_step(self, step: Step, lr: float, t: int) -> float:
        """A step on the batch that is in; the caller has switched to inference mode.

        The loss, or NaN, with nothing committed, if it or a gradient is not finite.
        """
        self.fresh = False
        wanted = (lr, t if step.counts else 0, self.rows)
        if wanted != self.scalars:
            step.binding.write_scalars(lr, t)
            self.scalars = wanted
        for closure in step.compute:
            closure()
        loss = float(step.loss.item())
        if not math.isfinite(loss + self.norm_value.item()) and not self.sound(loss):
            return math.nan
        for closure in step.update:
            closure()
        return loss

    def sound(self, loss: float) -> bool:
        """Whether the loss and every gradient are finite: of what is, the norm may overflow."""
        return math.isfinite(loss) and all(map(finite, self.gradients.values()))

    def run_instruction(self, number: int, lr: float, t: int) -> None:
        binding = self.bound("train")
        binding.write_scalars(lr, t)
        call(binding.closures[number])

    def value(self, name: str) -> Tensor:
        return self.bound("train").value(name)

    @property
    def threads(self) -> int:
        return torch.get_num_threads()

    @property
    def kernels(self) -> tuple[BoundKernel, ...]:
        """One for each instruction before updates are joined, for the batch size that is in.

        Updates move by a learning rate of 1, as at the first step: `step` is for training.
        """
        binding = self.bound("train" if "train" in self.plan.schedules else "infer")
        binding.write_scalars(1.0, 1)
        program = binding.schedule.program
        return tuple(
            BoundKernel(instr, program, self.rows, partial(call, runs), native=False)
            for instr, runs in zip(program.instrs, binding.closures, strict=True)
        )

    def allocated(self) -> Mapping[str, int]:
        """Bytes held, by arena."""
        return self.arenas.allocated()


def call(runs: Iterable[Closure]) -> None:
    """Call closures one after another, without what torch keeps for gradients of its own."""
    with torch.inference_mode():
        for closure in runs:
            closure()


def lower(plan: Plan) -> TorchExecutable:
    """A plan on buffers: everything is allocated here, as the plan says, and nothing later."""
    executable = TorchExecutable(plan)
    for arena, nbytes in executable.allocated().items():
        if nbytes != plan.sizes[arena]:
            raise CompilerFault(f"{arena} holds {nbytes} bytes, the plan says {plan.sizes[arena]}")
    return executable
