"""`python -m tests.benchmarks steps`: the shipped workloads beside every peer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tests.benchmarks.driver import Figure, Options, contest, present
from tests.benchmarks.report import Report, as_data, conditions, number, suffix, table, us

RUNS = (("disc_mlp", 1), ("odd_mlp", 1), ("mnist_mlp", 1), ("mnist_mlp", 2))
"""Workloads with the cores they run on, unless they are chosen."""
BARS = {
    ("disc_mlp", 1): {"torch_eager": 35.0, "jax_scan": 6.0},
    ("odd_mlp", 1): {"torch_eager": 20.0},
    ("mnist_mlp", 2): {"best": 1.4},
}
"""How many times faster than a peer specdl is to be."""
Figures = dict[str, Figure | str]


def run(options: Options, workloads: Sequence[str], threads: int | None) -> Report:
    """Measure workloads, by default all; `threads` stands in place of each one's own number of cores."""
    chosen = [(name, count) for name, count in RUNS if not workloads or name in workloads]
    chosen += [(name, 1) for name in workloads if name not in dict(RUNS)]
    if threads is not None:
        chosen = [(name, threads) for name in dict(chosen)]
    peers = present(options.peers)
    found: dict[tuple[str, int], Figures] = {}
    for count in sorted({count for _, count in chosen}):
        with contest(("specdl", *peers), replace(options, threads=count)) as race:
            for name in [name for name, cores in chosen if cores == count]:
                found[name, count] = race.measure(name)
    header = [
        "workload",
        "cores",
        "limit, us",
        "specdl, us",
        "native",
        *(f"{peer}, us (times)" for peer in peers),
    ]
    lines = [
        "Microseconds per training step, and how many times specdl's that is. Every side shuffles resident",
        "data each epoch, gathers each batch, and runs forward, loss, backward and update; specdl also",
        "guards every update.",
        "",
        *table(header, (row(name, count, figures, peers) for (name, count), figures in found.items())),
        "",
        *(line for key, figures in found.items() for line in bars(key, figures)),
        "",
        conditions(replace(options, threads=chosen[0][1])).replace(
            "on 1 core", "on as many cores as its row says"
        ),
    ]
    data = [
        {"workload": name, "threads": count, "peers": as_data(figures)}
        for (name, count), figures in found.items()
    ]
    key = f"steps{suffix(options).removeprefix(f'-{options.threads}')}"
    return Report(key, "A training step" + (f", {options.march}" if options.march else ""), lines, data)


def row(name: str, threads: int, figures: Figures, peers: Sequence[str]) -> list[str]:
    """A line of the table."""
    own = figures["specdl"]
    facts = own.facts if isinstance(own, Figure) else {}
    native = f"{facts['native']} of {facts['kernels']}" if facts else "-"
    limit = number(facts["limit_us"]) if facts else "-"
    cells = [f"{us(figures.get(peer))} ({times(figures, peer)})" for peer in peers]
    return [name, str(threads), limit, us(own), native, *cells]


def ratio(figures: Figures, peer: str) -> float | None:
    """How many times faster specdl is than a peer, or than the `best` of them; None without both."""
    own, rest = figures.get("specdl"), {name: each for name, each in figures.items() if name != "specdl"}
    theirs = [each.us for name, each in rest.items() if isinstance(each, Figure) and peer in (name, "best")]
    return min(theirs) / own.us if isinstance(own, Figure) and theirs else None


def times(figures: Figures, peer: str) -> str:
    """The ratio as text."""
    value = ratio(figures, peer)
    return "-" if value is None else f"{number(value)}x"


def bars(key: tuple[str, int], figures: Figures) -> list[str]:
    """A line for each bar of a workload."""
    lines = []
    for peer, bar in BARS.get(key, {}).items():
        value = ratio(figures, peer)
        verdict = "not measured" if value is None else "met" if value >= bar else "missed"
        other = "the best peer" if peer == "best" else peer
        lines.append(
            f"- {key[0]} on {key[1]}: {times(figures, peer)} faster than {other}, bar {bar:g}x: {verdict}."
        )
    return lines
