"""A spec through every stage that comes before it runs: what is known of it, and every finding."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specdl.core.diagnostics import Diagnostic, Finding
from specdl.core.errors import CompilerFault, SpecError, UsageError
from specdl.core.record import record
from specdl.core.types import TensorType
from specdl.data.base import SOURCE, Ahead, DataSpec, Reading
from specdl.data.check import bytes_ahead
from specdl.data.check import check as check_data
from specdl.graph.build import build
from specdl.graph.graph import Graph
from specdl.graph.need import need
from specdl.lint.silence import heard, require_warnings
from specdl.lint.subject import Subject
from specdl.plan.bound import checkpoint_at_most, run_at_most
from specdl.plan.machine import Limit, free_disk, memory_limit, usable
from specdl.spec.document import Document, read
from specdl.spec.model import InputSpec, ModelSpec
from specdl.spec.plugins import Plugin, load_plugins
from specdl.spec.validate import validate

if TYPE_CHECKING:
    from specdl.ops.base import Optimizer
    from specdl.plan.plan import Plan
    from specdl.program.program import Program

Source = str | PathLike[str] | Mapping[str, Any] | ModelSpec | Document
"""A spec: the path of a file (`-` is standard input), a dict as JSON would give it, a `ModelSpec`, or a
document that is read already."""


@record()
class Compilation:
    """A spec with all that is known about it before a backend is chosen; nothing of it needs torch."""

    document: Document
    spec: ModelSpec
    graph: Graph

    @cached_property
    def plan(self) -> Plan:
        """Where every value lies: made when it is first asked for, since a check seldom needs it.

        Raises `UsageError` for a plug-in's op that cannot be lowered.
        """
        from specdl.plan.plan import make

        try:
            return make(programs(self.graph, self.spec.optimizer), self.spec.data.batch_size)
        except (CompilerFault, ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as fault:
            tags = sorted({op.type for op, _ in plugged_in(self.graph, self.spec)})
            if not tags:
                raise
            raise broken_promise("` or `".join(tags), fault) from fault

    @cached_property
    def settled(self) -> ModelSpec:
        """The spec in the form of all that mean the same: defaults said, files named from its own folder."""
        from specdl.graph.settled import settled
        from specdl.spec.rooted import rooted

        return settled(rooted(self.document, self.spec), self.graph)

    @cached_property
    def hash(self) -> str:
        """A hash of what the spec means."""
        from specdl.graph.meaning import digest

        return digest(self.settled, self.graph)


@record()
class Machine:
    """What a run would be on, in the words of `specdl.compile`: what it takes depends on that."""

    backend: str = "auto"
    device: str = "cpu"
    threads: int | None = None

    def require(self) -> None:
        """Raise `UsageError` for a backend or device that is not there, or for more threads than any has."""
        if self != HERE:
            from specdl.backends.choice import expect, require_machine

            expect(self.backend)
            require_machine(self.device, self.threads)


HERE = Machine()


def analyse(
    source: Source,
    overrides: Iterable[str] = (),
    plugins: Iterable[Plugin] = (),
    dtype: str | None = None,
    allow: Iterable[str | PathLike[str]] = (),
) -> tuple[Compilation | None, list[Diagnostic]]:
    """A spec through every stage up to its graph, and what was found on the way.

    Between stages errors stop the way: then there is no compilation. Raises `UsageError` for a
    plug-in that cannot be loaded, and `CompilerFault` where nothing says why there is no compilation.
    """
    load_plugins(plugins)
    compilation, findings = staged(source, overrides, dtype, allow)
    if compilation is None and all(each.severity != "error" for each in findings):
        raise CompilerFault("the spec cannot be compiled, and no finding says why")
    return compilation, findings


def staged(
    source: Source, overrides: Iterable[str], dtype: str | None, allow: Iterable[str | PathLike[str]]
) -> tuple[Compilation | None, list[Diagnostic]]:
    """What `analyse` gives, with the plug-ins loaded."""
    document, spec, findings = front(source, overrides, allow)
    if document is None or spec is None:
        return None, findings
    if dtype is not None:
        spec = with_dtype(spec, dtype)
    graph, found = build(spec)
    findings += document.diagnose(found)
    if graph is None:
        return None, findings
    compilation = Compilation(document, spec, graph)
    if plugged_in(graph, spec):
        _ = compilation.plan  # what is wrong with an op from outside is told now
    return compilation, findings


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
    """The spec with another `model.dtype`, which inputs that say the model's dtype follow."""
    if dtype not in ("float32", "float64"):
        raise UsageError(f"there is no dtype `{dtype}`: use float32 or float64")
    model = spec.model

    def followed(each: InputSpec) -> InputSpec:
        return each.model_copy(update={"dtype": dtype}) if each.dtype == model.dtype else each

    changes = {
        "dtype": dtype,
        "input": model.input and followed(model.input),
        "inputs": model.inputs and {name: followed(each) for name, each in model.inputs.items()},
    }
    return spec.model_copy(update={"model": model.model_copy(update=changes)})


