"""Keys of Caffe's layers and solvers: what their values say to write here, and which say nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from specdl.core.diagnostics import Add, Edit, Fix, Path, Remove, Rename, Replace
from specdl.core.entry import Slot
from specdl.spec.fields import CATALOGS, keys
from specdl.spec.suggestions import compact
from specdl.spec.unknown import Mapped, Told, guess_tag

FILLERS: Mapping[str, str] = {"weight_filler": "weight", "bias_filler": "bias"}
STARTS: Mapping[str, Mapping[str, Any]] = {
    "xavier": {"type": "kaiming_uniform", "nonlinearity": "linear"},
    "msra": {"type": "kaiming_normal"},
    "constant": {"type": "zeros"},
}
"""Caffe's fillers as they are without options, where a word alone would mean another start here."""
RENAMED = {"min": "a", "max": "b"}
MOMENTUM = 0.9
"""What is usual where none is said."""
SIGNS = ("lr_mult", "decay_mult")
ONE_RATE = "all parameters have one learning rate and one `weight_decay`"
REASONS: Mapping[str, str] = {
    "display": "each evaluation is shown",
    "test_iter": "an evaluation takes all samples of a part",
    "test_initialization": "nothing is evaluated before the first step",
    "average_loss": "the training loss is the mean over the epoch",
    "solver_mode": "the command says where it runs, as `--device cpu` does",
    "snapshot_prefix": "`specdl train --out DIR` names the folder of a run",
    "snapshot_format": "checkpoints have one format",
    "backend": "the files that `data.source` names say what they are",
    "include": "`data.split` says which samples train, and every layer is there for all of them",
    "phase": "`data.split` says which samples train, and every layer is there for all of them",
}
"""Why keys can be left out."""
NORMALIZE = 'write "transforms": ["normalize"] in `data`'
INSTEAD: Mapping[tuple[str, str], str] = {
    ("data", "transform_param"): NORMALIZE,
    ("data", "scale"): NORMALIZE,
    ("data", "mean_file"): NORMALIZE,
    ("", "solver"): "write it as `optimizer`, `schedule` and `train`",
    ("loss", "loss_weight"): "write `losses`, each with its `weight`",
}
"""What to write for a key of a section."""


def caffe_key(name: str, value: Any, path: Path, mapped: Mapped) -> Told | None:
    """What to say of a key as Caffe has it; None where it is no such key."""
    section = path[0] if len(path) == 2 and isinstance(path[0], str) else ""
    instead = INSTEAD.get((section, name)) if len(path) <= 2 else None
    if instead:
        return Told(instead)
    if name in FILLERS and "init" in mapped.absent:
        return fillers(name, path, mapped)
    if name == "snapshot":
        return snapshot(value, path, mapped)
    if name == "test_interval":
        return in_epochs(path, mapped)
    if name in ("param", *SIGNS) and "trainable" in mapped.known:
        return rates(name, value, path, mapped)
    reason = REASONS.get(name) or without_effect(name, value, path)
    return left_out(name, path, reason, sure=name not in ("include", "phase")) if reason else None


def left_out(name: str, path: Path, reason: str, sure: bool) -> Told:
    """A key that is to go, and why it can."""
    return Told(f"leave `{name}` out: {reason}", Fix(f"take `{name}` away", (Remove(path),), sure))


def without_effect(name: str, value: Any, path: Path) -> str | None:
    """Why a key can go that says with its value what is so anyway."""
    if path[-2:-1] == ("loss",) and name == "bottom":
        return "a loss reads the model's output and the target"
    if name == "operation" and (value in SUM or value == "sum"):
        return "`add` adds"
    if name == "coeff" and ones(value):
        return AS_THEY_ARE
    if name == "negative_slope" and value in (0, 0.0):
        return "`relu` is 0 there"
    if name == "regularization_type" and value == "L2":
        return "`weight_decay` is that of L2"
    return None


def in_epochs(path: Path, mapped: Mapped) -> Told:
    """How often is evaluated, which a spec says in epochs."""
    help, why = 'write "evaluate_every": 1', ", which counts epochs: all of the data once"
    if "evaluate_every" not in mapped.absent:
        return Told(f"{help} in `train`{why}")
    fix = Fix(help, (Replace(path, 1), Rename(path, "evaluate_every")))
    return Told(help + why, fix, "evaluate_every")


