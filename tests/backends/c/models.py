"""Nets of every kind that native code has to get right, on the native backend and on torch."""

from __future__ import annotations

import zlib
from itertools import product
from typing import Any

import numpy as np
import torch

from specdl.analysis import Compilation, analyse
from specdl.backends.base import Executable
from specdl.backends.c.compiler import find
from specdl.backends.c.executable import NativeExecutable
from specdl.backends.c.executable import lower as lower_to_c
from specdl.backends.choice import native_plan
from specdl.backends.torch.executable import lower as lower_to_torch
from specdl.data.deal import Deal
from specdl.data.order import Order, batches

Spec = dict[str, Any]
Data = dict[str, torch.Tensor]


def linear(width: int, **others: Any) -> Spec:
    return {"type": "linear", "out_features": width, **others}


def spec(shape: list[int], layers: list[Spec], batch: int, **others: Any) -> Spec:
    """A spec with a squared error and momentum, unless told otherwise."""
    made: Spec = {
        "specdl": 1,
        "name": "net",
        "data": {"batch_size": batch, **others.pop("data", {})},
        "model": {"input": {"shape": shape}, "layers": layers, **others.pop("model", {})},
        "optimizer": {"type": "sgd", "lr": 0.05, "momentum": 0.9},
        "train": {"epochs": 1},
    }
    made |= {} if "losses" in others else {"loss": {"type": "mse"}}
    return made | others


NETS: dict[str, Spec] = {
    "disc": spec(
        [2],
        [linear(25, activation="tanh"), linear(25, activation="tanh"), linear(2)],
        50,
        optimizer={"type": "sgd", "lr": 0.1, "momentum": 0.2},
    ),
    "moments": spec(
        [2],
        [linear(25, activation="tanh"), linear(25, activation="tanh"), linear(5)],
        50,
        loss={"type": "cross_entropy"},
        optimizer={"type": "adam", "lr": 0.01},
    ),
    "odd": spec(
        [5],
        [
            linear(33, activation="sigmoid", name="wide"),
            linear(7, activation="relu"),
            linear(33, activation="tanh", name="again"),
            {"type": "add", "inputs": ["wide", "again"]},
            linear(3),
        ],
        37,
    ),
    "classes": spec(
        [19],
        [linear(21, activation="relu"), linear(11)],
        13,
        loss={"type": "cross_entropy"},
        optimizer={"type": "adam", "lr": 0.01, "amsgrad": True, "weight_decay": 0.01},
    ),
    "shapes": spec(
        [3, 6],
        [
            linear(4, name="deep"),
            {"type": "concat", "inputs": ["input", "deep"], "dim": -1},
            {"type": "flatten"},
            {"type": "reshape", "shape": [5, 6]},
            linear(5, activation="softmax"),
            {"type": "flatten"},
            linear(3),
        ],
        9,
    ),
    "tied": spec(
        [6],
        [
            linear(6, name="first", activation="tanh"),
            linear(6, name="still", trainable=False, activation="sigmoid"),
            linear(6, name="second", tie={"weight": "first.weight"}, bias=False),
            {"type": "residual", "layers": [linear(6, activation="tanh"), linear(6)]},
            linear(2),
        ],
        11,
        optimizer={"type": "sgd", "lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1},
    ),
    "losses": spec(
        [4],
        [
            linear(8, name="body", activation="relu"),
            linear(3, name="a"),
            linear(5, name="b", inputs=["body"]),
        ],
        7,
        losses=[
            {"type": "mse", "output": "a", "target": "ta"},
            {"type": "cross_entropy", "output": "b", "target": "tb", "weight": 0.25},
        ],
        optimizer={"type": "adam", "lr": 0.01},
    ),
    "line": spec([1], [linear(1)], 1, loss={"type": "l1"}, optimizer={"type": "sgd", "lr": 0.01}),
    "one": spec([3], [linear(40, activation="tanh"), linear(1)], 10, loss={"type": "sum_squared_error"}),
}


def heads(widths: tuple[int, ...], outs: tuple[int, ...], batch: int) -> Spec:
    """Inputs of several widths, and on each of them layers of several widths, with one more above each."""
    layers, ends = [], []
    for width, out in product(widths, outs):
        name = f"a{width}x{out}"
        layers += [linear(out, name=name, inputs=[f"x{width}"]), linear(3, name=f"{name}b")]
        ends.append(f"{name}b")
    layers.append({"type": "concat", "inputs": ends, "dim": -1})
    made = spec([1], layers, batch)
    del made["model"]["input"]
    made["model"]["inputs"] = {f"x{width}": {"shape": [width]} for width in widths}
    return made


def compiled(of: Spec | str, dtype: str | None = None) -> Compilation:
    compilation, findings = analyse(of, dtype=dtype)
    assert compilation is not None, findings
    return compilation


def native(
    of: Spec | str, threads: int = 1, dtype: str | None = None, blas: bool = False
) -> NativeExecutable:
    """The native executable of a spec, with parameters by `begin`."""
    toolchain = find()
    assert toolchain is not None
    return begun(lower_to_c(native_plan(compiled(of, dtype).plan, threads, blas), toolchain))


def eager(of: Spec | str, dtype: str | None = None) -> Executable:
    """The same on torch."""
    return begun(lower_to_torch(compiled(of, dtype).plan))


def begun(executable: Any) -> Any:
    """Give each parameter numbers that depend on its name and shape alone."""
    for name, parameter in executable.parameters.items():
        generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
        scale = 1 / parameter.shape[-1] ** 0.5
        parameter.copy_(scale * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return executable


def samples(executable: Any, rows: int, seed: int = 0) -> Data:
    """Inputs and targets: numbers, and indices of classes where a target is one."""
    generator = torch.Generator().manual_seed(seed)
    made: Data = {}
    for name, buffer in executable.batch().items():
        shape = (rows, *buffer.shape[1:])
        if buffer.dtype == torch.int64:
            made[name] = torch.randint(0, 5, shape, generator=generator)
        else:
            made[name] = torch.randn(shape, generator=generator, dtype=torch.float64).to(buffer.dtype)
    return made


def deal(executable: Any, rows: int, seed: int = 0, shuffle: bool = True) -> Deal:
    """Batches as large as the plan allows, the last of each epoch with what is left."""
    size = executable.plan.rows
    return Deal(Order(seed, rows, shuffle), size, batches(rows, size, drop_last=False).steps)


def rates(count: int, lr: float = 0.05) -> np.ndarray:
    """A learning rate for each step, each another."""
    return lr / (1 + 0.01 * np.arange(count))


def state(executable: Any) -> dict[str, bytes]:
    """Every bit that a step hands on."""
    kept = {**executable.parameters, **executable.optimizer_state}
    return {name: value.numpy().tobytes() for name, value in kept.items()}
