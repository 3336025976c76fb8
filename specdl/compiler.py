"""From what is known of a spec to a model: a backend is chosen, memory asked for, kernels made."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING

from specdl.analysis import Compilation, Source, analyse, broken_promise, plugged_in
from specdl.backends.c.compiler import Tell, silent
from specdl.backends.choice import bytes_for, choose, lower, planned, require_machine
from specdl.core.errors import ResourceError, SpecError
from specdl.data.base import Ahead
from specdl.plan.machine import free_memory, readable
from specdl.spec.plugins import Plugin

if TYPE_CHECKING:
    from specdl.plan.plan import AnyPlan
    from specdl.runner.model import Model

NOTHING = Ahead(0)


def compile(
    source: Source,
    *,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    dtype: str | None = None,
    overrides: Iterable[str] = (),
    plugins: Iterable[Plugin] = (),
    allow: Iterable[str | PathLike[str]] = (),
) -> Model:
    """A model with its kernels over buffers that are allocated once, here.

    `backend` is `auto`, `torch` or `c`; `threads` sets the threads for the whole process;
    `dtype` stands in place of the spec's `model.dtype`, and `allow` names folders in which what the spec
    `extends` may lie. Raises `SpecError`, whose `diagnostics`
    say why, if the spec has errors, `ResourceError` if there is not the memory, and
    `UsageError` for a backend or device that is not there.

    >>> model = compile({
    ...     "specdl": 1, "name": "tiny", "data": {"batch_size": 4},
    ...     "model": {"input": {"shape": [3]}, "layers": [{"type": "linear", "out_features": 2}]},
    ...     "loss": {"type": "mse"}, "optimizer": {"type": "sgd", "lr": 0.1}, "train": {"epochs": 1},
    ... })
    >>> model.forward([[1.0, 2.0, 3.0]]).shape
    torch.Size([1, 2])
    """
    compilation, findings = analyse(source, overrides, plugins, dtype, allow)
    if compilation is None:
        raise SpecError(findings)
    return build_model(compilation, backend=backend, device=device, threads=threads)


def build_model(
    compilation: Compilation,
    *,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    tell: Tell = silent,
    plan: AnyPlan | None = None,
) -> Model:
    """The model of a compilation on a backend; raises as `compile` does.

    `tell` gets a line for what is not as one may expect, as where there is no C compiler. `plan` is the
    backend's, where it is made already.
    """
    supported(backend, device, threads)
    if plan is None:
        plan = planned(compilation.plan, backend, threads, tell)
    require_memory(compilation, plan, threads=threads)
    from specdl.backends.torch.threads import set_threads
    from specdl.runner.model import Model

    if threads is not None:
        set_threads(threads)
    hold_plugins(compilation)
    executable = lower(compilation.plan.verify(), plan, backend, tell)
    return Model(compilation.spec, compilation.graph, executable.plan, executable)


def require_memory(
    compilation: Compilation, plan: AnyPlan, data: Ahead = NOTHING, threads: int | None = None
) -> None:
    """Raise `ResourceError` if a run by a plan, and its samples, would take more memory than is free.

    `threads` is what the plan was asked for.
    """
    free, samples = free_memory(), data.nbytes
    if free is None or plan.bytes.total + samples <= free:
        return
    from specdl.plan.memory import largest, wanted

    message = f"{wanted(plan.bytes.total, samples, data.exact)}, and {readable(free)} are free"
    notes = [str(compilation.document.remark(note)) for note in largest(plan, compilation.graph, samples)]
    fits = bytes_for(compilation.plan, plan, threads)(1) + samples <= free
    help = "a smaller data.batch_size needs less" if fits else None
    raise ResourceError(message, help=help, notes=notes)


def supported(backend: str, device: str, threads: int | None = None) -> None:
    """Raise `UsageError` for a backend or device that is not there, or for threads that no machine has."""
    choose(backend)
    require_machine(device, threads)


def hold_plugins(compilation: Compilation) -> None:
    """Hold every op that does not come with the package to its contract, on the graph's own types.

    Raises `UsageError` that says which promise is broken.
    """
    uses = plugged_in(compilation.graph, compilation.spec)
    if not uses:
        return
    from specdl.testing import check_op

    for op, types in sorted(uses, key=str):
        tried = (replace(type.bind(3), dtype="float64" if type.is_float else type.dtype) for type in types)
        try:
            # its native code is the compiler's own work
            check_op(op, *tried, natively=False)
        except Exception as fault:  # an op from outside may raise anything
            raise broken_promise(op.type, fault) from fault
