"""What can be said of a spec's data without opening it."""

from __future__ import annotations

from math import prod

from specdl.core.diagnostics import Finding, Note
from specdl.core.types import BYTES, TensorType
from specdl.core.wording import quoted
from specdl.data import split
from specdl.data.base import SOURCE, DataSpec, Need, Outline, Reading, Source, sample_shape, target_place
from specdl.data.faults import Faults
from specdl.data.paths import resolve

READERS_OF_COLUMNS = ("csv", "npz")


def check(spec: DataSpec, reading: Reading) -> list[Finding]:
    """Findings about files, parts, batches and types, as far as the options of the source tell.

    Files are looked for and not opened: one that is not there is a warning (W410), since it
    may come before the run does. Without a source there is nothing to say. Numpy stays
    unimported.
    """
    source = spec.source
    if source is None:
        return []
    found = [*files(source, reading), *column(spec, reading.need)]
    outline = source.outline()
    strange = inputs(source, outline, spec, reading.need)
    found += [*strange, *targets(source, outline, spec, reading.need, fitting=not strange)]
    if spec.split is not None:
        found += split.faults(spec.split, source.parts(), outline.rows.get("train"))
    if not found and (rows := rows_of(spec, outline)):
        found += batches(spec, rows["train"])
    return found


def files(source: Source, reading: Reading) -> Faults:
    """What is wrong with the files that a source names."""
    faults = Faults()
    for place, name in source.files().items():
        faults.attempt(resolve, name, reading.folder, reading.allowed, (*SOURCE, *place))
    for number, each in enumerate(faults):
        if each.code == "E410":
            faults[number] = Finding(
                "W410", each.message, each.path, help=each.help, notes=each.notes, severity="warning"
            )
    return faults


def column(spec: DataSpec, need: Need) -> list[Finding]:
    """What is wrong with `from`, if anything is."""
    chosen, path = spec.target.source, ("data", "target", "from")
    assert spec.source is not None
    if chosen is None or chosen in need.inputs or (chosen == "input" and len(need.inputs) == 1):
        return []
    if chosen == "input":
        message = f"`from` does not say which input is predicted: there are {quoted(need.inputs)}"
        return [Finding("E411", message, path, help=f'"from": "{next(iter(need.inputs))}"')]
    if chosen == "next":
        message = f"`next` is the token that follows, and `{spec.source.type}` has no text"
        return [Finding("E411", message, path)]
    if spec.source.type not in READERS_OF_COLUMNS and type(spec.source).__module__.startswith("specdl."):
        message = f"`{spec.source.type}` has no columns, and so no `{chosen}`"
        return [Finding("E411", message, path, help='"from": "input"')]
    return []


def rows_of(spec: DataSpec, outline: Outline) -> dict[str, int]:
    """The samples of each part once the source is split; empty where that is not known."""
    if spec.split is None or not outline.rows:
        return dict(outline.rows)
    return split.counts(spec.split, outline.rows["train"])


def bytes_ahead(spec: DataSpec, need: Need) -> int | None:
    """The bytes of the samples that the spec's options count, before any is made; None where they do not.

    `check` and `train` compare it with the memory there is.
    """
    rows = rows_of(spec, spec.source.outline()) if spec.source is not None else {}
    if not rows:
        return None
    types = [*need.inputs.values(), *need.targets.values()]
    return sum(rows.values()) * sum(type.numel(1) * BYTES[type.dtype] for type in types)


def batches(spec: DataSpec, rows: int) -> list[Finding]:
    """That `drop_last` leaves no batch of `rows` training samples."""
    if not spec.drop_last or spec.batch_size <= rows:
        return []
    message = (
        f"an epoch has no batch: the training part has {rows} samples, and `drop_last` leaves out "
        f"a batch of fewer than {spec.batch_size}"
    )
    return [Finding("E313", message, ("data", "batch_size"), help=f'"batch_size": {rows}')]


