"""A workload in specdl, through the code that `specdl bench` runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch

from specdl.analysis import Compilation, analyse
from specdl.backends.torch.threads import threads
from specdl.runner.bench import GROUP_SECONDS, Walk, limit
from specdl.runner.model import Model
from specdl.training import job
from tests.benchmarks.timing import Work
from tests.benchmarks.workloads import Workload

LIMIT_S = 0.1
"""How long each of the machine's two rates is measured."""


def work(workload: Workload, backend: str = "auto") -> Work:
    """Epochs of the workload as the runner trains it; facts are the limit, how long it took to compile, and
    what of it is native."""
    source = workload.spec if isinstance(workload.spec, dict) else Path(workload.spec)
    start = time.perf_counter()
    compilation, findings = analyse(source)
    assert compilation is not None, findings
    analysed = time.perf_counter()
    made = job(compilation, backend=backend)
    model, part = made.model, made.data.parts["train"]
    assert isinstance(model, Model)
    built = time.perf_counter()
    data = {name: torch.from_numpy(array) for name, array in (*part.inputs.items(), *part.targets.items())}
    walk = Walk(model, data, part.rows)
    with threads(made.threads):
        facts = {
            "limit_us": limit(compilation.plan, LIMIT_S).us,
            "team": torch.get_num_threads(),
            **native(model, compilation),
        }
    facts |= {
        "check_s": analysed - start,
        "data_and_build_s": built - analysed,
    }
    steps = walk.epoch_steps
    # as many epochs as the runner takes in a call where nothing is due between them
    while (took := walk.timed(steps)) < GROUP_SECONDS:
        steps *= max(2, min(8, int(GROUP_SECONDS / took)))
    return Work(lambda: walk.go(steps), steps, facts)


def native(model: Model, compilation: Compilation) -> dict[str, Any]:
    """What runs a step, how many instructions it has, and how many of them are native."""
    program = compilation.plan.schedules["train"].program
    executable = model.executable
    return {
        "backend": executable.name,
        "kernels": len(program.instrs),
        "native": executable.native_instructions,
    }
