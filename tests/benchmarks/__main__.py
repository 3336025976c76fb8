"""`python -m tests.benchmarks [COMMAND]`: specdl's training step and its peers', in turns.

steps     the shipped workloads beside every peer (the default)
table     width by batch: the best peer's time over specdl's
depth     time per step and to compile, 1 to 1,000 layers
start     from a spec to the first finished step, cold and from the cache
products  mnist_mlp's step beside its matrix products and its optimiser's bytes alone
check     `specdl check` of 100 and of 2,000 layers, and `specdl --help`, as whole processes

Each of specdl and its peers is a process of its own, pinned to the same cores; they are measured in
rounds, one at a time while the others sleep. Nothing is written but with --write.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from tests.benchmarks import checking, depth, grid, products, start, steps
from tests.benchmarks.driver import LIBRARIES, Options
from tests.benchmarks.report import Report, write

COMMANDS: dict[str, tuple[Callable[[Options], Report] | None, int, float]] = {
    "steps": (None, 1, 6.0),
    "table": (grid.run, 1, 0.9),
    "depth": (depth.run, 1, 1.5),
    "start": (start.run, 1, 0.0),
    "products": (products.run, 2, 6.0),
    "check": (checking.run, 1, 0.0),
}
"""What a command runs, on how many cores, and for how many seconds a peer and workload, unless told."""


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", choices=COMMANDS, default="steps")
    parser.add_argument(
        "--workload", action="append", default=[], help="of `steps`; may be repeated (default: all)"
    )
    parser.add_argument("--threads", type=int, help="cores (default: 1; 2 for products; as `steps` says)")
    parser.add_argument("--seconds", type=float, help="least time a peer and workload, over all rounds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", default=",".join(LIBRARIES), help="default: %(default)s")
    parser.add_argument("--backend", choices=("auto", "torch", "c"), default="auto", help="specdl's")
    parser.add_argument("--march", help="what specdl's C is compiled for, as x86-64-v3 (default: this CPU)")
    parser.add_argument("--quick", action="store_true", help="fewer cells, depths or specs")
    parser.add_argument("--json", action="store_true", help="print data in place of text")
    parser.add_argument("--write", action="store_true", help="record into docs/measurements.md")
    return parser.parse_args()


def main() -> None:
    args = parsed()
    command, threads, seconds = COMMANDS[args.command]
    options = Options(
        threads=args.threads or threads,
        seconds=seconds if args.seconds is None else args.seconds,
        rounds=args.rounds,
        peers=tuple(peer for peer in LIBRARIES if peer in args.peers.split(",")),
        backend=args.backend,
        march=args.march,
        quick=args.quick,
    )
    report = steps.run(options, args.workload, args.threads) if command is None else command(options)
    print(json.dumps(report.data, indent=2) if args.json else report.text, flush=True)
    if args.write:
        write(report)


if __name__ == "__main__":
    main()