def inputs(source: Source, outline: Outline, spec: DataSpec, need: Need) -> list[Finding]:
    """That the samples are no input of the model's."""
    if not outline.single:
        return []
    if len(need.inputs) > 1:
        message = f"`{source.type}` gives one input, and the model has {quoted(need.inputs)}"
        return [Finding("E414", message, SOURCE)]
    ((name, wanted),) = need.inputs.items()
    have, take = outline.shape, sample_shape(wanted)
    if have is None or spec.transforms or prod(have) == prod(take):
        return []
    return [wrong_input(name, source.type, have, wanted)]


def wrong_input(name: str, source: str, have: tuple[int, ...], wanted: TensorType) -> Finding:
    """That the samples of a source do not have the model's shape."""
    shape, take = (f"[{','.join(map(str, each))}]" for each in (have, sample_shape(wanted)))
    message = f"`{name}` is {shape} per sample in `{source}`, and the model takes {take}"
    return Finding("E414", message, SOURCE, help=f'"input": {{"shape": [{", ".join(map(str, have))}]}}')


def targets(
    source: Source, outline: Outline, spec: DataSpec, need: Need, fitting: bool = True
) -> list[Finding]:
    """That the targets are none that the losses take.

    Of a model whose input is not `fitting`, how many labels a sample has is no second mistake.
    """
    if not outline.single or outline.target is None or spec.target.source is not None:
        return []
    path = target_place(spec)
    if len(need.targets) > 1:
        message = f"`{source.type}` gives one target, and the losses take {quoted(need.targets)}"
        return [Finding("E414", message, SOURCE)]
    found = []
    for name, wanted in need.targets.items():
        take = sample_shape(wanted)
        if outline.target == "values":
            if need.encode[name] != "value":
                message = f"`{source.type}` has values as its target, and the loss takes classes"
                found.append(Finding("E414", message, SOURCE))
            elif prod(take) != 1:
                message = f"`{source.type}` has one value per sample as its target"
                shape = f"[{','.join(map(str, take))}]"
                found.append(Finding("E414", f"{message}, and the loss compares it with {shape}", SOURCE))
        elif need.encode[name] == "value" and prod(take) != 1:
            found.append(labels_as_values(source.type, outline, take, path))
        elif need.encode[name] != "value":
            found += class_count(source.type, outline, name, need, fitting)
    return found


def labels_as_values(
    tag: str, outline: Outline, take: tuple[int, ...], path: tuple[str | int, ...]
) -> Finding:
    """That class numbers stand where a vector of values is wanted."""
    shape, encode = f"[{','.join(map(str, take))}]", '"target": {"encode": "one_hot"}'
    message = f"`{tag}` has a class number per sample as its target, and the loss compares it with {shape}"
    if outline.classes not in (None, take[-1]):
        help = f"give the layer that makes it `out_features: {outline.classes}`, and write {encode}"
        return Finding("E414", message, path, help=help)
    return Finding("E414", message, path, help=encode)


def class_count(tag: str, outline: Outline, name: str, need: Need, fitting: bool) -> list[Finding]:
    """That the model tells fewer classes apart than there are, or takes other shapes than labels."""
    classes, wanted = need.classes.get(name), sample_shape(need.targets[name])
    labels = wanted[:-1] if need.encode[name] == "one_hot" else wanted
    if prod(labels) != 1:
        shape = f"[{','.join(map(str, labels))}]"
        message = f"`{tag}` has a class number per sample as its target, and the loss takes {shape} of them"
        return [Finding("E414", message, SOURCE)] if fitting else []
    if classes is None or outline.classes is None or classes >= outline.classes:
        return []
    message = f"`{tag}` has {outline.classes} classes, and the model's output has {classes}"
    note = Note("the last axis of the output has a number for each class")
    help = f"give the layer that makes it `out_features: {outline.classes}`"
    return [Finding("E412", message, SOURCE, help=help, notes=(note,))]
