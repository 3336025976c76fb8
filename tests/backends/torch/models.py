"""Small models for tests of the backend, and torch.nn twins of them."""

from typing import Any

import torch

from specdl.analysis import analyse
from specdl.backends.torch.executable import TorchExecutable
from specdl.backends.torch.executable import lower as lower_to_torch

Tensor = torch.Tensor


def spec(batch: int = 8, **sections: Any) -> dict[str, Any]:
    """Two inputs' worth of a net with a way around, five instructions forward."""
    return {
        "specdl": 1,
        "name": "small",
        "data": {"batch_size": batch},
        "model": {
            "input": {"shape": [3]},
            "dtype": "float64",
            "layers": [
                {"type": "linear", "out_features": 5, "activation": "tanh", "name": "fc1"},
                {"type": "linear", "out_features": 5, "name": "fc2"},
                {"type": "add", "inputs": ["fc1", "fc2"], "name": "sum"},
                {"type": "linear", "out_features": 2, "name": "head"},
            ],
        }
        | sections.pop("model", {}),
        "loss": {"type": "mse"},
        "optimizer": {"type": "sgd", "lr": 0.1, "momentum": 0.5},
        "train": {"epochs": 1},
    } | sections


def executable(document: dict[str, Any]) -> TorchExecutable:
    """A spec on buffers, with small weights drawn by a fixed seed."""
    compilation, findings = analyse(document)
    assert compilation is not None, findings
    made = lower_to_torch(compilation.plan.verify())
    generator = torch.Generator().manual_seed(0)
    for value in made.parameters.values():
        value.copy_(torch.rand(value.shape, generator=generator) - 0.5)
    return made


class Twin(torch.nn.Module):
    """The net of `spec` in torch.nn."""

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.fc1, self.fc2 = torch.nn.Linear(3, 5), torch.nn.Linear(5, 5)
        self.head = torch.nn.Linear(5, 2)
        self.double()
        self.load_state_dict({name: value.clone() for name, value in weights.items()})

    def forward(self, x: Tensor) -> Tensor:
        h = torch.tanh(self.fc1(x))
        return self.head(h + self.fc2(h))


def batch(rows: int, seed: int = 1) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {
        "input": torch.randn(rows, 3, generator=generator, dtype=torch.float64),
        "target": torch.randn(rows, 2, generator=generator, dtype=torch.float64),
    }
