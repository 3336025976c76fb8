"""`python -m tests.benchmarks check`: the command line from its start to its end, as a user waits for it."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

from specdl.ops.registry import CATALOGS
from tests.benchmarks.driver import Options, installed
from tests.benchmarks.report import Report, conditions, table

ROUNDS = 5
"""Times that a command is run for each of the options' rounds."""
WIDTH = 24
Spec = dict[str, Any]

LAYERS: dict[str, Callable[[str], list[Spec]]] = {
    "linear": lambda name: [{"type": "linear", "out_features": WIDTH, "name": name, "activation": "tanh"}],
    "identity": lambda name: [{"type": "identity", "name": name}],
    "scale": lambda name: [{"type": "scale", "factor": 0.5, "name": name}],
    "add": lambda name: [
        {"type": "linear", "out_features": WIDTH, "name": f"{name}_side"},
        {"type": "add", "inputs": ["previous", "input_layer"], "name": name},
    ],
    "concat": lambda name: [
        {"type": "concat", "inputs": ["previous", "input_layer"], "name": name},
        {"type": "linear", "out_features": WIDTH, "name": f"{name}_after"},
    ],
    "reshape": lambda name: [
        {"type": "reshape", "shape": [4, WIDTH // 4], "name": name},
        {"type": "flatten", "name": f"{name}_after"},
    ],
    "flatten": lambda name: [{"type": "flatten", "name": name}],
    "residual": lambda name: [
        {"type": "residual", "layers": [{"type": "linear", "out_features": WIDTH}], "name": name}
    ],
    "block": lambda name: [{"type": "block", "block": "unit", "with": {"width": WIDTH}, "name": name}],
    "relu": lambda name: [{"type": "relu", "name": name}],
    "tanh": lambda name: [{"type": "tanh", "name": name}],
    "sigmoid": lambda name: [{"type": "sigmoid", "name": name}],
    "softmax": lambda name: [{"type": "softmax", "name": name}],
}
"""How each type of layer stands in a row of `WIDTH` features: what is made has as many."""


def every_layer(count: int) -> Spec:
    """A spec of at least so many layers that names every type of layer in turn."""
    absent = {*CATALOGS["layers"].tags()} - {*LAYERS}
    if absent:
        raise SystemExit(f"say in tests/benchmarks/checking.py how these stand in a row: {sorted(absent)}")
    layers: list[Spec] = [{"type": "linear", "out_features": WIDTH, "name": "input_layer"}]
    for place, make in enumerate(cycle(LAYERS.values())):
        if len(layers) >= count - 1:
            break
        layers += make(f"layer_{place}")
    layers.append({"type": "linear", "out_features": 2, "name": "head"})
    unit = {"type": "linear", "out_features": "${width}", "activation": "tanh"}
    return {
        "specdl": 1,
        "name": f"layers-{count}",
        "seed": 0,
        "blocks": {"unit": {"params": {"width": "int"}, "layers": [unit]}},
        "data": {"source": {"type": "disc", "train": 1000, "test": 200}, "batch_size": 50},
        "model": {"input": {"shape": [2]}, "layers": layers},
        "loss": {"type": "cross_entropy"},
        "optimizer": {"type": "adam", "lr": 0.001},
        "train": {"epochs": 10},
        "metrics": ["accuracy"],
    }


def run(options: Options) -> Report:
    """Time whole processes, one after another, each with what a first one left on the disk."""
    with tempfile.TemporaryDirectory(prefix="specdl-bench-") as folder:
        commands = {"specdl --help": (["--help"], 0.12)}
        for count, bar in ((100, 0.25), (2000, 0.6)):
            file = Path(folder, f"layers-{count}.json")
            file.write_text(json.dumps(every_layer(count), indent=2), encoding="utf-8")
            commands[f"specdl check, {count:,} layers of every type"] = (["check", str(file)], bar)
        found = {name: times(words, ROUNDS * options.rounds) for name, (words, _) in commands.items()}
        python = times(None, ROUNDS * options.rounds)
    rows = [
        [name, f"{wall:.3f}", f"{cpu:.3f}", f"{bar:g}", "met" if wall < bar else "missed"]
        for name, (wall, cpu) in found.items()
        for bar in (commands[name][1],)
    ]
    lines = [
        "Seconds of a whole process, from its start to its end, torch never imported.",
        "",
        *table(
            ["command", "wall", "processor", "bar", ""],
            [*rows, ["python -c pass", *(f"{each:.3f}" for each in python), "", ""]],
        ),
        "",
        conditions(options),
    ]
    data: Any = [{"command": name, "wall_s": wall, "cpu_s": cpu} for name, (wall, cpu) in found.items()]
    return Report("check", "The command line", lines, data)


def times(words: list[str] | None, rounds: int) -> tuple[float, float]:
    """Median seconds of a command of specdl, or of Python alone: on the wall, and of the processor."""
    if words is None:
        command = [sys.executable, "-c", "pass"]
    else:
        command = [str(Path(sys.executable).with_name("specdl")), *words]
    taken = [once(command) for _ in range(rounds + 1)][1:]
    walls, processors = zip(*taken, strict=True)
    return statistics.median(walls), statistics.median(processors)


def once(command: list[str]) -> tuple[float, float]:
    """Seconds of one process; stops the benchmark where it does not end well."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, env=installed(), check=False)
    wall = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode or "warning" in done.stdout:
        raise SystemExit(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return wall, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
