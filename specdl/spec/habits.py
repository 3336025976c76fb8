"""Habits that need more than another word: a key whose value says what to write here in its place.

Keras writes `validation_split: 0.2` where a spec has a `split` with `validation` in it; the help says so
with the number that was written, and what is missing for it is told once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from specdl.core.diagnostics import Edit, Fix, Path, Remove, Rename, Replace
from specdl.core.entry import Slot
from specdl.spec.complaints import holds_failed
from specdl.spec.fields import Kind, Nested, Values
from specdl.spec.keras import SHAPES, bare
from specdl.spec.suggestions import Guess, choice_guess
from specdl.spec.unknown import Mapped, Told, guess_tag, renamed
from specdl.spec.words import INITS

SIZES = ("in_features", "input_size", "input_dim", "in_dim")
"""Keys that have one size for it."""
PARTS = ("validation_split", "val_split", "valid_split", "val_size")
"""Keys that have a fraction of the data."""
TRAINING = ("train", "training", "train_path", "train_file")
"""Keys that have the file of the training part."""
NEEDLESS: Mapping[str, Mapping[str, str]] = {
    "target": {"num_classes": "the model's output says how many classes there are"},
    "train": {
        "verbose": "progress is shown unless the command has `--quiet`",
        "initial_epoch": "`specdl train --resume` goes on where a run ended",
    },
}
"""Keys that a section needs none of, and why; they can be taken away and nothing else."""
INSTEAD: Mapping[tuple[str, str], str] = {
    ("losses", "bce"): "`cross_entropy` of two scores says the same",
    ("losses", "bce_with_logits"): "`cross_entropy` of two scores says the same",
    ("losses", "nll"): "`cross_entropy` takes the scores before their log_softmax",
    ("layers", "normalization"): 'write "transforms": ["normalize"] in `data`',
    ("layers", "log_softmax"): "`cross_entropy` takes the scores before it",
    ("transforms", "rescale"): "the layer `scale` multiplies by its `factor`",
    ("sources", "idx"): "`npz` reads arrays that numpy saved",
    ("sources", "cifar"): "`npz` reads arrays that numpy saved",
    ("sources", "image_folder"): "`npz` reads arrays that numpy saved",
    ("sources", "lmdb"): "`npz` reads arrays that numpy saved",
    ("sources", "hdf5"): "`npz` reads arrays that numpy saved",
    ("schedules", "exponential"): "`piecewise_constant` comes near it in steps",
}
"""What is here already for types that are to come."""


CLIPPING = ("clipnorm", "clipvalue", "global_clipnorm")
"""Keras's options of optimisers for gradients that are too large."""
CALLBACKS: Mapping[str, str] = {
    "earlystopping": "specdl has no early stopping yet",
    "modelcheckpoint": "the best checkpoint and the last are kept anyway",
    "reducelronplateau": "specdl has no `reduce_on_plateau` yet",
    "learningratescheduler": "a `schedule` stands at the top of the spec",
    "tensorboard": "a run writes its figures anyway, and `specdl report` draws them",
    "csvlogger": "a run writes its figures anyway",
}
"""What to say of Keras's callbacks, by their names without case and joints."""


def habit(name: str, value: Any, path: Path, mapped: Mapped) -> Told | None:
    """What to say of a key that its value explains; None where it is no such key."""
    if path[-2:-1] == ("split",) and name == "validation_split":
        return renamed(name, value, path, Guess("validation", sure=True), mapped)
    if (
        name in TRAINING
        and "path" in mapped.absent
        and mapped.category == "sources"
        and isinstance(value, str)
    ):
        return renamed(name, value, path, Guess("path", sure=True), mapped)
    reason = NEEDLESS.get(str(path[-2]) if len(path) > 1 else "", {}).get(name)
    if reason:
        return left_out(name, path, reason, sure=True)
    if name in CLIPPING and mapped.category == "optimizers":
        none = left_out(name, path, "there is no gradient clipping to turn off", sure=True)
        return Told("specdl has no gradient clipping yet") if value else none
    if name == "decay" and mapped.category == "optimizers" and "weight_decay" in mapped.known:
        if value in (0, None):
            return left_out(name, path, "the learning rate stays as it is without a `schedule`", sure=True)
        return Told(
            "write `schedule` at the top for a learning rate that falls, `weight_decay` for small weights"
        )
    if name == "from_logits" and mapped.category == "losses":
        reason = "`cross_entropy` takes scores, before any softmax"
        return left_out(name, path, reason, sure=value is True)
    return (
        shape(name, value, path, mapped)
        or part(name, value, path, mapped)
        or starts(name, value, path, mapped)
        or rates(name, value, path, mapped)
        or decay(name, value)
        or called_back(name, value)
    )


