"""A model small enough that a run takes milliseconds, and ways to look at what a run left."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from specdl.backends.base import StepScalars, batch_by_batch
from specdl.core.errors import DivergedError
from specdl.data.base import Data, DataSpec, Part
from specdl.graph.build import build
from specdl.graph.graph import Graph
from specdl.ops.base import LayerEntry
from specdl.ops.layers.linear import Linear
from specdl.ops.losses.mse import MSE
from specdl.ops.metrics.mae import MeanAbsoluteError
from specdl.ops.optimizers.sgd import SGD
from specdl.ops.schedules.cosine import Cosine
from specdl.runner.checkpoint import Checkpoint
from specdl.runner.folder import RunFolder
from specdl.runner.train import Job
from specdl.spec.model import InputSpec, ModelSection, ModelSpec, TrainSpec

FEATURES, ROWS, BATCH = 3, 22, 8
PER_EPOCH = 3
"""Two whole batches and one of six."""


class Linears:
    """Linear regression by gradient descent with momentum: an executable in plain torch.

    `diverge_at` is a step that is not finite, `pause` a wait in each step, and `notes` is called
    with what goes on: `step`, `evaluate`.
    """

    def __init__(self) -> None:
        self.parameters = {
            "fc.weight": torch.tensor([[0.5, -0.25, 0.125]], dtype=torch.float64),
            "fc.bias": torch.zeros(1, dtype=torch.float64),
        }
        self.gradients = {name: torch.zeros_like(value) for name, value in self.parameters.items()}
        self.optimizer_state = {f"{n}.buf": torch.zeros_like(v) for n, v in self.parameters.items()}
        self.kernels = ()
        self.prepared: list[int] = []
        self.trained: list[tuple[int, list[int], float]] = []
        """Number, rows and learning rate of each step."""
        self.diverge_at: int | None = None
        self.pause = 0.0
        self.notes: Any = lambda what: None

    def prepare(self, rows: Any) -> None:
        self.prepared = list(rows)

    def put(self, arrays: Any) -> None:
        self.held = {name: array.clone() for name, array in arrays.items()}

    def gather(self, data: Any, index: Any) -> None:
        self.held = {name: array[index] for name, array in data.items()}

    def batch(self) -> Any:
        return self.held

    def infer(self) -> Any:
        return {"fc": self.held["input"] @ self.parameters["fc.weight"].T + self.parameters["fc.bias"]}

    def evaluate(self) -> Any:
        self.notes("evaluate")
        return self.infer(), self.loss()

    def evaluate_rows(self, data: Any, rows: range, size: int, outputs: Any) -> list[float]:
        return batch_by_batch(self, data, rows, size, outputs)

    def loss(self) -> float:
        return float((self.infer()["fc"] - self.held["target"]).square().mean())

    def backward(self) -> None:
        error = 2 * (self.infer()["fc"] - self.held["target"]) / len(self.held["input"])
        self.gradients["fc.weight"].copy_(error.T @ self.held["input"])
        self.gradients["fc.bias"].copy_(error.sum(0))

    def step(self, scalars: StepScalars) -> float:
        self.notes("step")
        time.sleep(self.pause)
        if scalars.t == self.diverge_at:
            raise DivergedError(f"step {scalars.t}: `fc.y` is not finite", step=scalars.t)
        loss = self.loss()
        self.backward()
        for name, gradient in self.gradients.items():
            buffer = self.optimizer_state[f"{name}.buf"]
            buffer.mul_(0.9).add_(gradient)
            self.parameters[name].sub_(scalars.lr * buffer)
        return loss

    def train(self, data: Any, deal: Any, first: int, rates: Any, seconds: Any = None) -> list[float]:
        losses: list[float] = []
        begun = time.perf_counter()
        for number, rate in enumerate(map(float, rates), first):
            index = torch.from_numpy(deal.indices(number))
            self.gather(data, index)
            losses.append(self.step(StepScalars(rate, number + 1)))
            self.trained.append((number + 1, index.tolist(), rate))
            if seconds is not None and time.perf_counter() - begun > seconds:
                break
        return losses

    def allocated(self) -> Any:
        return {}


@dataclass
class Compiled:
    """What the runner sees of a compiled model."""

    spec: ModelSpec
    graph: Graph
    executable: Any


def spec(**train: Any) -> ModelSpec:
    """A spec of the model; what is given goes to `train`, but for `seed`, `lr`, `data` and `schedule`."""
    top: dict[str, Any] = {"seed": train.pop("seed", 7), "schedule": Cosine(unit="epochs")}
    top |= {"schedule": train.pop("schedule")} if "schedule" in train else {}
    lr, data = train.pop("lr", 0.05), train.pop("data", {})
    return ModelSpec(
        specdl=1,
        name="lines",
        data=DataSpec(**{"batch_size": BATCH, **data}),
        model=ModelSection(
            input=InputSpec(shape=(FEATURES,)),
            layers=(LayerEntry(op=Linear(out_features=1), name="fc"),),
            dtype="float64",
        ),
        loss=MSE(),
        optimizer=SGD(lr=lr, momentum=0.9),
        train=TrainSpec(**{"epochs": 6, "checkpoint_every": 2, **train}),
        metrics=(MeanAbsoluteError(),),
        **top,
    )


def compiled(of: ModelSpec) -> Compiled:
    graph, findings = build(of)
    assert graph is not None, findings
    return Compiled(of, graph, Linears())


def data(rows: int = ROWS, **others: int) -> Data:
    """Noisy lines; `others` are rows of further parts."""
    numbers = np.random.default_rng(3)

    def part(count: int) -> Part:
        x = numbers.normal(size=(count, FEATURES))
        y = x @ np.array([[1.0], [-2.0], [0.5]]) + 0.1 * numbers.normal(size=(count, 1))
        return Part({"input": x}, {"target": y})

    parts = {
        name: part(count) for name, count in {"train": rows, "validation": 9, "test": 10, **others}.items()
    }
    return Data({name: each for name, each in parts.items() if each.rows})


def job(of: ModelSpec | None = None, samples: Data | None = None) -> Job:
    """A run of the model, ready to be trained."""
    of = spec() if of is None else of
    resolved = json.loads(of.model_dump_json(by_alias=True))
    return Job(
        compiled(of),
        data() if samples is None else samples,
        json.dumps(resolved).encode(),
        ".json",
        resolved,
        lambda x: {"input": np.asarray(x, dtype=np.float64)},
        {"backend": "fake"},
    )


def steps_of(path: Path) -> list[int]:
    return RunFolder(path).checkpoints.steps()


def final(path: Path) -> dict[str, str]:
    """What must be equal in equal runs: the last weights, the optimiser's state and the figures."""
    folder = RunFolder(path)
    last = folder.checkpoints.read(folder.checkpoints.steps()[-1])
    assert isinstance(last, Checkpoint), last
    files = {name: last.path / f"{name}.safetensors" for name in ("weights", "optimizer")}
    files |= {"metrics": folder.metrics, "state": last.path / "state.json", "result": path / "result.json"}
    return {name: hashlib.sha256(file.read_bytes()).hexdigest() for name, file in files.items()}
