"""A compiled model: what `specdl.compile` gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

from specdl.backends.base import Executable, Kernel, StepScalars
from specdl.core.errors import UsageError
from specdl.core.random import Stream
from specdl.core.suggest import nearest
from specdl.core.types import TensorType
from specdl.graph.graph import Graph
from specdl.plan.plan import AnyPlan
from specdl.program.program import Program
from specdl.runner.given import as_tensor, learning_rate, require_classes
from specdl.spec.model import ModelSpec

Tensor = torch.Tensor
Arrays = Any
"""A tensor, an array or nested lists; or a dict of them by name where a model has several."""


class Model:
    """A model on buffers that were allocated once, with its kernels as a flat list.

    What it returns are views of its buffers, valid until the next call on the model. A batch
    `x` has any number of rows up to the spec's batch_size, shape (rows, ...) as the spec's
    input says; `y` is what the loss compares with, in the encoding of the spec's target.
    """

    def __init__(self, spec: ModelSpec, graph: Graph, plan: AnyPlan, executable: Executable) -> None:
        self.spec, self.graph, self.plan, self.executable = spec, graph, plan, executable
        self.steps = 0
        """How many training steps were taken."""
        self.initialize()

    def initialize(self) -> None:
        """Set every parameter as its initialiser says: a function of the spec's seed and its name."""
        for name, parameter in self.graph.parameters.items():
            values = parameter.init.sample(parameter.param, Stream(self.spec.seed, "init", name))
            self.parameters[name].copy_(torch.from_numpy(values))

    @property
    def program(self) -> Program:
        """The instructions of a training step, or of inference where there is no loss."""
        return self.plan.schedules["train" if "train" in self.plan.schedules else "infer"].program

    @property
    def parameters(self) -> Mapping[str, Tensor]:
        """Every parameter by torch's name: views, so writing into one changes the model."""
        return self.executable.parameters

    @property
    def gradients(self) -> Mapping[str, Tensor]:
        """The gradient of each trained parameter, filled by `backward`, valid until the next step."""
        return self.executable.gradients

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """One callable for each instruction, in order; calling one runs it on the buffers."""
        return self.executable.kernels

    @property
    def forward_kernels(self) -> tuple[Kernel, ...]:
        """The kernels that compute the loss."""
        return tuple(kernel for kernel in self.kernels if kernel.phase == "forward")

    @property
    def backward_kernels(self) -> tuple[Kernel, ...]:
        """The kernels that compute the gradients."""
        return tuple(kernel for kernel in self.kernels if kernel.phase == "backward")

    @property
    def update_kernels(self) -> tuple[Kernel, ...]:
        """The kernels that move the parameters."""
        return tuple(kernel for kernel in self.kernels if kernel.phase == "update")

    def forward(self, x: Arrays) -> Any:
        """The model's output for a batch, or a dict of outputs by name where there are several.

        Raises `UsageError` if `x` has another shape than the spec says, or too many rows.
        """
        self.executable.put(self.named(x, self.graph.inputs, "x"))
        outputs = self.executable.infer()
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    def loss(self, x: Arrays, y: Arrays = None) -> float:
        """The loss of a batch: the training program's forward.

        Raises `UsageError` as `forward` does. `y` may be left out where the target is the input.
        """
        self.executable.put(self.batch(x, y))
        return self.executable.loss()

    def backward(self) -> None:
        """Fill `gradients` for the batch that `loss` was last called with.

        Raises `UsageError` if anything else was called since.
        """
        self.executable.backward()

    def train_step(self, x: Arrays, y: Arrays = None, lr: float | None = None) -> float:
        """One step on a batch: forward, backward and update; the loss before the update.

        `lr` stands in place of the optimiser's learning rate (schedules belong to runs).
        Raises `DivergedError`, with the parameters as they were, if something is not finite.
        """
        self.executable.put(self.batch(x, y))
        rate = self.spec.optimizer.lr if lr is None else learning_rate(lr)
        loss = self.executable.step(StepScalars(rate, self.steps + 1))
        self.steps += 1
        return loss

    def load(self, state_dict: Mapping[str, Any]) -> None:
        """Set every parameter from tensors by name; nothing is changed if one does not fit.

        Raises `UsageError` that names what is missing, what is too many, and what has another shape.
        """
        if not isinstance(state_dict, Mapping):
            raise UsageError(f"weights are a dict of tensors by name, not {type(state_dict).__name__}")
        state_dict = {name: as_tensor(name, value) for name, value in state_dict.items()}
        problems = [f"`{name}` is missing" for name in self.parameters if name not in state_dict]
        for name, value in state_dict.items():
            if name not in self.parameters:
                meant = nearest(name, self.parameters)
                problems.append(f"there is no `{name}`" + (f" (did you mean `{meant}`?)" if meant else ""))
            elif tuple(value.shape) != tuple(self.parameters[name].shape):
                have, want = list(value.shape), list(self.parameters[name].shape)
                problems.append(f"`{name}` is {have}, the model's is {want}")
        if problems:
            raise UsageError(f"these weights do not fit: {'; '.join(problems)}", code="E730")
        for name, value in state_dict.items():
            self.parameters[name].copy_(value)

    def batch(self, x: Arrays, y: Arrays) -> dict[str, Tensor]:
        """Inputs and targets of a batch by name, checked."""
        if not self.graph.losses:
            raise UsageError("the model has no loss: it can only run forward")
        if y is None and self.spec.data.target.source == "input":
            y = x
        if y is None:
            raise UsageError("`y` is missing: the loss compares the output with a target")
        inputs = self.named(x, self.graph.inputs, "x")
        targets = self.named(y, self.graph.targets, "y")
        rows = {len(value) for value in (*inputs.values(), *targets.values())}
        if len(rows) > 1:
            raise UsageError(f"`x` and `y` have different numbers of rows: {sorted(rows)}")
        for loss in self.graph.losses:
            classes = self.graph.values[loss.output].shape[-1]
            if self.graph.targets[loss.target].dtype == "int64" and isinstance(classes, int):
                require_classes(loss.target, targets[loss.target], classes)
        return inputs | targets

    def named(self, arrays: Arrays, types: Mapping[str, TensorType], what: str) -> dict[str, Tensor]:
        """Arrays by name as tensors, checked against the types the model wants."""
        given = arrays if isinstance(arrays, Mapping) else dict.fromkeys(list(types)[:1], arrays)
        if set(given) != set(types):
            raise UsageError(f"`{what}` is a dict with {', '.join(types)}; got {', '.join(map(str, given))}")
        return {name: self.tensor(f"{what}[{name!r}]", given[name], type) for name, type in types.items()}

    def tensor(self, what: str, value: Any, type: TensorType) -> Tensor:
        """One array as a tensor of the shape (rows, ...) that the model wants."""
        tensor = as_tensor(what, value)
        if tensor.dim() == 0 or tuple(tensor.shape[1:]) != type.shape[1:]:
            help = "one-hot targets have an axis of classes" if what.startswith("y") else None
            raise UsageError(
                f"`{what}` has the shape {list(tensor.shape)}, the model wants {type}", help=help
            )
        if type.dtype == "int64" and tensor.is_floating_point():
            raise UsageError(f"`{what}` holds real numbers, the model wants indices: {type}")
        if not 1 <= len(tensor) <= self.plan.rows:
            raise UsageError(
                f"`{what}` has {len(tensor)} rows; this model takes 1 to {self.plan.rows} (data.batch_size)"
            )
        return tensor
