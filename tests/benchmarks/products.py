"""`python -m tests.benchmarks products`: a step beside its products and its optimiser's bytes alone."""

from __future__ import annotations

from tests.benchmarks.driver import Figure, Options, contest
from tests.benchmarks.report import Report, as_data, conditions, number, suffix, table

WORKLOAD, BAR = "mnist_mlp", 1.2


def run(options: Options) -> Report:
    """Measure both in turns."""
    with contest(("specdl", "products"), options) as race:
        figures = race.measure(WORKLOAD)
    own, floor = figures["specdl"], figures["products"]
    if not isinstance(own, Figure) or not isinstance(floor, Figure):
        raise SystemExit(f"no figures: {figures}")
    update, gradients = floor.facts["update_us"], floor.facts["gradients_us"]
    least, rate = floor.us + update, floor.facts["copy_bytes_per_s"]
    rows = [
        ["matrix products by torch.mm", number(floor.us)],
        [
            f"parameters and moments read and written, at {rate / 1e9:.1f} GB/s",
            number(update),
        ],
        ["both", number(least)],
        ["(gradients read from memory as well)", number(gradients)],
        ["specdl's step", number(own.us)],
    ]
    verdict = "met" if own.us <= BAR * least else "missed"
    lines = [
        *table([WORKLOAD, "us"], rows),
        "",
        f"specdl takes {own.us / least:.2f} times as long as both, bar {BAR:g}: {verdict}.",
        f"With the gradients it is {own.us / (least + gradients):.2f} times.",
        "",
        conditions(options),
    ]
    cores = f"{options.threads} core{'' if options.threads == 1 else 's'}"
    return Report(
        f"products{suffix(options)}", f"What {WORKLOAD} cannot do without, {cores}", lines, as_data(figures)
    )
