"""`python -m tests.benchmarks`: microseconds per training step, specdl and torch eager in turn.

Both shuffle resident data each epoch, gather each batch, and run forward, loss, backward and
update; specdl also guards every update. The two take turns, epoch by epoch or in spans of
about 20 ms, so that a machine that changes its speed changes it for both; the figures are
medians over the turns, and the ratio is the median of the turns' ratios.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch

import specdl
from specdl.compiler import analyse
from specdl.runner.bench import Walk
from specdl.training import job
from tests.benchmarks.workloads import WORKLOADS, Workload

Epoch = Callable[[], None]


def torch_epoch(workload: Workload, data: dict[str, torch.Tensor], batch: int) -> Epoch:
    """An epoch as a torch user writes it."""
    torch.manual_seed(0)
    net = workload.net()
    optimizer = workload.optimizer(net)
    x, y = data["input"], data["target"]

    def epoch() -> None:
        order = torch.randperm(len(x))
        for start in range(0, len(x), batch):
            rows = order[start : start + batch]
            optimizer.zero_grad()
            workload.loss(net(x[rows]), y[rows]).backward()
            optimizer.step()

    return epoch


def specdl_epoch(model: specdl.Model, data: dict[str, torch.Tensor], rows: int) -> Epoch:
    """An epoch as the runner trains it: shuffled by `Order`, gathered, guarded."""
    walk = Walk(model, data, rows)
    return lambda: walk.go(walk.epoch_steps)


def timed(epoch: Epoch, repeats: int) -> float:
    """Seconds of one epoch, over `repeats` of them."""
    start = time.perf_counter()
    for _ in range(repeats):
        epoch()
    return (time.perf_counter() - start) / repeats


def compare(name: str, seconds: float) -> str:
    """A line of the table."""
    workload = WORKLOADS[name]
    compilation, _ = analyse(workload.spec)
    assert compilation is not None
    made = job(compilation, backend="torch")
    part, batch = made.data.parts["train"], compilation.spec.data.batch_size
    data = {name: torch.from_numpy(array) for name, array in (*part.inputs.items(), *part.targets.items())}
    epochs = [specdl_epoch(made.model, data, part.rows), torch_epoch(workload, data, batch)]
    repeats = [max(1, round(0.02 / timed(epoch, 2))) for epoch in epochs]
    steps = -(-part.rows // batch)
    turns: list[list[float]] = []
    begun = time.perf_counter()
    while len(turns) < 7 or time.perf_counter() - begun < seconds:
        turns.append([timed(each, count) / steps * 1e6 for each, count in zip(epochs, repeats, strict=True)])
    ours, theirs = (statistics.median(column) for column in zip(*turns, strict=True))
    ratio = statistics.median(peer / own for own, peer in turns)
    return f"| {name} | {torch.get_num_threads()} | {theirs:,.1f} | {ours:,.1f} | {ratio:.2f} |"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("workloads", nargs="*", default=sorted(WORKLOADS), help="default: all")
    parser.add_argument("--threads", type=int, default=1, help="torch's threads (default 1)")
    parser.add_argument("--seconds", type=float, default=10.0, help="least time a workload (default 10)")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print("| workload | threads | torch eager, us | specdl (torch backend), us | times faster |")
    print("|---|---|---|---|---|")
    for name in args.workloads:
        print(compare(name, args.seconds), flush=True)


if __name__ == "__main__":
    main()
