"""From reading a spec to the first finished step, in a process of its own: prints one line of JSON.

    python -m tests.benchmarks.first_step models/disc.json

Modules are imported before the clock starts, and random samples are drawn while it stands still. The
spec is a file, or the name of a workload.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.peer import pin
from tests.benchmarks.workloads import named


def measure(source: Any, backend: str) -> dict[str, Any]:
    """Seconds of each stage."""
    start = time.perf_counter()
    import torch

    torch_s = time.perf_counter() - start
    start = time.perf_counter()
    from specdl.analysis import analyse, reading
    from specdl.cli.samples import random_data
    from specdl.compiler import build_model
    from specdl.data.load import load
    from specdl.runner.bench import Walk

    imports_s = time.perf_counter() - start
    start = time.perf_counter()
    compilation, findings = analyse(source)
    assert compilation is not None, findings
    check_s = time.perf_counter() - start
    start = time.perf_counter()
    model = build_model(compilation, backend=backend)
    build_s = time.perf_counter() - start
    part = load(random_data(compilation, compilation.plan.rows), reading(compilation)).parts["train"]
    data = {name: torch.from_numpy(array) for name, array in (*part.inputs.items(), *part.targets.items())}
    walk = Walk(model, data, part.rows)
    step_s = walk.timed(1)
    return {
        "torch_s": torch_s,
        "imports_s": imports_s,
        "check_s": check_s,
        "build_s": build_s,
        "step_s": step_s,
        "total_s": check_s + build_s + step_s,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.first_step")
    parser.add_argument("spec", help="a spec file, or the name of a workload")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--backend", default="auto")
    args = parser.parse_args()
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    pin(args.threads)
    path = Path(args.spec)
    print(json.dumps(measure(path if path.exists() else named(args.spec).spec, args.backend)), file=replies)


if __name__ == "__main__":
    main()