def left_out(name: str, path: Path, reason: str, sure: bool) -> Told:
    """A key that is to go, and why it can."""
    fix = Fix(f"take `{name}` away", (Remove(path),), sure)
    return Told(f"leave `{name}` out: {reason}", fix)


def written(name: str, key: str, value: Any, path: Path, sure: bool, why: str = "") -> Told:
    """Another key with another value."""
    help = f'write "{key}": {json.dumps(value)}'
    edits: tuple[Edit, ...] = (Replace(path, value), *((Rename(path, key),) if name != key else ()))
    return Told(help + why, Fix(help, edits, sure), key)


def shape(name: str, value: Any, path: Path, mapped: Mapped) -> Told | None:
    """`input_shape` of a model, or torch's `in_features`: its `input`."""
    sizes = value if isinstance(value, list) else [value]
    if name.startswith("batch"):
        sizes = sizes[1:]
    known = path[:-1] == ("model",) and "input" in mapped.absent
    if name not in (*SHAPES, *SIZES) or not known or not all(type(each) is int for each in sizes):
        return None
    return written(name, "input", {"shape": sizes}, path, sure=True)


def part(name: str, value: Any, path: Path, mapped: Mapped) -> Told | None:
    """`validation_split`, which Keras gives to `fit`: a part of `data.split`."""
    if name not in PARTS or type(value) not in (int, float):
        return None
    if path[:-1] == ("data",) and "split" in mapped.absent:
        apart = own_parts(name, mapped.raw.get("source"))
        return apart or written(name, "split", {"validation": value}, path, sure=True)
    return Told(f'write "split": {{"validation": {value}}} in `data`')


def own_parts(name: str, source: Any) -> Told | None:
    """What to do about a part of the data where the source has parts of its own, which no split can cut."""
    own = [each for each in ("validation", "test") if isinstance(source, dict) and source.get(each)]
    if not own:
        return None
    why = f"the source has its own {' and '.join(own)} samples"
    if "validation" in own:
        return Told(f"leave `{name}` out: {why}")
    return Told(f"say `validation` in `source`: {why}, and no `split` can cut it")


def starts(name: str, value: Any, path: Path, mapped: Mapped) -> Told | None:
    """How parameters start, in keys of their own, as in `kernel_initializer`: told at the first."""
    if name not in INITS or "init" not in mapped.absent:
        return None
    there = [each for each in mapped.raw if each in INITS]
    guesses = {each: initialiser(mapped.raw[each]) for each in there}
    if any(guess is None or not guess.there for guess in guesses.values()):
        guess = guesses[name]
        yet = f"specdl has no `{guess.word}` yet" if guess and not guess.there else None
        return Told(yet or f'write "init": {{"{INITS[name]}": ...}}, with the name of an initialiser')
    if name != there[0]:
        return Told(meant="init", silent=True)
    known = {INITS[each]: guess for each, guess in guesses.items() if guess}
    plain = len(known) == len(there) and all(isinstance(mapped.raw[each], str) for each in there)
    sure = plain and all(guess.sure for guess in known.values())
    told = written(name, "init", {key: guess.word for key, guess in known.items()}, path, sure)
    assert told.fix
    removed = (Remove((*path[:-1], each)) for each in there[1:])
    return replace(told, fix=replace(told.fix, edits=(*told.fix.edits, *removed)))


def initialiser(value: Any) -> Guess | None:
    """The initialiser that a name means, or a mapping with a type."""
    if isinstance(value, dict):
        value = value.get("type", value.get("class_name"))
    return guess_tag(Slot("inits"), value) if isinstance(value, str) else None


def rates(name: str, value: Any, path: Path, mapped: Mapped) -> Told | None:
    """Learning rates where a schedule has factors of one."""
    if name != "values" or "factors" not in mapped.absent or not isinstance(value, list):
        return None
    if not value or not all(type(each) in (int, float) and each > 0 for each in value):
        return None
    factors = [round(each / value[0], 9) for each in value]
    plain = [int(each) if float(each).is_integer() else each for each in factors]
    return written(name, "factors", plain, path, False, f": they multiply `lr`, which is {value[0]} then")