def programs(graph: Graph, optimizer: Optimizer | None) -> dict[str, Program]:
    """The programs that take turns: see `specdl.plan.plan.Plan.schedules`."""
    from specdl.program.lower import lower as lower_graph
    from specdl.program.passes import optimize, whole_step

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
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
) -> list[Diagnostic]:
    """Every finding about a spec; empty if there is nothing to say.

    `overrides` are assignments as on the command line (`"optimizer.lr=0.01"`), `plugins` names
    of modules with ops of your own, `max_memory` the bytes a run may take (default: the
    machine's memory), `allow` folders in which data may lie, and `data` says whether to open
    the data and check what is in it. `ignore` names codes of warnings that are not to be told, beside
    those of the spec's own `lint.ignore`. `backend`, `device` and `threads` are those of `compile`: what a
    run takes depends on them. Nothing is run, and torch is not imported. Raises
    `UsageError` for an override, plug-in, code, backend or device that cannot be used.

    >>> check({"specdl": 1})[0].code
    'E112'
    """
    machine = Machine(backend, device, threads)
    return checked(source, overrides, plugins, max_memory, allow, data, ignore, machine)[1]


def checked(
    source: Source,
    overrides: Iterable[str] = (),
    plugins: Iterable[Plugin] = (),
    max_memory: int | None = None,
    allow: Iterable[str | PathLike[str]] = (),
    data: bool = False,
    ignore: Iterable[str] = (),
    machine: Machine = HERE,
) -> tuple[Compilation | None, list[Diagnostic]]:
    """What `check` finds, with the compilation that it was found in; the run would be on a `machine`."""
    silent = frozenset(ignore)
    require_warnings(silent)
    machine.require()
    compilation, findings = analyse(source, overrides, plugins, allow=allow)
    if compilation is None:
        return None, findings
    limit = memory_limit() if max_memory is None else Limit(max_memory, "`--max-memory` allows")
    told = reading(compilation, allow)
    counted = ahead(compilation, told) if data else known(compilation)
    short = memory_findings(compilation, limit, counted, machine)
    readily = data and not any(each.path == SOURCE for each in short)
    rows: dict[str, int] = {}
    found = [*data_findings(compilation, told, rows, opened=readily), *short]
    subject = Subject(compilation.document, compilation.spec, compilation.graph, rows)
    if not short:
        found += disk_findings(compilation, subject.run.steps, Path.cwd())
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


def memory_findings(
    compilation: Compilation, limit: Limit | None, data: Ahead, machine: Machine = HERE
) -> list[Finding]:
    """E510 if a run would take more than there is: its buffers, and its data where their size is known."""
    graph, spec, threads = compilation.graph, compilation.spec, machine.threads
    most = run_at_most(graph, spec.optimizer, spec.data.batch_size, threads or usable())
    if limit is None or most + data.nbytes <= limit.nbytes:
        return []
    from specdl.backends.choice import bytes_for, expected

    plan = expected(compilation.plan, machine.backend, threads)
    if plan.bytes.total + data.nbytes <= limit.nbytes:
        return []
    from specdl.plan.memory import too_much

    return [too_much(plan, bytes_for(compilation.plan, plan, threads), graph, data, limit)]


def disk_findings(compilation: Compilation, steps: int | None, folder: Path) -> list[Finding]:
    """W520 if the checkpoints of a run of so many steps surely do not fit on the disk of a folder."""
    graph, spec = compilation.graph, compilation.spec
    free = free_disk(folder)
    if not graph.losses or free is None:
        return []
    if (spec.train.keep + 2) * checkpoint_at_most(graph, spec.optimizer) <= free:
        return []
    from specdl.plan.disk import checkpoint_bytes, finding

    size = checkpoint_bytes(compilation.plan.schedules["train"].program)
    found = finding(size, spec.train.keep, steps, folder)
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


def plugged_in(graph: Graph, spec: ModelSpec) -> set[tuple[Any, tuple[TensorType, ...]]]:
    """The ops of a graph that do not come with the package, and the types each is used on."""
    values = {**graph.inputs, **graph.values, **graph.targets}
    uses: list[tuple[Any, tuple[TensorType, ...]]] = []
    uses += [(node.op, tuple(values[v] for v in node.inputs.values())) for node in graph.nodes]
    uses += [(loss.op, (values[loss.output], values[loss.target])) for loss in graph.losses]
    uses += [(spec.optimizer, (parameter.type,)) for parameter in graph.parameters.values()]
    return {(op, types) for op, types in uses if not type(op).__module__.startswith("specdl.")}


def broken_promise(tag: str, fault: Exception) -> UsageError:
    """What is told of an op from outside that does not keep its contract."""
    kind = "" if isinstance(fault, AssertionError) else f"{type(fault).__name__}: "
    return UsageError(f"the plug-in's `{tag}` breaks its contract: {kind}{fault}", code="E230")
