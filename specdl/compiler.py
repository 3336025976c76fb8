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
from specdl.core.errors import CompilerFault, ResourceError, SpecError, UsageError
from specdl.core.types import TensorType
from specdl.data.base import SOURCE, Ahead, DataSpec, Reading
from specdl.data.check import bytes_ahead
from specdl.data.check import check as check_data
from specdl.graph.build import build
from specdl.graph.graph import Graph
from specdl.graph.need import need
from specdl.lint.silence import heard, require_warnings
from specdl.lint.subject import Subject
from specdl.ops.base import Optimizer
from specdl.plan.machine import Limit, free_disk, free_memory, memory_limit, readable
from specdl.plan.plan import Plan, make
from specdl.program.lower import lower as lower_graph
from specdl.program.passes import optimize, whole_step
from specdl.program.program import Program
from specdl.spec.document import Document, read
from specdl.spec.model import ModelSpec
from specdl.spec.plugins import Plugin, load_plugins
from specdl.spec.validate import validate

if TYPE_CHECKING:
    from specdl.backends.base import AnyPlan
    from specdl.runner.model import Model

Source = str | PathLike[str] | Mapping[str, Any] | ModelSpec | Document
"""A spec: the path of a file (`-` is standard input), a dict as JSON would give it, a `ModelSpec`, or a
document that is read already."""


MOST_THREADS = 1024
"""More than any machine that this is for has, and fewer than a process may not have."""


NONE = Ahead(0)
HEADER = 4096
"""More than what a checkpoint says of one parameter and its optimiser's state."""


@dataclass(frozen=True)
class Compilation:
    """A spec with all that is known about it before a backend is chosen; nothing of it needs torch."""

    document: Document
    spec: ModelSpec
    graph: Graph
    plan: Plan


def analyse(
    source: Source,
    overrides: Iterable[str] = (),
    plugins: Iterable[Plugin] = (),
    dtype: str | None = None,
    allow: Iterable[str | PathLike[str]] = (),
) -> tuple[Compilation | None, list[Diagnostic]]:
    """A spec through every stage up to the plan, and what was found on the way.

    Between stages errors stop the way: then there is no compilation. Raises `UsageError` for a
    plug-in that cannot be loaded.
    """
    load_plugins(plugins)
    document, spec, findings = front(source, overrides, allow)
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
    source: Source, overrides: Iterable[str] = (), allow: Iterable[str | PathLike[str]] = ()
) -> tuple[Document | None, ModelSpec | None, list[Diagnostic]]:
    """A spec read and validated."""
    try:
        given = Path(source) if isinstance(source, PathLike) else source
        document = read(given, tuple(overrides), tuple(map(Path, allow)))
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
    ignore: Iterable[str] = (),
) -> list[Diagnostic]:
    """Every finding about a spec; empty if there is nothing to say.

    `overrides` are assignments as on the command line (`"optimizer.lr=0.01"`), `plugins` names
    of modules with ops of your own, `max_memory` the bytes a run may take (default: the
    machine's memory), `allow` folders in which data may lie, and `data` says whether to open
    the data and check what is in it. `ignore` names codes of warnings that are not to be told, beside
    those of the spec's own `lint.ignore`. Nothing is run, and torch is not imported. Raises
    `UsageError` for an override, plug-in or code that cannot be used.

    >>> check({"specdl": 1})[0].code
    'E112'
    """
    return checked(source, overrides, plugins, max_memory, allow, data, ignore)[1]


def checked(
    source: Source,
    overrides: Iterable[str] = (),
    plugins: Iterable[Plugin] = (),
    max_memory: int | None = None,
    allow: Iterable[str | PathLike[str]] = (),
    data: bool = False,
    ignore: Iterable[str] = (),
) -> tuple[Compilation | None, list[Diagnostic]]:
    """What `check` finds, with the compilation that it was found in."""
    silent = frozenset(ignore)
    require_warnings(silent)
    compilation, findings = analyse(source, overrides, plugins, allow=allow)
    if compilation is None:
        return None, findings
    limit = memory_limit() if max_memory is None else Limit(max_memory, "`--max-memory` allows")
    told = reading(compilation, allow)
    short = memory_findings(compilation, limit, ahead(compilation, told) if data else known(compilation))
    readily = data and not any(each.path == SOURCE for each in short)
    rows: dict[str, int] = {}
    found = [*data_findings(compilation, told, rows, opened=readily), *short]
    if not short:
        found += disk_findings(compilation, Path.cwd())
    subject = Subject(compilation.document, compilation.spec, compilation.graph, rows)
    return compilation, heard(subject, findings, found, silent)


