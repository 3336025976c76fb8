"""Keys that people who come from torch and Lightning write, and that specdl needs no word for.

A key that says nothing, or nothing with the value it has, can go; of the others it is said what they
are about here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

OFF = (None, False, 0, 0.0)
"""Values by which a key says that something is not wanted."""


@dataclass(frozen=True)
class Hint:
    """What to do about a key: leave it out because of what `why` says, and surely so where it says nothing.

    With a `lacking` thing the key asks for what specdl does not have, unless its value is one of `idle`.
    """

    why: str = ""
    idle: tuple[Any, ...] | None = None
    """The values with which the key can surely go; None for all of them."""
    lacking: str = ""
    instead: str = ""
    """What to write in its place, where nobody can take it away alone."""

    def says_nothing(self, value: Any) -> bool:
        """Whether the key means nothing with its value."""
        return self.idle is None or any(type(each) is type(value) and each == value for each in self.idle)

    def help(self, name: str, value: Any) -> str:
        """What to do about the key, in a line."""
        if self.instead:
            return self.instead
        if self.lacking and not self.says_nothing(value):
            return f"specdl has no {self.lacking} yet"
        return f"leave `{name}` out: {self.why or f'there is no {self.lacking} to turn off'}"


def each_of(names: str, hint: Hint) -> Iterable[tuple[str, Hint]]:
    """One hint for several keys."""
    return ((name, hint) for name in names.split())


HINTS: Mapping[str, Hint] = dict([
    *each_of("inplace", Hint("what may share memory is found before the run")),
    *each_of(
        "num_workers persistent_workers prefetch_factor",
        Hint("the data is in memory, and no worker loads it"),
    ),
    *each_of("pin_memory", Hint("the data is in memory, where it is used")),
    *each_of("accelerator strategy devices", Hint("specdl runs on the CPU", ("cpu", "auto", 1))),
    *each_of("precision amp", Hint("specdl computes in float32", (32, "32", "32-true", "float32", False))),
    *each_of("layers.device", Hint("specdl runs on the CPU", (None, "cpu"))),
    *each_of("layers.dtype", Hint("`model.dtype` is that of all layers", (None,))),
    *each_of("losses.weight", Hint(idle=(None,), lacking="weights of classes")),
    *each_of("size_average reduce", Hint("losses are means over the batch", (None, True))),
    *each_of("deterministic benchmark", Hint("every run repeats to the bit")),
    *each_of(
        "log_every_n_steps log_interval logger enable_progress_bar enable_model_summary",
        Hint("a run writes its figures and shows its progress anyway"),
    ),
    *each_of("default_root_dir", Hint("`specdl train --out DIR` names the folder of a run", ())),
    *each_of("foreach fused capturable differentiable", Hint("how updates are computed changes no result")),
    *each_of("_partial_ _convert_ _recursive_", Hint("a spec makes no objects of Python")),
    *each_of("optimizers.params", Hint("all parameters are learnt but those of `trainable: false`", ())),
    *each_of(
        "gradient_clip_val gradient_clip_algorithm grad_clip clip_grad clip_grad_norm max_grad_norm",
        Hint(idle=OFF, lacking="gradient clipping"),
    ),
    *each_of("accumulate_grad_batches", Hint(idle=(1,), lacking="accumulation of gradients")),
    *each_of("early_stopping patience", Hint(idle=OFF, lacking="early stopping")),
    *each_of("maximize", Hint("a loss is minimised", (False,))),
    *each_of("losses.label_smoothing", Hint(idle=OFF, lacking="label smoothing")),
    *each_of("eta_min", Hint(idle=(), instead="write `min`, a factor of `lr`: `eta_min` divided by `lr`")),
    *each_of("losses.ignore_index", Hint(idle=(-100,), lacking="class that a loss passes over")),
    *each_of("losses.reduction", Hint("losses are means over the batch", ("mean",))),
    *each_of("sum_squared_error.reduction", Hint("it is the sum already", ("sum",))),
    *each_of("split.train", Hint("what `validation` and `test` leave is for training")),
    *each_of("softmax.dim", Hint("it is taken over the last axis", (-1, 1))),
])  # fmt: skip
"""Hints by key, by the category of a type and its option, or by a type or section and its key."""


def hint_of(name: str, owner: str, category: str | None) -> Hint | None:
    """What is known of a key that stands at an owner, such as `softmax`, of a category."""
    where = (f"{owner.strip('`')}.{name}", f"{category}.{name}", name)
    return next((HINTS[each] for each in where if each in HINTS), None)
