"""`python -m tests.benchmarks table`: width by batch, the best peer's time over specdl's, and the bars."""

from __future__ import annotations

import sys

from tests.benchmarks.driver import Figure, Options, contest, present
from tests.benchmarks.report import Report, as_data, conditions, number, suffix, table, us
from tests.benchmarks.steps import Figures, ratio
from tests.benchmarks.workloads import BATCHES, WIDTHS, named

QUICK_WIDTHS, QUICK_BATCHES = (8, 32, 128, 512), (1, 64, 512)
HOPELESS_FLOPS = 10**11
"""A step of this size takes a second on a core, all but a few hundredths of it in products by the same BLAS:
what torch.compile adds is minutes of compiling."""
NAMES = {"torch_eager": "eager", "torch_compile": "compile", "jax_jit": "jit", "jax_scan": "scan"}


def run(options: Options) -> Report:
    """Measure every cell, telling each on standard error."""
    widths, batches = (QUICK_WIDTHS, QUICK_BATCHES) if options.quick else (WIDTHS, BATCHES)
    peers = present(options.peers)
    cells: dict[tuple[int, int], Figures] = {}
    with contest(("specdl", *peers), options) as race:
        for width in widths:
            for batch in batches:
                name = f"width_{width}_batch_{batch}"
                hopeless = ["torch_compile"] if named(name).flops > HOPELESS_FLOPS else []
                cells[width, batch] = race.measure(name, without=hopeless)
                print(*row(width, batch, cells[width, batch], peers), sep="  ", file=sys.stderr, flush=True)
    matrix = [[str(width), *(text(cells[width, batch]) for batch in batches)] for width in widths]
    header = ["width", "batch", "limit, us", "specdl, us", *peers, "times", "bar", ""]
    under = [key for key, figures in cells.items() if verdict(figures) == "missed"]
    lines = [
        "Three hidden layers of one width with tanh, as many inputs, 10 classes, cross-entropy, SGD. How",
        "many times faster than the best peer; rows are widths, columns batches. `!` marks a cell under",
        "its bar, which is 5 where the limit is under 5 us, 2.5 where it is under 15, and 0.95 elsewhere.",
        "",
        *table(["", *map(str, batches)], matrix),
        "",
        f"{len(cells) - len(under)} of {len(cells)} cells meet their bars. torch.compile is not tried where",
        f"a step is over {HOPELESS_FLOPS:,} FLOPs: all of it is products by the BLAS that eager calls.",
        "",
        *table(header, (row(*key, figures, peers) for key, figures in cells.items())),
        "",
        conditions(options),
    ]
    data = [{"width": w, "batch": b, "peers": as_data(figures)} for (w, b), figures in cells.items()]
    cores = f"{options.threads} core{'' if options.threads == 1 else 's'}"
    title = f"Width by batch, {cores}" + (f", {options.march}" if options.march else "")
    return Report(f"table{suffix(options)}", title, lines, data)


def bar(limit_us: float) -> float:
    """How many times faster than the best peer specdl is to be where the limit is this."""
    if limit_us < 5:
        return 5.0
    return 2.5 if limit_us < 15 else 0.95


def limit(figures: Figures) -> float | None:
    own = figures["specdl"]
    return float(own.facts["limit_us"]) if isinstance(own, Figure) else None


def verdict(figures: Figures) -> str:
    """Whether a cell is above its bar."""
    value, least = ratio(figures, "best"), limit(figures)
    if value is None or least is None:
        return "not measured"
    return "met" if value >= bar(least) else "missed"


def text(figures: Figures) -> str:
    """A cell of the matrix."""
    value = ratio(figures, "best")
    return "-" if value is None else f"{number(value)}{' !' if verdict(figures) == 'missed' else ''}"


def row(width: int, batch: int, figures: Figures, peers: tuple[str, ...]) -> list[str]:
    """A cell in full."""
    value, least = ratio(figures, "best"), limit(figures)
    return [
        str(width),
        str(batch),
        "-" if least is None else number(least),
        *(us(figures.get(peer)) for peer in ("specdl", *peers)),
        "-" if value is None else number(value),
        "-" if least is None else f"{bar(least):g}",
        verdict(figures),
    ]
