"""Runs that never were, for tests of the report: whole `RunFacts` without training."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from specdl.analysis import Compilation, analyse
from specdl.runner.report.facts import Classes, Regions, RunFacts, Values

MODELS = Path(__file__).parents[3] / "models"
ENVIRONMENT = {
    "python": "3.13.1",
    "packages": {"specdl": "0.1.0", "torch": "2.13.0", "numpy": "2.3.0"},
    "machine": {"cpu": "x86-64", "threads": 2},
}


def compiled(source: Any) -> Compilation:
    compilation, findings = analyse(source)
    assert compilation is not None, findings
    return compilation


def history(
    metrics: Mapping[str, Callable[[float], float]], epochs: int, every: int = 1
) -> list[dict[str, Any]]:
    """Rows as a run writes them; validation is a little worse than train, and noisy."""
    noise = np.random.default_rng(1)
    rows = []
    for epoch in range(every, epochs + 1, every):
        x = epoch / epochs
        train = {name: f(x) for name, f in metrics.items()}
        validation = {
            n: v * (1 + 0.02 * noise.normal() + (0.06 if n == "loss" else -0.02)) for n, v in train.items()
        }
        rows.append({"epoch": epoch, "step": epoch * 20, "train": train, "validation": validation})
    return rows


def facts(compilation: Compilation, text: str, file: str, **more: Any) -> RunFacts:
    return RunFacts(
        name=compilation.spec.name,
        description=compilation.spec.description,
        graph=compilation.graph,
        bytes=compilation.plan.bytes,
        rows=compilation.plan.rows,
        spec_text=text,
        spec_file=file,
        folder=f"runs/{compilation.spec.name}",
        environment=ENVIRONMENT,
        seconds=more.pop("seconds", 12.3),
        **more,
    )


def shipped(name: str, **more: Any) -> RunFacts:
    path = MODELS / name
    return facts(compiled(path), path.read_text(encoding="utf-8"), path.name, **more)


def circle(x: Any, y: Any) -> Any:
    """A class boundary that is nearly the disc."""
    angle = np.arctan2(y - 0.5, x - 0.5)
    return (np.hypot(x - 0.5, y - 0.5) < 0.4 + 0.02 * np.sin(3 * angle)).astype(np.int64)


def disc() -> RunFacts:
    points = np.random.default_rng(0).random((1000, 2))
    truth = (np.hypot(*(points - 0.5).T) < (2 * np.pi) ** -0.5).astype(np.int64)
    predicted = circle(*points.T)
    centres = (np.arange(160) + 0.5) / 160
    cells = circle(centres[None, :], centres[:, None])
    labels = ("outside", "inside")
    right = float((truth == predicted).mean())
    figures = {"loss": 0.0231, "accuracy": right, "wrong_predictions": float((truth != predicted).sum())}
    return shipped(
        "disc.json",
        history=history(
            {
                "loss": lambda x: 0.5 * float(np.exp(-5 * x)) + 0.02,
                "accuracy": lambda x: 0.985 - 0.45 * float(np.exp(-7 * x)),
                "wrong_predictions": lambda x: round(15 + 450 * float(np.exp(-7 * x))),
            },
            250,
            10,
        ),
        final={
            "train": {"loss": 0.0198, "accuracy": 0.989, "wrong_predictions": 11.0},
            "validation": {"loss": 0.0272, "accuracy": 0.97, "wrong_predictions": 6.0},
            "test": figures,
        },
        final_of="the last weights, of step 5,000",
        predictions=(Classes("head", "test", truth, predicted, labels),),
        regions=(
            Regions(
                "head", "test", ("x1", "x2"), (0.0, 1.0, 0.0, 1.0), cells, points, truth, predicted, labels
            ),
        ),
        settings={
            "optimizer": "sgd(lr=0.1, momentum=0.2)",
            "schedule": "piecewise_constant(boundaries=(100.0, 175.0), factors=(1.0, 0.3, 0.1), unit=epochs)",
            "epochs": "250",
            "batch size": "50",
            "seed": "0",
        },
    )


def digits() -> RunFacts:
    noise = np.random.default_rng(2)
    truth = noise.integers(0, 10, 360)
    predicted = np.where(noise.random(360) < 0.05, noise.integers(0, 10, 360), truth)
    predicted[(truth == 8) & (noise.random(360) < 0.2)] = 1
    return shipped(
        "digits_residual.yaml",
        history=history(
            {
                "loss": lambda x: 2.3 * float(np.exp(-8 * x)) + 0.004,
                "accuracy": lambda x: 0.99 - 0.8 * float(np.exp(-9 * x)),
            },
            20,
        ),
        final={
            "validation": {"loss": 0.07, "accuracy": 0.972},
            "test": {"loss": 0.0912, "accuracy": float((truth == predicted).mean())},
        },
        predictions=(Classes("head", "test", truth, predicted, tuple("0123456789")),),
        settings={
            "optimizer": "sgd(lr=0.02, momentum=0.9)",
            "schedule": "cosine(unit=epochs)",
            "epochs": "20",
        },
    )


def diabetes() -> RunFacts:
    noise = np.random.default_rng(3)
    truth = noise.gamma(4, 38, (66, 1))
    predicted = 60 + 0.6 * truth + 40 * noise.normal(size=truth.shape)
    return shipped(
        "diabetes.json",
        history=history(
            {
                "loss": lambda x: 28000 * float(np.exp(-9 * x)) + 2900,
                "mae": lambda x: 150 * float(np.exp(-5 * x)) + 43,
            },
            60,
            5,
        ),
        final={"train": {"loss": 2700.0, "mae": 42.0}, "test": {"loss": 3105.2, "mae": 44.9}},
        predictions=(Values("head", "test", truth, predicted),),
        seconds=0.8,
    )


def branches() -> RunFacts:
    noise = np.random.default_rng(4)
    kinds, amounts = noise.integers(0, 5, 128), noise.normal(size=(128, 1))
    rows = history({"loss": lambda x: 1.6 - 0.2 * x}, 5)
    return shipped(
        "two_inputs.json",
        history=[{**row, "validation": {}} for row in rows],
        final={"train": {"loss": 1.41}},
        predictions=(
            Classes(
                "kind",
                "validation",
                kinds,
                noise.integers(0, 5, 128),
                ("iron", "copper", "a long name of tin", "zinc", "gold"),
            ),
            Values("amount", "validation", amounts, 0.2 * amounts),
        ),
    )


def deep(layers: int = 100) -> RunFacts:
    """A net of many layers, every fourth around which a skip leads."""
    body: list[dict[str, Any]] = [{"type": "linear", "out_features": 16, "name": "stem"}]
    for i in range(layers):
        body.append({"type": "linear", "out_features": 16, "activation": "relu", "name": f"layer{i}"})
        if i % 4 == 3:
            body.append({"type": "add", "inputs": [f"layer{i}", f"layer{i - 3}"], "name": f"sum{i}"})
    spec = {
        "specdl": 1,
        "name": "deep",
        "data": {"batch_size": 8},
        "model": {"input": {"shape": [16]}, "layers": body},
        "loss": {"type": "mse"},
        "optimizer": {"type": "adam", "lr": 0.001},
        "train": {"epochs": 1},
    }
    return replace(facts(compiled(spec), "{}", "spec.json", seconds=None), folder="", environment={})
