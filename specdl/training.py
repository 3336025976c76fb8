"""From a compiled spec to a run, and back: what training, evaluation and prediction share."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specdl.analysis import Compilation, Source, ahead, analyse, reading
from specdl.backends.c.compiler import Tell, silent
from specdl.backends.choice import planned, suited
from specdl.compiler import NOTHING, build_model, require_memory, supported
from specdl.core.errors import FindingsError, SpecError, UsageError
from specdl.data.base import DATA, Reading
from specdl.graph.need import need
from specdl.spec.document import Document
from specdl.spec.model import ModelSpec
from specdl.spec.plugins import Plugin
from specdl.spec.resolved import render

if TYPE_CHECKING:
    from specdl.data.base import Data
    from specdl.runner.folder import RunFolder
    from specdl.runner.progress import Progress
    from specdl.runner.run import Loaded, Run
    from specdl.runner.train import Job


def train(
    source: Source,
    *,
    data: Mapping[str, Any] | None = None,
    out: str | PathLike[str] | None = None,
    resume: bool = False,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    dtype: str | None = None,
    overrides: Iterable[str] = (),
    plugins: Iterable[Plugin] = (),
    allow: Iterable[str | PathLike[str]] = (),
    progress: Progress | None = None,
    at_once: Callable[[int], Any] | None = None,
) -> Run:
    """Train a spec into the run folder `out` (default: below `runs/`); the run.

    `data` gives arrays by part, `{"train": (x, y), "validation": (x, y)}`, in place of the spec's
    source. With `resume` the run in the folder goes on from its newest good checkpoint. `threads`
    is how many threads are used meanwhile (default: one for small nets, else all). The other
    arguments are those of `check` and `compile`; `progress` is told how it goes, and `at_once` is
    called with the number of a second signal.

    Raises `SpecError` if the spec or its data have errors, `ResourceError` for lack of memory or
    disk, `DivergedError` where training meets what is not finite, and `UsageError` for a folder,
    backend or device that cannot be used.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     run = train({
    ...         "specdl": 1, "name": "tiny", "data": {"batch_size": 4}, "train": {"epochs": 20},
    ...         "model": {"input": {"shape": [1]}, "layers": [{"type": "linear", "out_features": 1}]},
    ...         "loss": {"type": "mse"}, "optimizer": {"type": "sgd", "lr": 0.5},
    ...     }, data={"train": ([[0.0], [1.0]], [[1.0], [3.0]])}, out=folder)
    ...     round(run.metrics["train"]["loss"], 2)
    0.0
    """
    compilation, findings = analyse(source, overrides, plugins, dtype, allow)
    if compilation is None:
        raise SpecError(findings)
    made = job(compilation, data=data, backend=backend, device=device, threads=threads, allow=allow)
    from specdl.runner.train import train as train_job

    return train_job(made, out, resume=resume, progress=progress, at_once=at_once)


def job(
    compilation: Compilation,
    *,
    data: Mapping[str, Any] | None = None,
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    allow: Iterable[str | PathLike[str]] = (),
    tell: Tell = silent,
) -> Job:
    """A run that is ready to begin: the data read, the model built; raises as `train` does.

    `tell` is that of `build_model`.
    """
    supported(backend, device, threads)
    counted = NOTHING if data is not None else ahead(compilation, reading(compilation, allow))
    plan = planned(compilation.plan, backend, threads, tell)
    require_memory(compilation, plan, counted, threads)
    from specdl.data.load import load as load_data

    document, spec = compilation.document, compilation.spec
    with located(document):
        samples = load_data(spec.data, reading(compilation, allow), data)
    from specdl.backends.torch.threads import threads as team
    from specdl.runner.train import Job

    with team(threads):
        model = build_model(
            compilation, backend=backend, device=device, threads=threads, tell=tell, plan=plan
        )

    text, suffix = as_given(document, spec)
    folder = str(document.folder.resolve())
    machine = {"backend": model.executable.name, "device": device, "folder": folder}
    machine |= {"data_folder": str(document.home(DATA).folder.resolve()), "spec_hash": compilation.hash}
    prepare = preparation(compilation, samples.fitted)
    count = suited(model.executable) if threads is None else threads
    return Job(model, samples, text, suffix, render(compilation.settled), prepare, machine, count)


@contextmanager
def located(document: Document) -> Iterator[None]:
    """Findings of a later stage, raised inside as `FindingsError`, at their places: as `SpecError`."""
    try:
        yield
    except FindingsError as error:
        raise SpecError(document.diagnose(error.findings)) from error


def as_given(document: Document, spec: ModelSpec) -> tuple[bytes, str]:
    """The text of a spec before any override, and the suffix of its file."""
    if document.lines is None:
        value = render(spec) if document.spec is not None else document.value
        return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n".encode(), ".json"
    text = document.lines.text
    suffix = Path(document.file or "").suffix or (".json" if text.lstrip().startswith("{") else ".yaml")
    return text.encode(), suffix


def preparation(compilation: Compilation, fitted: Mapping[str, Any]) -> Callable[[Any], Mapping[str, Any]]:
    """What makes inputs as a user has them into arrays as the model takes them.

    What it returns raises `UsageError` for inputs that cannot be.
    """
    from specdl.data.load import prepare_inputs

    def prepare(x: Any) -> Mapping[str, Any]:
        try:
            return prepare_inputs(compilation.spec.data, fitted, x, need(compilation.graph, compilation.spec))
        except FindingsError as error:
            first = error.findings[0]
            raise UsageError(first.message, code=first.code, help=first.help) from error

    return prepare


def load(
    path: str | PathLike[str],
    *,
    checkpoint: str = "latest",
    backend: str = "auto",
    device: str = "cpu",
    threads: int | None = None,
    overrides: Iterable[str] = (),
    plugins: Iterable[Plugin] = (),
    tell: Tell = silent,
) -> Run:
    """The run in a folder, with its model and the weights of a checkpoint: `latest`, `best` or a name.

    A run of a spec with ops of your own needs their `plugins` again: a run folder is data, and
    names no code. `tell` is called with a line for what is not as one may expect, as where there
    is no C compiler. Raises `RunError` where there is no good run, and what `compile` raises.

    >>> load("runs/none")
    Traceback (most recent call last):
    specdl.runner.errors.RunError: `runs/none` is not there
    """
    from specdl.runner.run import Loaded
    from specdl.runner.run import load as load_run

    def build(folder: RunFolder, resolved: Mapping[str, Any]) -> Loaded:
        compilation = of_run(folder, resolved, overrides, plugins)
        model = build_model(compilation, backend=backend, device=device, threads=threads, tell=tell)
        fitted = (folder.read("data.json") or {}).get("fitted", {})
        return Loaded(model, preparation(compilation, fitted))

    return load_run(path, build, checkpoint)


def samples_of(run: Run, allow: Iterable[str | PathLike[str]] = ()) -> Data:
    """The data of a run, read again; raises `SpecError` where it cannot be had."""
    spec, folder = run.model.spec, run.folder
    known = folder.read("environment.json") or {}
    home = Path(known.get("folder") or ".")
    allowed = (known.get("data_folder") or home, *allow)
    from specdl.data.load import load as load_data

    with located(Document(folder.read("resolved.json"), str(folder.path / "resolved.json"), home)):
        wanted = need(run.model.graph, spec)
        return load_data(spec.data, Reading(wanted, spec.seed, home, tuple(map(Path, allowed))))


def of_run(
    folder: RunFolder, resolved: Mapping[str, Any], overrides: Iterable[str], plugins: Iterable[Plugin]
) -> Compilation:
    """The compilation of a run's spec; paths in it begin where they began when it was trained."""
    home = (folder.read("environment.json") or {}).get("folder")
    document = Document(resolved, folder=Path(home)) if home else Document(resolved)
    compilation, findings = analyse(document, overrides, plugins)
    if compilation is None:
        raise SpecError(findings)
    return compilation
