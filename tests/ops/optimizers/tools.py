"""Optimisers beside torch.optim: the formula, and its calls on planned buffers, step by step."""

from typing import Any

import torch

from specdl.backends.torch.bind import Arenas, Binding
from specdl.core.access import call_kernel
from specdl.core.types import TensorType
from specdl.ops.base import Optimizer
from specdl.plan.plan import make
from specdl.program.passes import JoinUpdates
from specdl.program.program import SCALARS, Instr, Program
from specdl.testing.plain import Swallow
from specdl.testing.rendered import run_closures

SHAPES = {"a": (4, 7), "b": (3,), "c": (2, 3, 5)}
"""Of three parameters, none of which fills whole lines of a cache: joined, there is padding between."""
STEPS = 20
LR = 0.05


def start() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {n: torch.randn(s, generator=generator, dtype=torch.float64) for n, s in SHAPES.items()}


def gradients() -> list[dict[str, torch.Tensor]]:
    generator = torch.Generator().manual_seed(2)
    return [
        {n: torch.randn(s, generator=generator, dtype=torch.float64) for n, s in SHAPES.items()}
        for _ in range(STEPS)
    ]


def rate(step: int) -> float:
    """A learning rate that changes."""
    return LR / (1 + 0.1 * step)


def by_torch(optimizer: Any, **options: Any) -> list[dict[str, torch.Tensor]]:
    """The parameters after every step of a torch.optim class."""
    values = {n: p.clone().requires_grad_() for n, p in start().items()}
    torchs = optimizer(values.values(), lr=LR, **options)
    path = []
    for step, given in enumerate(gradients()):
        torchs.param_groups[0]["lr"] = rate(step)
        for n, p in values.items():
            p.grad = given[n].clone()
        torchs.step()
        path.append({n: p.detach().clone() for n, p in values.items()})
    return path


def by_formula(op: Optimizer) -> list[dict[str, torch.Tensor]]:
    """The parameters after every step of the update run on plain tensors."""
    kept = {n: {"p": p} | {s: torch.zeros_like(p) for s in op.state()} for n, p in start().items()}
    path = []
    for step, given in enumerate(gradients()):
        lr, t = (torch.tensor(x, dtype=torch.float64) for x in (rate(step), step + 1))
        for n, values in kept.items():
            new = {f"new_{k}": torch.full_like(v, torch.nan) for k, v in values.items()}
            call_kernel(op.update, None, values | {"g": given[n], "lr": lr, "t": t}, new, absent=Swallow())
            kept[n] = {k: new[f"new_{k}"] for k in values}
        path.append({n: values["p"] for n, values in kept.items()})
    return path


def program(op: Optimizer) -> Program:
    """Updates of three parameters and nothing else."""
    types, carries, instrs = {}, {}, []
    for n, s in SHAPES.items():
        kept = {"p": n} | {k: f"{n}.{k}" for k in op.state()}
        types |= dict.fromkeys(
            (f"d{n}", *kept.values(), *(f"{v}'" for v in kept.values())), TensorType(s, "float64")
        )
        carries |= {f"{v}'": v for v in kept.values()}
        instrs.append(
            Instr(
                "update",
                n,
                op,
                kept | {"g": f"d{n}"} | {x: x for x in SCALARS},
                {f"new_{k}": f"{v}'" for k, v in kept.items()},
            )
        )
    return Program(
        types, tuple(f"d{n}" for n in SHAPES), tuple(SHAPES), tuple(instrs), tuple(carries), {},
        state=tuple(f"{n}.{k}" for k in op.state() for n in SHAPES), carries=carries,
    ).verify()  # fmt: skip


def by_calls(op: Optimizer, *, joined: bool) -> list[dict[str, torch.Tensor]]:
    """The parameters after every step of the rendered calls, on one buffer that is updated in place."""
    made = program(op)
    if joined:
        made = JoinUpdates()(made).verify()
    plan = make({"check": made}, rows=1).verify()
    binding = Binding(plan.schedules["check"], Arenas(plan, "float64"), 1, "float64")
    for n, p in start().items():
        binding.value(n).copy_(p)
    path = []
    for step, given in enumerate(gradients()):
        for n, g in given.items():
            binding.value(f"d{n}").copy_(g)
        binding.write_scalars(rate(step), step + 1)
        run_closures(binding)
        path.append({n: binding.value(n).clone() for n in SHAPES})
    return path


def same(a: list[dict[str, torch.Tensor]], b: list[dict[str, torch.Tensor]]) -> None:
    assert len(a) == len(b) == STEPS
    for one, other in zip(a, b, strict=True):
        for n in SHAPES:
            torch.testing.assert_close(one[n], other[n], rtol=1e-12, atol=1e-12)