def nesterov(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of a solver that is `sgd` with an option here, by the path of its type."""
    found: dict[Path, Told] = {}
    for home in ("optimizer", "solver"):
        section = root.get(home)
        tag = section.get("type") if isinstance(section, dict) else None
        if section and isinstance(tag, str) and tag.lower() == "nesterov" and "nesterov" not in section:
            more: dict[str, Any] = {"nesterov": True}
            more |= {} if "momentum" in section else {"momentum": MOMENTUM}
            help = f'write "type": "sgd", {json.dumps(more)[1:-1]}'
            adds = (Add((home,), key, value) for key, value in more.items())
            edits: tuple[Edit, ...] = (Replace((home, "type"), "sgd"), *adds)
            fix = Fix(help, edits, sure="momentum" in section)
            found[home, "type"] = Told(help, fix, "sgd", judged=True)
    return found


SUM, PROD, MAX = ("SUM", 1), ("PROD", 0), ("MAX", 2)
"""What Caffe's `Eltwise` does, each by its name and its number."""
AS_THEY_ARE = "`add` adds values as they are"
OTHERWISE = (
    (PROD, "specdl has no `mul` yet"),
    (MAX, "specdl has no layer that takes the larger of two values"),
)


def eltwise(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of layers that join values and do more than add them, by the paths of their types."""
    found: dict[Path, Told] = {}
    todo: list[tuple[Path, Any]] = [((), root)]
    while todo:
        path, value = todo.pop()
        todo += [((*path, key), each) for key, each in within(value)]
        tag = value.get("type") if isinstance(value, dict) else None
        if isinstance(tag, str) and compact(tag) == "eltwise" and (help := no_sum(value)):
            found[*path, "type"] = Told(help)
    return found


def within(value: Any) -> Iterable[tuple[Any, Any]]:
    """What a mapping or a list holds, with its key or number."""
    return value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else ())


def no_sum(layer: Mapping[str, Any]) -> str | None:
    """What to write for an `Eltwise` that is not plainly a sum; None where it is."""
    inside = layer.get("eltwise_param")
    said = {**layer, **(inside if isinstance(inside, dict) else {})}
    operation = said.get("operation", "SUM")
    word = operation.upper() if isinstance(operation, str) else operation
    if word in SUM:
        plain = "coeff" not in said or ones(said["coeff"])
        return None if plain else f"{AS_THEY_ARE}: `scale` multiplies one by its `factor`"
    return next((help for words, help in OTHERWISE if word in words), "`add` adds, and does nothing else")


def ones(factors: Any) -> bool:
    """Whether factors change nothing."""
    return factors == 1 or (isinstance(factors, list) and all(each == 1 for each in factors))


def snapshot(value: Any, path: Path, mapped: Mapped) -> Told | None:
    """How often a checkpoint is written, in steps."""
    if type(value) is not int or value < 1:
        return None
    if "checkpoint_every" not in mapped.absent:
        return Told('write "checkpoint_every": {"steps": ' + f"{value}}} in `train`")
    meant = {"steps": value}
    help = f'write "checkpoint_every": {json.dumps(meant)}'
    edits = (Replace(path, meant), Rename(path, "checkpoint_every"))
    return Told(help, Fix(help, edits, sure=True), "checkpoint_every")


def rates(name: str, value: Any, path: Path, mapped: Mapped) -> Told:
    """Factors of single parameters' rates: 0 for all of them is a layer that is not trained."""
    if name == "decay_mult" and "lr_mult" in mapped.raw:
        return Told(silent=True)
    listed = value if isinstance(value, list) else [value]
    factors = [each.get("lr_mult", 1) if isinstance(each, dict) else each for each in listed]
    if name == "decay_mult" or not listed or any(factors) or "trainable" not in mapped.absent:
        return left_out(name, path, ONE_RATE, sure=all(each == 1 for each in factors) and name != "param")
    away = (Remove((*path[:-1], "decay_mult")),) if name == "lr_mult" and "decay_mult" in mapped.raw else ()
    help = 'write "trainable": false'
    edits: tuple[Edit, ...] = (Replace(path, False), Rename(path, "trainable"), *away)
    return Told(help, Fix(help, edits, sure=True), "trainable")


def fillers(name: str, path: Path, mapped: Mapped) -> Told:
    """How weight and bias start, told at the first of the two."""
    there = [key for key in mapped.raw if key in FILLERS]
    if name != there[0]:
        return Told(meant="init", silent=True)
    meant = {FILLERS[key]: initialiser(mapped.raw[key]) for key in there}
    if any(each is None for each in meant.values()):
        example = {FILLERS[name]: {"type": "normal", "std": 0.01}}
        return Told(f'write it as `init`, as in "init": {json.dumps(example)}', None, "init")
    help = f'write "init": {json.dumps(meant)}'
    away = (Remove((*path[:-1], key)) for key in there[1:])
    return Told(help, Fix(help, (Replace(path, meant), Rename(path, "init"), *away), sure=True), "init")


def initialiser(filler: Any) -> Any:
    """Caffe's filler as an initialiser: its name, a mapping where it has options, None where it is none."""
    said = {"type": filler} if isinstance(filler, str) else filler
    tag = said.get("type", "constant") if isinstance(said, dict) else None
    if not isinstance(tag, str):
        return None
    options = {RENAMED.get(key, key): each for key, each in said.items() if key != "type"}
    if tag in STARTS and not options:
        whole = STARTS[tag]
        return dict(whole) if len(whole) > 1 else whole["type"]
    guess = guess_tag(Slot("inits"), tag)
    cls = CATALOGS["inits"].get(guess.word) if guess and guess.there else None
    if guess is None or cls is None or not set(options) <= set(keys(cls)) - {"type"} or tag == "xavier":
        return None
    return {"type": guess.word, **options} if options else guess.word
