"""The pipeline with its named stopping points: document, spec, graph, programs, plan, model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specdl.backends.c.compiler import Tell, silent
from specdl.backends.choice import choose, lower, planned
from specdl.core.diagnostics import Diagnostic, Finding
from specdl.core.errors import CompilerFault, FindingsError, ResourceError, SpecError, UsageError
from specdl.core.types import TensorType
from specdl.data.base import Reading
from specdl.data.check import bytes_ahead
from specdl.data.check import check as check_data
from specdl.graph.build import build
from specdl.graph.graph import Graph
from specdl.graph.need import need
from specdl.ops.base import Optimizer
from specdl.plan.machine import free_memory, readable, total_memory
from specdl.plan.plan import Plan, make
from specdl.program.lower import lower as lower_graph
from specdl.program.passes import optimize, whole_step
from specdl.program.program import Program
from specdl.spec.document import Document, read
from specdl.spec.model import ModelSpec
from specdl.spec.plugins import Plugin, load_plugins
from specdl.spec.validate import validate

if TYPE_CHECKING:
    from specdl.runner.model import Model

Source = str | PathLike[str] | Mapping[str, Any] | ModelSpec | Document
"""A spec: the path of a file (`-` is standard input), a dict as JSON would give it, a `ModelSpec`, or a
document that is read already."""


MOST_THREADS = 1024
"""More than any machine that this is for has, and fewer than a process may not have."""


@dataclass(frozen=True)
class Compilation:
    """A spec with all that is known about it before a backend is chosen; nothing of it needs torch."""

    document: Document
    spec: ModelSpec
    graph: Graph
    plan: Plan


def analyse(
    source: Source, overrides: Iterable[str] = (), plugins: Iterable[Plugin] = (), dtype: str | None = None
) -> tuple[Compilation | None, list[Diagnostic]]:
    """A spec through every stage up to the plan, and what was found on the way.

    Between stages errors stop the way: then there is no compilation. Raises `UsageError` for a
    plug-in that cannot be loaded.
    """
    load_plugins(plugins)
    document, spec, findings = front(source, overrides)
    if document is None or spec is None:
        return None, findings
    if dtype is not None:
        spec = with_dtype(spec, dtype)
    graph, found = build(spec)
    findings += document.diagnose(found)
    if graph is None:
        return None, findings
    try:
        plan = make(programs(graph, spec.optimizer), spec.data.batch_size)
    except (CompilerFault, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as fault:
        tags = sorted({op.type for op, _ in plugged_in(graph, spec)})
        if not tags:
            raise
        raise broken_promise("` or `".join(tags), fault) from fault
    return Compilation(document, spec, graph, plan), findings


def front(
    source: Source, overrides: Iterable[str] = ()
) -> tuple[Document | None, ModelSpec | None, list[Diagnostic]]:
    """A spec read and validated."""
    try:
        document = read(Path(source) if isinstance(source, PathLike) else source, tuple(overrides))
    except SpecError as error:
        return None, None, list(error.diagnostics)
    spec, found = validate(document)
    return document, spec, document.diagnose(found)


def with_dtype(spec: ModelSpec, dtype: str) -> ModelSpec:
    """The spec with another `model.dtype`."""
    if dtype not in ("float32", "float64"):
        raise UsageError(f"there is no dtype `{dtype}`: use float32 or float64")
    return spec.model_copy(update={"model": spec.model.model_copy(update={"dtype": dtype})})


def programs(graph: Graph, optimizer: Optimizer | None) -> dict[str, Program]:
    """The programs that take turns: see `specdl.plan.plan.Plan.schedules`."""
    made = {"infer": optimize(lower_graph(graph, None, "infer"))}
    if graph.losses:
        train = optimize(lower_graph(graph, optimizer, "train"))
        made |= {
            "evaluate": optimize(lower_graph(graph, None, "evaluate")),
            "train": train,
            "step": whole_step(train),
        }
    return made


def check(
    source: Source,
    *,
    overrides: Iterable[str] = (),
    plugins: Iterable[Plugin] = (),
    max_memory: int | None = None,
    allow: Iterable[str | PathLike[str]] = (),
    data: bool = False,
) -> list[Diagnostic]:
    """Every finding about a spec; empty if there is nothing to say.

    `overrides` are assignments as on the command line (`"optimizer.lr=0.01"`), `plugins` names
    of modules with ops of your own, `max_memory` the bytes a run may take (default: the
    machine's memory), `allow` folders in which data may lie, and `data` says whether to open
    the data and check what is in it. Nothing is run, and torch is not imported. Raises
    `UsageError` for an override or plug-in that cannot be used.

    >>> check({"specdl": 1})[0].code
    'E112'
    """
    compilation, findings = analyse(source, overrides, plugins)
    if compilation is None:
        return findings
    found = data_findings(compilation, allow, opened=data)
    found += memory_findings(compilation, total_memory() if max_memory is None else max_memory)
    return findings + compilation.document.diagnose(found)


def reading(compilation: Compilation, allow: Iterable[str | PathLike[str]] = ()) -> Reading:
    """What the data stage is told of a compilation."""
    spec, folder = compilation.spec, compilation.document.folder
    return Reading(need(compilation.graph, spec), spec.seed, folder, tuple(map(Path, allow)))


def data_findings(
    compilation: Compilation, allow: Iterable[str | PathLike[str]] = (), opened: bool = False
) -> list[Finding]:
    """What is wrong with the data, as far as its options tell, or as it is once it is `opened`."""
    data, told = compilation.spec.data, reading(compilation, allow)
    if not opened or data.source is None:
        return check_data(data, told)
    from specdl.data.load import load as load_data

    try:
        load_data(data, told)
    except FindingsError as error:
        return list(error.findings)
    return []


def memory_findings(compilation: Compilation, limit: int | None) -> list[Finding]:
    """E510 if a run would take more than there is: its buffers, and its data where their size is known."""
    buffers, samples = compilation.plan.bytes.total, known_bytes(compilation)
    if limit is None or buffers + samples <= limit:
        return []
    message = f"{wanted(buffers, samples)}, and there are {readable(limit)}"
    if samples > buffers:
        return [Finding("E510", message, ("data", "source"), at_key=True)]
    rows = compilation.plan.rows
    help = f"data.batch_size is {rows}: a smaller batch needs less" if rows > 1 else None
    return [Finding("E510", message, ("model",), at_key=True, help=help)]


def known_bytes(compilation: Compilation) -> int:
    """The bytes of the samples where the spec tells them, else 0."""
    return bytes_ahead(compilation.spec.data, need(compilation.graph, compilation.spec)) or 0


def wanted(buffers: int, samples: int) -> str:
    """How much a run takes, in words."""
    total = buffers + samples
    parts = f": {buffers:,} for buffers, {samples:,} for the data" if samples else ""
    return f"a run would take {total:,} bytes ({readable(total)}){parts}"


def compile(
    source: Source,
    *,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    dtype: str | None = None,
    overrides: Iterable[str] = (),
    plugins: Iterable[Plugin] = (),
) -> Model:
    """A model with its kernels over buffers that are allocated once, here.

    `backend` is `auto`, `torch` or `c`; `threads` sets the threads for the whole process;
    `dtype` stands in place of the spec's `model.dtype`. Raises `SpecError`, whose `diagnostics`
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
    compilation, findings = analyse(source, overrides, plugins, dtype)
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
) -> Model:
    """The model of a compilation on a backend; raises as `compile` does.

    `tell` gets a line for what is not as one may expect, as where there is no C compiler.
    """
    supported(backend, device)
    if threads is not None and (type(threads) is not int or not 1 <= threads <= MOST_THREADS):
        raise UsageError(f"`threads` is {threads!r}, and must be a whole number from 1 to {MOST_THREADS:,}")
    plan = planned(compilation.plan, backend, threads, tell)
    require_memory(plan.bytes.total)
    import torch

    from specdl.runner.model import Model

    if threads is not None:
        torch.set_num_threads(threads)
    hold_plugins(compilation)
    executable = lower(compilation.plan.verify(), plan, backend, tell)
    return Model(compilation.spec, compilation.graph, executable.plan, executable)