def linted(compilation: Compilation, findings: list[Diagnostic]) -> list[Diagnostic]:
    """The findings of a compilation with those of the lint, without what the spec silences."""
    subject = Subject(compilation.document, compilation.spec, compilation.graph)
    return heard(subject, findings)


def reading(compilation: Compilation, allow: Iterable[str | PathLike[str]] = ()) -> Reading:
    """What the data stage is told of a compilation."""
    spec, document = compilation.spec, compilation.document
    folders = (document.folder, *map(Path, allow))
    return Reading(need(compilation.graph, spec), spec.seed, document.home(("data",)).folder, folders)


def data_findings(
    compilation: Compilation, told: Reading, rows: dict[str, int], opened: bool = False
) -> list[Finding]:
    """What is wrong with the data, as far as its options tell, or as it is once it is `opened`.

    Then `rows` is filled with the samples of each part.
    """
    data = compilation.spec.data
    if not opened or data.source is None:
        return check_data(data, told)
    from specdl.data.examine import examine
    from specdl.graph.limits import target_limits

    return examine(data, told, target_limits(compilation.graph), rows)


def memory_findings(compilation: Compilation, limit: Limit | None, data: Ahead) -> list[Finding]:
    """E510 if a run would take more than there is: its buffers, and its data where their size is known."""
    plan = compilation.plan
    if limit is None or plan.bytes.total + data.nbytes <= limit.nbytes:
        return []
    from specdl.plan.memory import too_much

    return [too_much(plan, compilation.graph, data, limit)]


def disk_findings(compilation: Compilation, folder: Path) -> list[Finding]:
    """W520 if the checkpoints of a run surely do not fit on the disk of a folder."""
    plan, spec = compilation.plan, compilation.spec
    if "train" not in plan.schedules:
        return []
    # more than any checkpoint takes, so that nothing is added up where there is plenty
    most = plan.sizes["params"] + plan.sizes["optimizer"] + HEADER * (1 + len(compilation.graph.parameters))
    free = free_disk(folder)
    if free is None or (spec.train.keep + 2) * most <= free:
        return []
    from specdl.plan.disk import checkpoint_bytes, finding

    size = checkpoint_bytes(plan.schedules["train"].program)
    found = finding(size, spec.train.keep, spec.train.steps, folder)
    return [] if found is None else [found]


def known(compilation: Compilation, data: DataSpec | None = None) -> Ahead:
    """The bytes of the samples where the options of `data`, by default the spec's, tell them, else 0."""
    wanted = need(compilation.graph, compilation.spec)
    return Ahead(bytes_ahead(data or compilation.spec.data, wanted) or 0)


def ahead(compilation: Compilation, told: Reading, data: DataSpec | None = None) -> Ahead:
    """The bytes of the samples where their options or their files tell them, else 0."""
    chosen, counted = data or compilation.spec.data, known(compilation, data)
    if counted.nbytes or chosen.source is None or not chosen.source.files():
        return counted
    from specdl.data.ahead import ahead as ahead_of_files

    return ahead_of_files(chosen, told) or counted


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
) -> Model:
    """The model of a compilation on a backend; raises as `compile` does.

    `tell` gets a line for what is not as one may expect, as where there is no C compiler.
    """
    supported(backend, device)
    if threads is not None and (type(threads) is not int or not 1 <= threads <= MOST_THREADS):
        raise UsageError(f"`threads` is {threads!r}, and must be a whole number from 1 to {MOST_THREADS:,}")
    plan = planned(compilation.plan, backend, threads, tell)
    require_memory(compilation, plan)
    import torch

    from specdl.runner.model import Model

    if threads is not None:
        torch.set_num_threads(threads)
    hold_plugins(compilation)
    executable = lower(compilation.plan.verify(), plan, backend, tell)
    return Model(compilation.spec, compilation.graph, executable.plan, executable)


def require_memory(compilation: Compilation, plan: AnyPlan, data: Ahead = NONE) -> None:
    """Raise `ResourceError` if a run by a plan, and its samples, would take more memory than is free."""
    free, samples = free_memory(), data.nbytes
    if free is None or plan.bytes.total + samples <= free:
        return
    from specdl.plan.memory import largest, wanted
    from specdl.plan.plan import total_for

    message = f"{wanted(plan.bytes.total, samples, data.exact)}, and {readable(free)} are free"
    notes = [str(compilation.document.remark(note)) for note in largest(plan, compilation.graph, samples)]
    fits = total_for(compilation.plan)(1) + samples <= free
    help = "a smaller data.batch_size needs less" if fits else None
    raise ResourceError(message, help=help, notes=notes)


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
