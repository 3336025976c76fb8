"""Rules of a spec's structure that no single key can say: of some keys exactly one is there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from specdl.core.diagnostics import Finding, Fix, Note, Path, Replace
from specdl.core.entry import Entry
from specdl.core.names import is_word
from specdl.core.suggest import nearest
from specdl.core.wording import shown as what
from specdl.ops.base import LayerEntry
from specdl.spec.model import LintSpec, ModelSection, ModelSpec, TrainSpec
from specdl.spec.walker import Rule

VERSION = 1
SPECDL = ("specdl",)


def version(value: Any) -> Finding | None:
    """What is wrong with the version a spec says, if it is another one.

    A spec of another version may differ in everything, so nothing else of it is judged.
    """
    said = as_version(value)
    if said is None or said == VERSION:
        return None
    shown = str(said) if abs(said) < 10**12 else f"{str(said)[:12]}..."
    message = f"this spec is of version {shown}; this specdl reads version {VERSION}"
    if said < VERSION:
        help, fix = f'write "specdl": {VERSION}', Fix(f"write {VERSION}", (Replace(SPECDL, VERSION),))
        return Finding("E101", message, SPECDL, help=help, fix=fix)
    return Finding("E101", message, SPECDL, help="install a newer specdl")


def as_version(value: Any) -> int | None:
    """The version that a spec says, be it as text or with a point; None where it says none."""
    said = value.get("specdl") if isinstance(value, dict) else None
    if isinstance(said, str) and re.fullmatch(r"[0-9]{1,12}(\.0)?", said):
        return int(said.removesuffix(".0"))
    if isinstance(said, float) and said.is_integer():
        return int(said)
    return said if isinstance(said, int) and not isinstance(said, bool) else None


def misspelt_version(value: Mapping[str, Any]) -> Finding | None:
    """What is wrong with how a spec says its version."""
    said = value.get("specdl", VERSION)
    if said == VERSION and type(said) is int:
        return None
    message = f"`specdl` is {what(said)}, but must be the whole number {VERSION}, the version of the format"
    meant = as_version(value) == VERSION
    fix = Fix(f"write {VERSION}", (Replace(SPECDL, VERSION),), sure=meant)
    return Finding("E101", message, SPECDL, help=f"write {VERSION}", fix=fix)


def exclusive(raw: Mapping[str, Any], path: Path, names: tuple[str, str], code: str) -> Iterable[Finding]:
    """A finding where both of two keys are there, at the second."""
    both = [name for name in raw if name in names and raw[name] is not None]
    if len(both) == 2:
        message = f"there are `{names[0]}` and `{names[1]}`, but only one of them can be"
        help = f"take `{both[0]}` or `{both[1]}` away"
        other = Note(f"`{both[0]}` stands", (*path, both[0]), at_key=True, label=True)
        yield Finding(code, message, (*path, both[1]), at_key=True, help=help, notes=(other,))


def neither(given: Mapping[str, Any], *names: str) -> bool:
    """Whether none of some keys is there, nor a slip of one, which has its own finding."""
    return all(given.get(name) is None for name in names)


def a_layer_is_a_loss(spec: Mapping[str, Any]) -> bool:
    """Whether a loss stands among the layers, as in Caffe."""
    from specdl.spec.elsewhere import has_loss

    return has_loss(spec)


def a_layer_is_an_input(model: Mapping[str, Any]) -> bool:
    """Whether an input is declared among the layers, as in Keras."""
    from specdl.spec.keras import declared

    return bool(declared(model))


def loss_or_losses(raw: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> Iterable[Finding]:
    """One output has `loss`, several have `losses`; a layer that is a loss has a finding of its own."""
    if neither(given, "loss", "losses") and not a_layer_is_a_loss(raw):
        help = 'add "loss": {"type": "cross_entropy"} for classes, or "loss": {"type": "mse"} for values'
        yield Finding("E310", "the spec has no `loss`, so there is nothing to minimise", path, help=help)
    yield from exclusive(raw, path, ("loss", "losses"), "E117")


def input_or_inputs(raw: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> Iterable[Finding]:
    """One input has `input`, several have `inputs`; a layer that declares one has a finding of its own."""
    if neither(given, "input", "inputs") and not a_layer_is_an_input(raw):
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
    "data": (
        "the spec has no `data`",
        'add "data": {"source": {"type": "disc", "train": 1000}, "batch_size": 50}',
    ),
    "model": (
        "the spec has no `model`",
        'add "model": {"input": {"shape": [2]}, "layers": [{"type": "linear", "out_features": 2}]}',
    ),
    "optimizer": ("the spec has no `optimizer`", 'add "optimizer": {"type": "sgd", "lr": 0.1}'),
    "train": ("the spec has no `train`", 'add "train": {"epochs": 100}'),
}
"""What to say of a key that every spec has, and what to add."""


def layer(raw: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> Iterable[Finding]:
    """A layer's name is a word; a block has a template's name, or layers that stand once."""
    yield from word(given.get("name"), (*path, "name"), at_key=False)
    if raw.get("type") != "block":
        return
    if neither(given, "block", "layers"):
        message = "`block` needs `block`, the name of a template, or `layers`"
        yield Finding("E112", message, path)
    yield from exclusive(raw, path, ("block", "layers"), "E117")
    for name in ("with", "repeat"):
        if raw.get(name) is not None and raw.get("layers") is not None and raw.get("block") is None:
            message = f"`{name}` goes with `block`, and not with `layers`"
            help = "name the layers in `blocks`, and use them by `block`"
            yield Finding("E117", message, (*path, name), at_key=True, help=help)


def word(name: Any, path: Path, at_key: bool) -> Iterable[Finding]:
    """A finding for a name that is no word without dots."""
    if isinstance(name, str) and not is_word(name):
        from specdl.spec.complaints import bad_name

        said = bad_name(path, name, dots=False)
        yield Finding(said.code, said.message, path, at_key, said.help)


def unknown_warning(code: str) -> tuple[str, str | None] | None:
    """Why a code cannot be silenced, and a help; None for a warning's."""
    from specdl.core.codes import codes

    warnings = [each for each in codes() if each.startswith("W")]
    if code in warnings:
        return None
    if code in codes():
        return f"`{code}` is an error, and only warnings can be silenced", None
    meant = code.upper() if code.upper() in warnings else nearest(code, warnings)
    help = f"did you mean `{meant}`?" if meant else "`specdl explain` lists the codes"
    return f"no warning has the code `{code[:60]}`", help


def silences(raw: Mapping[str, Any], given: Mapping[str, Any], path: Path) -> Iterable[Finding]:
    """What is silenced are warnings that there are."""
    ignored = raw.get("ignore")
    at_key = isinstance(ignored, dict)
    for place, code in enumerate(ignored) if isinstance(ignored, (dict, list)) else ():
        wrong = unknown_warning(code) if isinstance(code, str) else None
        if wrong is not None:
            message, help = wrong
            yield Finding("E115", message, (*path, "ignore", code if at_key else place), at_key, help)


RULES: Mapping[type[Entry], Rule] = {
    LintSpec: silences,
    ModelSpec: loss_or_losses,
    ModelSection: input_or_inputs,
    TrainSpec: epochs_or_steps,
    LayerEntry: layer,
}