def require_memory(buffers: int, samples: int = 0) -> None:
    """Raise `ResourceError` if a run would take more memory than is free."""
    free = free_memory()
    if free is not None and buffers + samples > free:
        message = f"{wanted(buffers, samples)}, and {readable(free)} are free"
        raise ResourceError(message, code="E510", help="a smaller data.batch_size needs less")


def supported(backend: str, device: str) -> None:
    """Raise `UsageError` for a backend or device that is not there."""
    choose(backend)
    if device != "cpu":
        raise UsageError(f"this version runs on the CPU; `{device}` is not supported")


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


def plugged_in(graph: Graph, spec: ModelSpec) -> set[tuple[Any, tuple[TensorType, ...]]]:
    """The ops of a graph that do not come with the package, and the types each is used on."""
    values = {**graph.inputs, **graph.values, **graph.targets}
    uses: set[tuple[Any, tuple[TensorType, ...]]] = set()
    uses |= {(node.op, tuple(values[v] for v in node.inputs.values())) for node in graph.nodes}
    uses |= {(loss.op, (values[loss.output], values[loss.target])) for loss in graph.losses}
    uses |= {(spec.optimizer, (parameter.type,)) for parameter in graph.parameters.values()}
    return {(op, types) for op, types in uses if not type(op).__module__.startswith("specdl.")}


def broken_promise(tag: str, fault: Exception) -> UsageError:
    """What is told of an op from outside that does not keep its contract."""
    kind = "" if isinstance(fault, AssertionError) else f"{type(fault).__name__}: "
    return UsageError(f"the plug-in's `{tag}` breaks its contract: {kind}{fault}", code="E230")
