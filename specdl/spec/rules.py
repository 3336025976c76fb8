"""Rules of a spec's structure that no single key can say: of some keys exactly one is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from specdl.core.diagnostics import Finding, Path
from specdl.core.entry import Entry
from specdl.ops.base import LayerEntry
from specdl.spec.complaints import bad_name
from specdl.spec.model import ModelSection, ModelSpec, TrainSpec
from specdl.spec.walker import Rule

VERSION = 1
WORD = re.compile(r"[\w-]{1,128}")


def version(value: Any) -> Finding | None:
    """What is wrong with the version a spec says, if anything.

    A spec of another version may differ in everything, so nothing else of it is judged.
    """
    if not isinstance(value, dict) or "specdl" not in value:
        return None
    said = value["specdl"]
    if isinstance(said, int) and not isinstance(said, bool) and said != VERSION:
        shown = str(said) if abs(said) < 10**12 else f"{str(said)[:12]}..."
        message = f"this spec is of version {shown}; this specdl reads version {VERSION}"
        help = f'write "specdl": {VERSION}' if said < VERSION else "install a newer specdl"
        return Finding("E101", message, ("specdl",), help=help)
    return None


def exclusive(raw: Mapping[str, Any], path: Path, names: tuple[str, str], code: str) -> Iterable[Finding]:
    """A finding where both of two keys are there, at the second."""
    both = [name for name in raw if name in names and raw[name] is not None]
    if len(both) == 2:
        message = f"there are `{names[0]}` and `{names[1]}`, but only one of them can be"
        yield Finding(
            code, message, (*path, both[1]), at_key=True, help=f"take `{both[0]}` or `{both[1]}` away"
        )


def neither(given: Mapping[str, Any], *names: str) -> bool:
    """Whether none of some keys is there, nor a slip of one, which has its own finding."""
    return all(given.get(name) is None for name in names)


def loss_or_losses(raw: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> Iterable[Finding]:
    """One output has `loss`, several have `losses`."""
    if neither(given, "loss", "losses"):
        help = 'add "loss": {"type": "cross_entropy"} for classes, or "loss": {"type": "mse"} for values'
        yield Finding("E310", "the spec has no `loss`, so there is nothing to minimise", path, help=help)
    yield from exclusive(raw, path, ("loss", "losses"), "E117")


def input_or_inputs(raw: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> Iterable[Finding]:
    """One input has `input`, several have `inputs`."""
    if neither(given, "input", "inputs"):
        help = 'add "input": {"shape": [2]}, with the shape of one sample'
        yield Finding("E112", "`model` needs `input`, which says what one sample looks like", path, help=help)
    yield from exclusive(raw, path, ("input", "inputs"), "E117")
    inputs = raw.get("inputs")
    for name in inputs if isinstance(inputs, dict) else ():
        yield from word(name, (*path, "inputs", name), at_key=True)
    if inputs == {}:
        yield Finding("E114", "`inputs` is empty, but must hold at least 1", (*path, "inputs"))


def epochs_or_steps(raw: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> Iterable[Finding]:
    """A run is so many epochs, or so many steps."""
    if neither(given, "epochs", "steps"):
        help = 'add "epochs": 100, or "steps": 10000'
        yield Finding("E312", "`train` says neither `epochs` nor `steps`", path, help=help)
    yield from exclusive(raw, path, ("epochs", "steps"), "E312")


EXAMPLES: Mapping[str, tuple[str, str]] = {
    "specdl": ("the spec does not say the version of its format", f'add "specdl": {VERSION}'),
    "name": ("the spec has no `name`", 'add "name": "my-model"'),
    "data": ("the spec has no `data`", 'add "data": {"source": {"type": "disc"}, "batch_size": 50}'),
    "model": (
        "the spec has no `model`",
        'add "model": {"input": {"shape": [2]}, "layers": [{"type": "linear", "out_features": 2}]}',
    ),
    "optimizer": ("the spec has no `optimizer`", 'add "optimizer": {"type": "sgd", "lr": 0.1}'),
    "train": ("the spec has no `train`", 'add "train": {"epochs": 100}'),
}
"""What to say of a key that every spec has, and what to add."""


def named(raw: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> Iterable[Finding]:
    """A layer's name is a word."""
    yield from word(given.get("name"), (*path, "name"), at_key=False)


def word(name: Any, path: Path, at_key: bool) -> Iterable[Finding]:
    """A finding for a name that is no word without dots."""
    if isinstance(name, str) and not WORD.fullmatch(name):
        said = bad_name(path, name, dots=False)
        yield Finding(said.code, said.message, path, at_key, said.help)


RULES: Mapping[type[Entry], Rule] = {
    ModelSpec: loss_or_losses,
    ModelSection: input_or_inputs,
    TrainSpec: epochs_or_steps,
    LayerEntry: named,
}
