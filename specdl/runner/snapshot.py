"""The best weights so far, kept in memory until the next checkpoint is written."""

from __future__ import annotations

import torch

from specdl.backends.base import Executable
from specdl.runner.state import State

LIMIT = 64 << 20
"""Bytes; what is larger goes to the disk at once, where it takes little beside its training."""


class Snapshot:
    """A copy of a run at its best evaluation.

    A small net improves many times a second, and a checkpoint that lasts takes milliseconds. A
    run that is killed loses the copy, and finds the same evaluation again when it is resumed
    from the checkpoint before.
    """

    def __init__(self) -> None:
        self.state: State | None = None
        self.weights: dict[str, torch.Tensor] = {}
        self.optimizer: dict[str, torch.Tensor] = {}

    def take(self, state: State, executable: Executable) -> bool:
        """Copy everything; False, with nothing copied, if it is too much."""
        tensors = (*executable.parameters.values(), *executable.optimizer_state.values())
        if sum(tensor.nbytes for tensor in tensors) > LIMIT:
            return False
        if not self.weights:
            self.weights = {name: torch.empty_like(t) for name, t in executable.parameters.items()}
            self.optimizer = {name: torch.empty_like(t) for name, t in executable.optimizer_state.items()}
        for name, tensor in executable.parameters.items():
            self.weights[name].copy_(tensor)
        for name, tensor in executable.optimizer_state.items():
            self.optimizer[name].copy_(tensor)
        self.state = state
        return True

    def drop(self) -> None:
        """Forget the copy; its memory is used again."""
        self.state = None
