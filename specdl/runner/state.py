"""What a run is at a step, beside its weights; and how it is written down and checked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from specdl.runner.files import pretty, sealed, unsealed
from specdl.runner.stored import StateFile, misfit

VERSION = 1


@dataclass(frozen=True)
class Best:
    """The step of the best evaluation so far, and its loss."""

    step: int
    loss: float


@dataclass(frozen=True)
class Mark:
    """A place in metrics.jsonl: the bytes before it, and their SHA-256."""

    bytes: int = 0
    sha256: str = hashlib.sha256().hexdigest()


@dataclass(frozen=True)
class State:
    """Where a run stands after `step` steps; together with its tensors, all that a resume needs.

    The data's order and everything random are functions of the seed and the step. `evaluated` is
    the step of the last evaluation, `lr` the learning rate of the last step, `schedule` the
    schedule's state, `metrics` the end of what metrics.jsonl holds.
    """

    step: int = 0
    evaluated: int = 0
    lr: float | None = None
    schedule: Mapping[str, float] = field(default_factory=dict)
    best: Best | None = None
    metrics: Mark = Mark()


Tensors = Mapping[str, torch.Tensor]


def described(tensors: Tensors) -> dict[str, dict[str, Any]]:
    """Each tensor's dtype, shape and SHA-256."""
    return {
        name: {
            "dtype": str(tensor.dtype).removeprefix("torch."),
            "shape": list(tensor.shape),
            "sha256": digest(tensor),
        }
        for name, tensor in tensors.items()
    }


def digest(tensor: torch.Tensor) -> str:
    """The SHA-256 of a tensor's elements, in row-major order."""
    flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
    return hashlib.sha256(flat.numpy().data).hexdigest()


def encode(state: State, weights: Mapping[str, Any], optimizer: Mapping[str, Any], epoch: float) -> bytes:
    """state.json: the state, the description of all tensors, and a checksum over the rest."""
    content: dict[str, Any] = {
        "version": VERSION,
        "step": state.step,
        "epoch": epoch,
        "evaluated": state.evaluated,
        "lr": state.lr,
        "schedule": dict(state.schedule),
        "best": None if state.best is None else {"step": state.best.step, "loss": state.best.loss},
        "metrics": {"bytes": state.metrics.bytes, "sha256": state.metrics.sha256},
        "weights": dict(weights),
        "optimizer": dict(optimizer),
    }
    return pretty(sealed(content))


def decode(text: bytes) -> tuple[State, dict[str, Any]]:
    """A state and what state.json says of the tensors, by `weights` and `optimizer`.

    Raises `ValueError` that says what is wrong with the text.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError("is not whole") from None
    if not isinstance(content, dict):
        raise ValueError("is not whole")
    content = unsealed(content)
    if content.get("version") != VERSION:
        raise ValueError(f"is of version {content.get('version')}; this specdl reads version {VERSION}")
    fault = misfit(StateFile, content)
    if fault:
        raise ValueError(fault)
    best, metrics = content["best"], content["metrics"]
    state = State(
        step=content["step"],
        evaluated=content["evaluated"],
        lr=content["lr"],
        schedule=content["schedule"],
        best=None if best is None else Best(best["step"], best["loss"]),
        metrics=Mark(metrics["bytes"], metrics["sha256"]),
    )
    return state, {kind: content[kind] for kind in ("weights", "optimizer")}
