"""`python -m tests.benchmarks start`: from a spec to the first finished step, cold and cached."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.benchmarks.driver import Options, environment
from tests.benchmarks.report import Report, conditions, suffix, table
from tests.benchmarks.workloads import ROOT

COLD_S, CACHED_S = 1.0, 0.2
"""The bars."""
Times = dict[str, dict[str, float]]
"""Medians of the stages of `first_step`, by `cold` and `cached`."""


def specs(quick: bool) -> list[str]:
    """The shipped specs, by path; with `quick` those of the benchmarks."""
    folder = ROOT / "models"
    paths = sorted(path for path in folder.rglob("*") if path.suffix in (".json", ".yaml"))
    return [str(path.relative_to(ROOT)) for path in paths if not quick or path.parent.name == "bench"]


def first_step(source: str, options: Options, folder: Path) -> dict[str, float]:
    """The stages of one process, whose caches are below `folder`."""
    words = [sys.executable, "-m", "tests.benchmarks.first_step", source, "--backend", options.backend]
    words += ["--threads", str(options.threads)]
    own = environment(options, folder)
    done = subprocess.run(words, cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{source}: {done.stderr.strip()[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def times(source: str, options: Options) -> Times:
    """Each round begins with an empty cache, and goes on with what that left."""
    rounds: dict[str, list[dict[str, float]]] = {"cold": [], "cached": []}
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="specdl-bench-") as folder:
            for taken in rounds.values():
                taken.append(first_step(source, options, Path(folder)))
    return {
        kind: {stage: statistics.median(each[stage] for each in taken) for stage in taken[0]}
        for kind, taken in rounds.items()
    }


def run(options: Options) -> Report:
    """Measure every shipped spec, telling each on standard error."""
    found: dict[str, Times] = {}
    sources = specs(options.quick)
    times(sources[0], replace(options, rounds=1))  # the bytecode of a fresh clone is no start's to write
    for source in sources:
        found[source] = times(source, options)
        print(*row(source, found[source]), sep="  ", file=sys.stderr, flush=True)
    imports = statistics.median(each["cached"]["imports_s"] for each in found.values())
    header = ["spec", "cold, s", "of it build", "cached, s", "of it build", ""]
    lines = [
        "Seconds from reading a spec to the first finished step, with an empty cache and with what that",
        "left. Drawing samples is not counted, nor are imports (once torch is there, specdl's own take",
        f"{imports:.2f} s). The bars are {COLD_S:g} and {CACHED_S:g}.",
        "",
        *table(header, (row(source, each) for source, each in found.items())),
        "",
        conditions(options),
    ]
    data: Any = [{"spec": source, **each} for source, each in found.items()]
    return Report(f"start{suffix(options)}", "From a spec to the first step", lines, data)


def row(source: str, each: Times) -> list[str]:
    """A line of the table."""
    cold, cached = each["cold"], each["cached"]
    met = cold["total_s"] < COLD_S and cached["total_s"] < CACHED_S
    stages = [f"{kind[stage]:.3f}" for kind in (cold, cached) for stage in ("total_s", "build_s")]
    return [source, *stages, "met" if met else "missed"]
