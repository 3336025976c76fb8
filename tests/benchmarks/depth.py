"""`python -m tests.benchmarks depth`: how the time per step and the time to compile grow with depth."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

from tests.benchmarks.driver import Figure, Options, contest, present
from tests.benchmarks.report import Report, as_data, conditions, number, suffix, table, us
from tests.benchmarks.start import Times, times
from tests.benchmarks.steps import Figures, ratio
from tests.benchmarks.workloads import DEPTHS

QUICK_DEPTHS = (1, 10, 100)
COLD_S = 20.0
"""The bar for the deepest net's compilation with an empty cache."""
LINEAR = 1.5
"""Growth counts as linear where a layer more costs at most this times what it costs on average from 10 on."""


def run(options: Options) -> Report:
    """Measure every depth beside torch eager; what the others compile grows for minutes."""
    depths = QUICK_DEPTHS if options.quick else DEPTHS
    peers = present(peer for peer in options.peers if peer == "torch_eager")
    figures: dict[int, Figures] = {}
    compiled: dict[int, Times] = {}
    with contest(("specdl", *peers), options) as race:
        for depth in depths:
            figures[depth] = race.measure(f"depth_{depth}")
            compiled[depth] = times(f"depth_{depth}", replace(options, rounds=min(options.rounds, 3)))
            print(*row(depth, figures[depth], compiled[depth]), sep="  ", file=sys.stderr, flush=True)
    header = [
        "layers",
        "specdl, us",
        "us per layer",
        "torch eager, us",
        "times",
        "cold, s",
        "ms per layer",
        "cached, s",
    ]
    lines = [
        "Hidden layers of 25 with tanh, batch 50, SGD: microseconds per step, and seconds from the spec to a",
        "model with an empty cache and with what that left.",
        "",
        *table(header, (row(depth, figures[depth], compiled[depth]) for depth in depths)),
        "",
        *(f"- {line}" for line in verdicts(figures, compiled)),
        "",
        conditions(options),
    ]
    data: Any = [{"layers": depth, "peers": as_data(figures[depth]), **compiled[depth]} for depth in depths]
    return Report(f"depth{suffix(options)}", "Depth", lines, data)


def compile_s(each: Times, kind: str) -> float:
    """From the spec to a model, in seconds."""
    return each[kind]["check_s"] + each[kind]["build_s"]


def row(depth: int, figures: Figures, each: Times) -> list[str]:
    """A line of the table."""
    own, rate = figures["specdl"], ratio(figures, "torch_eager")
    cold = compile_s(each, "cold")
    return [
        str(depth),
        us(own),
        number(own.us / depth) if isinstance(own, Figure) else "-",
        us(figures.get("torch_eager")),
        "-" if rate is None else number(rate),
        f"{cold:.3f}",
        number(cold / depth * 1e3),
        f"{compile_s(each, 'cached'):.3f}",
    ]


def verdicts(figures: dict[int, Figures], compiled: dict[int, Times]) -> list[str]:
    """Whether growth is linear, and the bar of the deepest."""
    steps = {depth: own.us for depth, each in figures.items() if isinstance(own := each["specdl"], Figure)}
    cold = {depth: compile_s(each, "cold") for depth, each in compiled.items()}
    deepest = max(cold)
    met = "met" if cold[deepest] < COLD_S else "missed"
    return [
        f"A step: {growth(steps)}.",
        f"Compiling, cold: {growth(cold)}.",
        f"{deepest:,} layers compile in {cold[deepest]:.1f} s, bar {COLD_S:g}: {met}.",
    ]


def growth(costs: dict[int, float]) -> str:
    """What a layer more costs towards the deepest net, beside what it costs towards the middle one."""
    depths = sorted(costs)
    if len(depths) < 3:
        return "too few depths"
    first, middle, last = depths[0], depths[len(depths) // 2], depths[-1]
    early = (costs[middle] - costs[first]) / (middle - first)
    late = (costs[last] - costs[middle]) / (last - middle)
    verdict = "linear" if late <= LINEAR * early else "more than linear"
    return (
        f"a layer more costs {late / early:.2f} times as much from {middle} to {last} layers "
        f"as from {first} to {middle}: {verdict}"
    )
