"""`python -m tests.reports`: the five reports' figures beside ours, every row trained afresh.

Each row of `tests/golden/ee559.json` is a spec under `models/ee559/`, trained as many times as the
report trained it (ten times where it does not say), with seeds 0, 1, 2, ...: each seed draws
its own points and its own weights. Report C's rows have torch.nn's figures too, from the same
points, weights and batches.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

import specdl
from specdl.analysis import analyse, reading
from specdl.compiler import build_model
from specdl.data.load import load
from specdl.data.order import Order

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "golden" / "ee559.json"
TABLE = ROOT / "docs" / "reports.md"
ACTIVATIONS = {"tanh": nn.Tanh, "relu": nn.ReLU, "sigmoid": nn.Sigmoid}


@dataclass(frozen=True)
class Figures:
    """Accuracy in per cent and mean loss, on the training and the test part; seconds it took."""

    train: float
    test: float
    train_loss: float
    test_loss: float
    seconds: float


def specdl_run(path: Path, seed: int) -> Figures:
    """One training by specdl."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run = specdl.train(path, out=Path(folder) / "run", overrides=[f"seed={seed}"])
        seconds = time.perf_counter() - start
        train, test = run.metrics["train"], run.metrics["test"]
    return Figures(100 * train["accuracy"], 100 * test["accuracy"], train["loss"], test["loss"], seconds)


def torch_run(path: Path, seed: int) -> Figures:
    """The same training by torch.nn: the same points, first weights and batches."""
    compilation, _ = analyse(path, [f"seed={seed}"])
    assert compilation is not None
    spec = compilation.spec
    parts = load(spec.data, reading(compilation)).parts
    net = twin(spec, build_model(compilation).parameters)
    optimizer = torch.optim.SGD(net.parameters(), lr=spec.optimizer.lr, momentum=spec.optimizer.momentum)
    loss_of = F.cross_entropy if spec.loss.type == "cross_entropy" else F.mse_loss
    x, y = tensors(parts["train"])
    order = Order(seed, len(x), shuffle=spec.data.shuffle)
    start = time.perf_counter()
    for epoch in range(spec.train.epochs or 0):
        for rows in torch.from_numpy(order.indices(epoch, 0, len(x))).split(spec.data.batch_size):
            optimizer.zero_grad()
            loss_of(net(x[rows]), y[rows]).backward()
            optimizer.step()
    seconds = time.perf_counter() - start
    with torch.no_grad():
        outputs = {name: net(tensors(parts[name])[0]) for name in ("train", "test")}
    targets = {name: tensors(parts[name])[1] for name in outputs}
    hits = {name: accuracy(outputs[name], targets[name]) for name in outputs}
    losses = {name: float(loss_of(outputs[name], targets[name])) for name in outputs}
    return Figures(hits["train"], hits["test"], losses["train"], losses["test"], seconds)


def twin(spec: specdl.ModelSpec, parameters: Any) -> nn.Sequential:
    """The spec's chain of linear layers in torch.nn, with the same weights."""
    modules: list[nn.Module] = []
    width = spec.model.input.shape[0] if spec.model.input else 0
    for entry in spec.model.layers:
        modules.append(nn.Linear(width, entry.op.out_features))
        width = entry.op.out_features
        if entry.activation is not None:
            modules.append(ACTIVATIONS[entry.activation.type]())
    net = nn.Sequential(*modules)
    with torch.no_grad():
        for mine, theirs in zip(net.parameters(), parameters.values(), strict=True):
            mine.copy_(theirs)
    return net


def tensors(part: Any) -> tuple[Tensor, Tensor]:
    """The single input and target of a part."""
    (x,), (y,) = part.inputs.values(), part.targets.values()
    return torch.from_numpy(x), torch.from_numpy(y)


def accuracy(output: Tensor, target: Tensor) -> float:
    """How many per cent of rows have their largest output at the target."""
    wanted = target if target.dim() == 1 else target.argmax(1)
    return 100 * float((output.argmax(1) == wanted).double().mean())


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation."""
    return statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0


def told(figure: Sequence[float | None] | None) -> str:
    """`98.35 (1.24)`."""
    if figure is None or figure[0] is None:
        return ""
    return f"{figure[0]:.2f} ({figure[1]:.2f})" if figure[1] is not None else f"{figure[0]:.2f}"


def verdict(row: dict[str, Any], runs: Sequence[Figures]) -> str:
    """Whether each mean is at or above the report's, or within its spread; or fails where it does."""
    if row.get("fails"):
        return "fails too" if statistics.mean(r.test for r in runs) < 60 else "CONVERGES"
    if row["train"] is None and row["test"] is None:
        return "converges" if statistics.mean(r.test for r in runs) > 90 else "FAILS"
    for part in ("train", "test"):
        if row[part] is not None:
            mean, allowed = row[part][0], row[part][1] or 0.0
            if statistics.mean(getattr(r, part) for r in runs) < mean - allowed:
                return "BELOW"
    return "reached"


def lines_of(row: dict[str, Any], limit: int | None) -> list[str]:
    """A row of the table, and for report C one of torch.nn's."""
    count = min(row["runs"], limit or row["runs"])
    path = ROOT / "models" / "ee559" / f"{row['spec']}.json"
    runs = [specdl_run(path, seed) for seed in range(count)]
    lines = [line(row, "specdl", count, runs, verdict(row, runs))]
    if row["report"] == "C":
        lines.append(line(row, "torch.nn", count, [torch_run(path, seed) for seed in range(count)], ""))
    return lines


def line(row: dict[str, Any], who: str, count: int, runs: Sequence[Figures], says: str) -> str:
    """One line of the table."""
    cells = [row["report"], row["setting"], who, str(count)]
    for part in ("train", "test"):
        cells += [told(row[part]), told(spread([getattr(run, part) for run in runs]))]
    losses = [statistics.mean(getattr(run, f"{part}_loss") for run in runs) for part in ("train", "test")]
    cells += [" / ".join(f"{loss:.4f}" for loss in losses)]
    return f"| {' | '.join([*cells, f'{statistics.mean(run.seconds for run in runs):.1f}', says])} |"


HEAD = (
    "| report | setting | by | runs | train, report | train, here | test, report | test, here "
    "| loss, train / test | seconds | |\n|---|---|---|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.reports", description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, help="at most so many trainings a row (default: the report's)")
    parser.add_argument("--write", action="store_true", help=f"put the table into {TABLE.relative_to(ROOT)}")
    args = parser.parse_args()
    torch.set_num_threads(1)
    table = [HEAD]
    print(HEAD)
    for row in json.loads(GOLDEN.read_text()):
        for each in lines_of(row, args.runs):
            table.append(each)
            print(each, flush=True)
    if args.write:
        before, _, _ = TABLE.read_text().partition("| report |")
        TABLE.write_text(before + "\n".join(table) + "\n")


if __name__ == "__main__":
    main()
