"""Data as loaders of torch have it: a mapping for each part, where a spec has one source for all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from specdl.core.diagnostics import Add, Edit, Fix, Path, Remove, Rename, Replace, below
from specdl.data.base import DataSpec
from specdl.spec.complaints import literals
from specdl.spec.fields import CATALOGS, keys
from specdl.spec.hints import hint_of
from specdl.spec.suggestions import choice_guess, compact
from specdl.spec.unknown import Told

TRAIN = ("dataset", "train", "training", "train_dataset", "train_data", "trainset")
OTHERS: Mapping[str, tuple[str, ...]] = {
    "validation": ("val", "valid", "validation", "dev", "val_dataset", "val_data", "valset"),
    "test": ("test", "test_dataset", "test_data", "testset"),
}


LOADERS = ("dataloader", "data_loader", "loader", "train_dataloader", "train_loader")
TO_TENSOR = "totensor"
PIXELS: Mapping[str, Any] = {"type": "normalize", "mean": 0, "std": 255}


def parts(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of the mappings of parts in `data`, by their paths: all of it at that for training."""
    data = below(root, ("data",))
    if not isinstance(data, dict) or "source" in data:
        return {}
    train = next((key for key in TRAIN if is_source(data.get(key))), None)
    if train is None:
        return {}
    beside = {part: key for part, names in OTHERS.items() for key in names if is_source(data.get(key))}
    source, whole = joined(data[train], {part: data[key] for part, key in beside.items()})
    help = f'write "source": {json.dumps(source, ensure_ascii=False)}'
    path: Path = ("data", train)
    edits: tuple[Edit, ...] = (
        Replace(path, source),
        Rename(path, "source"),
        *(Remove(("data", key)) for key in beside.values()),
    )
    found = {path: Told(help if whole else "write one `source`, which names the files of all parts")}
    if whole:
        found[path] = Told(help, Fix(help, edits), "source")
    return found | {("data", key): Told(silent=True) for key in beside.values()}


def loaders(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of a loader in `data`: what it says stands in `data` itself."""
    data = below(root, ("data",))
    key = next(
        (each for each in LOADERS if isinstance(data, dict) and isinstance(data.get(each), dict)), None
    )
    if key is None or "batch_size" not in data[key] or "batch_size" in data:
        return {}
    path: Path = ("data", key)
    own = keys(DataSpec)
    inside = {name: each for name, each in data[key].items() if name in own and name not in data}
    rest = {name: each for name, each in data[key].items() if name not in inside}
    idle = all((hint := hint_of(name, "data", None)) and hint.says_nothing(rest[name]) for name in rest)
    others = (Add(("data",), name, each) for name, each in inside.items() if name != "batch_size")
    first = (Replace(path, inside["batch_size"]), Rename(path, "batch_size"))
    help = "write its keys in `data` itself"
    fix = Fix(help, (*first, *others), sure=True) if idle else None
    return {path: Told(help, fix, "batch_size")}


def sets(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of a set of scikit-learn's that stands as the type of a source."""
    source = below(root, ("data", "source"))
    tag = source.get("type") if isinstance(source, dict) and "dataset" not in source else None
    cls = CATALOGS["sources"].get("sklearn")
    guess = choice_guess(tag, literals(keys(cls)["dataset"].type)) if isinstance(tag, str) and cls else None
    if guess is None or not guess.sure:
        return {}
    help = f'write "type": "sklearn", "dataset": "{guess.word}"'
    edits = (Replace(("data", "source", "type"), "sklearn"), Add(("data", "source"), "dataset", guess.word))
    return {("data", "source", "type"): Told(help, Fix(help, edits, sure=True))}


def tensors(root: Mapping[str, Any]) -> dict[Path, Told]:
    """What to say of `ToTensor` among the transforms, which makes pixels numbers from 0 to 1."""
    transforms = below(root, ("data", "transforms"))
    found: dict[Path, Told] = {}
    for number, said in enumerate(transforms) if isinstance(transforms, list) else ():
        name = said.get("type") if isinstance(said, dict) else said
        if isinstance(name, str) and compact(name.rpartition(".")[2]) == TO_TENSOR:
            path: Path = ("data", "transforms", number)
            fix = Fix(f"write {json.dumps(PIXELS)}", (Replace(path, PIXELS),))
            help = f"leave it out, or for pixels up to 255 write {json.dumps(PIXELS)}"
            found[(*path, "type") if isinstance(said, dict) else path] = Told(help, fix)
    return found


def is_source(value: Any) -> bool:
    """Whether a mapping says where samples come from, by a type that there is."""
    return isinstance(value, dict) and value.get("type") in CATALOGS["sources"].tags()


def joined(train: Mapping[str, Any], others: Mapping[str, Mapping[str, Any]]) -> tuple[dict[str, Any], bool]:
    """The source of all parts; whether it says all that they say."""
    cls = CATALOGS["sources"].get(train["type"])
    known = keys(cls) if cls else {}
    source, whole = dict(train), True
    for part, said in others.items():
        alike = {**said, "path": train.get("path")} == train and isinstance(said.get("path"), str)
        whole = whole and alike and part in known and part not in source
        if whole:
            source[part] = said["path"] if train["type"] == "csv" else {"path": said["path"]}
    return source, whole and (not others or train["type"] in ("csv", "npz"))
