"""Binds a schedule to buffers: views of the arenas, and closures over them."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from specdl.backends.torch.functions import Closure, closures
from specdl.core.access import call_kernel
from specdl.core.errors import ResourceError
from specdl.core.expr import Expr
from specdl.core.types import BYTES, DType, TensorType, bind
from specdl.ops.base import Kernel
from specdl.plan.plan import Place, Plan, Schedule
from specdl.program.calls import Call, Ref
from specdl.program.formulas import family
from specdl.program.numbers import compiled, varies
from specdl.program.program import Instr

DTYPES: dict[DType, torch.dtype] = {
    "float32": torch.float32,
    "float64": torch.float64,
    "int64": torch.int64,
    "bool": torch.bool,
}


def zeroed(nbytes: int) -> Tensor:
    """So many bytes of memory; raises `ResourceError` where the system does not give them."""
    try:
        return torch.zeros(nbytes, dtype=torch.uint8)
    except RuntimeError as error:
        message = f"the system does not give {nbytes:,} bytes of memory to this process"
        raise ResourceError(message, code="E510", help="a smaller data.batch_size needs less") from error


class Arenas:
    """The memory of a run: one tensor of bytes for each of the plan's arenas."""

    def __init__(self, plan: Plan, dtype: DType) -> None:
        self.bytes = {name: zeroed(size) for name, size in plan.sizes.items()}
        self.ones = self.bytes["ones"].view(DTYPES[dtype]).fill_(1)

    def view(self, place: Place, type: TensorType, rows: int) -> Tensor:
        """The elements of a value for a batch of `rows`, row-major from its place on."""
        bound = type.bind(rows)
        stop = place.offset + bound.nbytes()
        flat = self.bytes[place.arena][place.offset : stop].view(DTYPES[type.dtype])
        return flat.view([bind(dim, rows) for dim in bound.shape])

    def allocated(self) -> dict[str, int]:
        """Bytes held, by arena."""
        return {name: tensor.nbytes for name, tensor in self.bytes.items()}


class Binding:
    """One schedule bound for one batch size.

    `closures` holds, for each instruction, what runs it; `scalars` writes the numbers that
    calls read.
    """

    def __init__(self, schedule: Schedule, arenas: Arenas, rows: int, dtype: DType) -> None:
        self.schedule, self.arenas, self.rows, self.dtype = schedule, arenas, rows, dtype
        self.numbers = [compiled(expr) for expr in schedule.slots]
        self.depends = frozenset[str]().union(*map(varies, schedule.slots))
        count, place = len(schedule.slots), schedule.slots_place
        flat = arenas.bytes[place.arena][place.offset : place.offset + count * BYTES[dtype]].view(
            DTYPES[dtype]
        )
        self.slots = dict(zip(schedule.slots, flat.unbind(), strict=True))
        # numpy would warn of what overflows in float32, which is the guard's to tell, and takes longer
        real = ctypes.c_float if dtype == "float32" else ctypes.c_double
        self.row = (real * count).from_buffer(flat.numpy().data)
        self.closures = [self.bind(index) for index in range(len(schedule.program.instrs))]

    def write_scalars(self, lr: float, t: int) -> None:
        """Put the numbers of this step, and of this batch size, where calls read them."""
        if self.numbers:
            self.row[:] = [number(lr, t, self.rows) for number in self.numbers]

    def value(self, name: str) -> Tensor:
        """A value's elements for this batch size."""
        program = self.schedule.program
        return self.arenas.view(self.schedule.place(name), program.types[name], self.rows)

    def bind(self, index: int) -> list[Closure]:
        """What runs one instruction."""
        instr, calls = self.schedule.program.instrs[index], self.schedule.lists[index]
        buffers = {
            arg: self.value(v) for arg, v in {**instr.reads, **instr.wanted}.items() if v not in ("lr", "t")
        }
        for name, type in calls.scratch.items():
            buffers[name] = self.arenas.view(self.schedule.scratch[index][name], type, self.rows)
        if isinstance(instr.op, Kernel):
            return [kernel_closure(instr, instr.op, buffers)]
        return [closure for call in calls.calls for closure in self.bind_call(call, buffers)]

    def bind_call(self, call: Call, buffers: Mapping[str, Tensor]) -> list[Closure]:
        args = [self.slots[arg] if isinstance(arg, Expr) else self.view(arg, buffers) for arg in call.args]
        options = {name: self.option(value) for name, value in call.options.items()}
        if call.function == "column_sum":
            options["ones"] = self.arenas.ones
        return closures(call.function, args, self.view(call.out, buffers), options)

    def option(self, value: Any) -> Any:
        """A number that is known once the batch size is, or any other option as it is."""
        return compiled(value)(0.0, 0, self.rows) if isinstance(value, Expr) else value

    def view(self, ref: Ref, buffers: Mapping[str, Tensor]) -> Tensor:
        """A buffer behind its views."""
        tensor = buffers[ref.name]
        for kind, *details in ref.views:
            if kind == "transpose":
                tensor = tensor.t()
            elif kind == "reshape":
                tensor = tensor.view([bind(dim, self.rows) for dim in details[0]])
            else:
                axis, start, stop = details
                tensor = tensor.narrow(axis, start, stop - start)
        return tensor


def kernel_closure(instr: Instr, op: Kernel, buffers: Mapping[str, Tensor]) -> Closure:
    """A call of a kernel's own torch code on its buffers and scratch."""
    method = getattr(op, instr.function)
    reads = {arg: buffers[arg] for arg in instr.reads}
    # an unwanted result of a variadic group is None in its place
    writes = {arg: buffers.get(arg) for arg in instr.writes}
    scratch = {name: tensor for name, tensor in buffers.items() if name not in reads and name not in writes}
    return lambda: call_kernel(method, family(op), reads, {**writes, **scratch})


__all__ = ["DTYPES", "Arenas", "Binding"]