def decay(name: str, value: Any) -> Told | None:
    """Keras's penalty of one layer, the factor of w**2 in the loss, whose gradient has twice of it."""
    if name != "kernel_regularizer":
        return None
    inner = value.get("config", value) if isinstance(value, dict) else {}
    factor = inner.get("l2", inner.get("factor")) if isinstance(inner, dict) else None
    if not isinstance(factor, (int, float)) or isinstance(factor, bool):
        return None
    help = (
        f'write "weight_decay": {2 * float(factor):.6g} in `optimizer`: twice Keras\'s factor, for all layers'
    )
    return Told(help)


def called_back(name: str, value: Any) -> Told | None:
    """What becomes of Keras's callbacks, each told for itself."""
    if name != "callbacks":
        return None
    said = [
        each.get("type", each.get("class_name")) if isinstance(each, dict) else each for each in listed(value)
    ]
    known = [CALLBACKS.get(bare(each)) for each in said]
    return Told("; ".join(dict.fromkeys(filter(None, known)))) if known and all(known) else None


def listed(value: Any) -> list[Any]:
    """A list as it is, and anything else in one."""
    return value if isinstance(value, list) else [value]


def instead(category: str, guess: Guess) -> str:
    """That a type is to come, and what there is already."""
    now = INSTEAD.get((category, guess.word))
    return f"specdl has no `{guess.word}` yet{f': {now}' if now else ''}"


def another_kind(kind: Kind, raw: Any, path: Path) -> Told:
    """What to say of a value that is no mapping: the mapping it stands for, if that is known."""
    meant: Mapping[str, Any] | None = None
    if holds_failed(raw) or not isinstance(kind, (Nested, Values)):
        return Told()
    if isinstance(kind, Values):
        named = dict(by_name(raw)) if isinstance(raw, list) else {}
        meant = named if named and len(named) == len(raw) else None
    elif path == ("data", "split"):
        meant = fractions(raw)
    elif path[:2] == ("model", "inputs") and isinstance(raw, list):
        meant = {"shape": raw} if raw and all(type(each) is int for each in raw) else None
    elif path == ("data", "target") and isinstance(raw, str):
        guess = choice_guess(raw, ("index", "one_hot", "value"))
        meant = {"encode": guess.word} if guess and guess.sure else None
    elif path == ("model",) and isinstance(raw, list):
        return Told("write the list as `layers` of it, beside `input`")
    help = f"write {json.dumps(meant)}"
    return Told(help, Fix(help, (Replace(path, meant),), sure=True)) if meant else Told()


def by_name(raw: list[Any]) -> Iterator[tuple[str, Any]]:
    """Each mapping of a list that has a name, without it."""
    for each in raw:
        if isinstance(each, dict) and isinstance(each.get("name"), str):
            yield each["name"], {key: value for key, value in each.items() if key != "name"}


def fractions(raw: Any) -> dict[str, float] | None:
    """The parts of a split in the order of others, the training part first; or that of validation."""
    if type(raw) is float and 0 < raw < 1:
        return {"validation": raw}
    if not isinstance(raw, list) or len(raw) not in (2, 3):
        return None
    if not all(type(each) is float for each in raw) or abs(sum(raw) - 1) > 1e-6:
        return None
    return dict(zip(("validation", "test"), raw[1:], strict=False))


def rate(value: Mapping[str, Any]) -> str:
    """What to do about a schedule in place of a learning rate."""
    inner = {} if holds_failed(value) else value.get("config", value)
    tag = value.get("type", value.get("class_name"))
    guess = guess_tag(Slot("schedules"), tag) if isinstance(tag, str) else None
    if not guess or not guess.there or not isinstance(inner, dict) or not inner:
        return "write a number, and how it changes as `schedule` at the top of the spec"
    number = inner.get("initial_learning_rate", "a number")
    changes = json.dumps(schedule(guess.word, inner))[1:-1]
    return f"write {number}, and {changes} at the top of the spec"


def schedule(tag: str, inner: Mapping[str, Any]) -> dict[str, Any]:
    """A schedule of Keras, which counts steps, as one of a spec's."""
    found: dict[str, Any] = {"type": tag, "unit": "steps"}
    for key, word in (("decay_steps", "length"), ("alpha", "min"), ("boundaries", "boundaries")):
        if inner.get(key):
            found[word] = inner[key]
    return {"schedule": found}
