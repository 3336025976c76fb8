"""Runs a plan with torch: flat lists of closures over the arenas, and the finite guard."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor

from specdl.backends.base import Phase, Reals, StepScalars, batch_by_batch
from specdl.backends.torch.bind import DTYPES, Arenas, Binding
from specdl.backends.torch.functions import Closure, closures
from specdl.core.errors import CompilerFault, DivergedError, UsageError
from specdl.core.types import DType, TensorType
from specdl.data.deal import Deal
from specdl.plan.plan import Place, Plan
from specdl.program.cost import cost
from specdl.program.program import SCALARS, Instr, Program


class TorchKernel:
    """One instruction on its buffers; calling it runs it.

    `reads` and `writes` name values, `flops` and `bytes` are for the bound batch size.
    """

    native = False

    def __init__(self, instr: Instr, program: Program, rows: int, closures: Sequence[Closure]) -> None:
        self.name, self.phase = f"{instr.node}.{instr.kernel}", instr.phase
        self.reads = tuple(value for value in instr.reads.values() if value not in SCALARS)
        self.writes = tuple(instr.wanted.values())
        self.text = str(instr)
        self.closures = tuple(closures)
        counted = cost(instr, program, rows)
        self.flops, self.bytes = counted.flops, counted.bytes

    def __call__(self) -> None:
        with torch.inference_mode():
            for closure in self.closures:
                closure()

    def __repr__(self) -> str:
        return f"<{self.text}>"


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
        norm = self.arenas.view(Place("scalars", 0), TensorType((), self.dtype), 1)
        flat = self.arenas.bytes["gradients"].view(DTYPES[self.dtype])
        (self.norm,) = closures("dot", (flat, flat), norm, {})
        self.norm_value = norm.numpy()

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
        self.scalars = None
        with torch.inference_mode():
            for instr, runs in zip(binding.schedule.program.instrs, binding.closures, strict=True):
                if instr.phase in phases:
                    for closure in runs:
                        closure()
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
        with torch.inference_mode():
            for closure in ready.closures:
                closure()
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
        with torch.inference_mode():
            return self.run_step(self.steps.get(self.rows) or self.step_for_rows(), scalars.lr, scalars.t)

    def train(
        self,
        data: Mapping[str, Tensor],
        deal: Deal,
        first: int,
        rates: Reals,
        seconds: float | None = None,
    ) -> list[float]:
        losses: list[float] = []
        # numbers of numpy's are slow to compute with one by one
        numbers = np.asarray(rates, dtype=np.float64).tolist()
        begun = perf_counter()
        with torch.inference_mode():
            for index, rate in zip(deal.batches(first, len(numbers)), numbers, strict=True):
                if len(index) != self.rows or not losses:
                    self.set_rows(len(index))
                    step = self.steps.get(self.rows) or self.step_for_rows()
                    gathers = [(data[name], buffer) for name, buffer in self.batch().items()]
                rows = torch.from_numpy(index)
                for array, buffer in gathers:
                    torch.index_select(array, 0, rows, out=buffer)
                losses.append(self.run_step(step, rate, first + len(losses) + 1))
                if seconds is not None and perf_counter() - begun > seconds:
                    break
        self.fresh = False
        return losses

    def run_step(self, step: Step, lr: float, t: int) -> float:
        """A step on the batch that is in; the caller has switched to inference mode."""
        self.fresh = False
        wanted = (lr, t if step.counts else 0, self.rows)
        if wanted != self.scalars:
            step.binding.write_scalars(lr, t)
            self.scalars = wanted
        for closure in step.compute:
            closure()
        loss = step.loss.item()
        if not math.isfinite(loss + self.norm_value.item()):
            raise self.diverged(step, t)
        for closure in step.update:
            closure()
        return float(loss)

    def diverged(self, step: Step, t: int) -> DivergedError:
        """Run the step's kernels again, one by one, to find the first whose result is not finite.

        Inputs, targets and parameters are as they were: nothing was committed.
        """
        return DivergedError(
            f"step {t}: {self.first_not_finite(step)}",
            step=t,
            help="lower optimizer.lr, or check the scale of the data",
        )

    def first_not_finite(self, step: Step) -> str:
        """What is not finite, in words."""
        program = step.binding.schedule.program
        for name in (*program.inputs, *program.parameters, *program.state):
            if not finite(step.binding.value(name)):
                return f"`{name}` holds a value that is not finite before the step begins"
        for instr, runs in zip(program.instrs, step.binding.closures, strict=True):
            if instr.phase == "update":
                break
            for closure in runs:
                closure()
            for arg, value in instr.wanted.items():
                if not finite(step.binding.value(value)):
                    return f"`{value}` is not finite: first made by {kernel_of(instr, arg)} of `{instr.node}`"
        return "the norm of all gradients overflows, though each gradient is finite"

    @property
    def threads(self) -> int:
        return torch.get_num_threads()

    @property
    def kernels(self) -> tuple[TorchKernel, ...]:
        """One for each instruction before updates are joined, for the batch size that is in.

        Updates move by a learning rate of 1, as at the first step: `step` is for training.
        """
        binding = self.bound("train" if "train" in self.plan.schedules else "infer")
        binding.write_scalars(1.0, 1)
        pairs = zip(binding.schedule.program.instrs, binding.closures, strict=True)
        return tuple(TorchKernel(instr, binding.schedule.program, self.rows, runs) for instr, runs in pairs)

    def allocated(self) -> Mapping[str, int]:
        """Bytes held, by arena."""
        return self.arenas.allocated()


def kernel_of(instr: Instr, arg: str) -> str:
    """The kernel of an instruction that writes an argument: `mse.forward`, also where a loss runs both."""
    if instr.function != "both":
        return instr.kernel
    return f"{instr.op.type}.{'forward' if arg == 'loss' else 'backward'}"


def finite(tensor: Tensor) -> bool:
    """Whether every element is a finite number."""
    return not tensor.is_floating_point() or bool(torch.isfinite(tensor).all())


def lower(plan: Plan) -> TorchExecutable:
    """A plan on buffers: everything is allocated here, as the plan says, and nothing later."""
    executable = TorchExecutable(plan)
    for arena, nbytes in executable.allocated().items():
        if nbytes != plan.sizes[arena]:
            raise CompilerFault(f"{arena} holds {nbytes} bytes, the plan says {plan.sizes[arena]}")
    return executable
