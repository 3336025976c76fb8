"""Targets: class names and numbers checked, and written as the loss takes them."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

import numpy as np

from specdl.core.diagnostics import Finding, Note, visible
from specdl.core.diagnostics import Path as DocumentPath
from specdl.core.errors import FindingsError
from specdl.core.types import TensorType
from specdl.core.wording import quoted
from specdl.data.base import Array, Encode, Need, sample_shape
from specdl.data.fit import NUMERIC, Bad, convert, fits, not_class, not_finite, shape_text
from specdl.data.words import Where, value_text

Parts = Mapping[str, Array]
"""One target's values by part."""


def checked(
    name: str, parts: Parts, labels: tuple[str, ...], need: Need, where: Where, path: DocumentPath
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """One target of every part as numbers that the encoding can take, and the classes' names.

    Text becomes class numbers, by its sorted order in the training part; `labels` are the
    names where the source has numbered the classes itself. Raises `FindingsError`: E412 for a
    label outside the classes, E413 for values that are not finite, E414 for shapes and kinds
    that do not fit.
    """
    how, classes = need.encode[name], need.classes.get(name)
    numbers = dict(parts)
    if parts["train"].dtype.kind in "US":
        numbers, labels = numbered(name, parts, where, path)
    for array in numbers.values():
        if array.dtype.kind not in NUMERIC:
            message = f"`{name}` is an array of {array.dtype}, and class names or numbers were expected"
            raise FindingsError([Finding("E414", message, path)])
    if how == "value" and len(labels) > 2:
        raise FindingsError([names_as_values(name, labels, need.targets[name], path)])
    if how != "value" and classes is not None and len(labels) > classes:
        raise FindingsError([too_few_scores(name, labels, classes, path)])
    found = [
        finding
        for part, array in numbers.items()
        if (finding := fault(name, part, array, need, where, path)) is not None
    ]
    if found:
        raise FindingsError(found[:1] if found[0].code == "E414" else found)
    return numbers, labels


def numbered(
    name: str, parts: Parts, where: Where, path: DocumentPath
) -> tuple[dict[str, Array], tuple[str, ...]]:
    """Class names as numbers, and the names in order."""
    names = np.unique(parts["train"])
    numbers: dict[str, Array] = {}
    for part, array in parts.items():
        place = np.searchsorted(names, array).clip(max=len(names) - 1)
        strange = names[place] != array
        if strange.any():
            index = tuple(int(i) for i in np.argwhere(strange)[0])
            bad = Bad(index, str(array[index]), int(strange.sum()))
            message = (
                f"{where.row(part, index[0])} has the label `{value_text(bad.value)}`, "
                f"which is none of the {len(names)} classes of the training part"
            )
            few = quoted(visible(str(each)) for each in names[:10]) + (" ..." if len(names) > 10 else "")
            notes = (Note(f"they are {few}"), *where.notes(part, bad))
            raise FindingsError([Finding("E412", message, path, notes=notes)])
        numbers[part] = place.astype(np.int64)
    return numbers, tuple(str(each) for each in names)


def fault(name: str, part: str, array: Array, need: Need, where: Where, path: DocumentPath) -> Finding | None:
    """What is wrong with one part's target, if anything is."""
    how, wanted = need.encode[name], need.targets[name]
    have, take = array.shape[1:], label_shape(how, wanted)
    if not fits(have, take):
        return wrong_shape(name, have, how, wanted, path)
    if bad := not_finite(array):
        message = f"{where.element(part, name, bad.index)} is {bad.value}: a finite number was expected"
        return Finding("E413", message, path, notes=where.notes(part, bad))
    if how == "value":
        return None
    classes = need.classes.get(name)
    if bad := not_class(array, classes):
        return outside(name, part, array, bad, classes, where, path)
    return None


def label_shape(how: Encode, wanted: TensorType) -> tuple[int, ...]:
    """The shape of one sample's target before it is encoded."""
    shape = sample_shape(wanted)
    return shape[:-1] if how == "one_hot" else shape


def outside(
    name: str,
    part: str,
    array: Array,
    bad: Bad,
    classes: int | None,
    where: Where,
    path: DocumentPath,
) -> Finding:
    """That a label is no class number of the model's."""
    row = where.row(part, bad.index[0])
    if classes is None:
        expected = "a whole number from 0 on was expected"
    else:
        expected = f"the model has {classes} classes, numbered from 0 to {classes - 1}"
    help = None
    if classes is not None and array.min() == 1 and array.max() == classes:
        help = "number the classes from 0: subtract 1 from each label"
    message = f"{row} has the label {value_text(bad.value)}, and {expected}"
    if array.ndim > 1 and prod(array.shape[1:]) > 1:
        message = f"{where.element(part, name, bad.index)} is {value_text(bad.value)}, and {expected}"
    return Finding("E412", message, path, help=help, notes=where.notes(part, bad))


def wrong_shape(
    name: str, have: tuple[int, ...], how: Encode, wanted: TensorType, path: DocumentPath
) -> Finding:
    """That a target's samples have a shape that the loss cannot take."""
    take = label_shape(how, wanted)
    one = prod(have) == 1
    if how == "value":
        what = "one number" if one else shape_text(have)
        message = f"`{name}` is {what} per sample, and the loss compares it with {shape_text(take)}"
        help = '"target": {"encode": "one_hot"}' if one else None
        return Finding("E414", message, path, help=help)
    kind = "a class number" if not take else f"class numbers of shape {shape_text(take)}"
    message = f"`{name}` is {shape_text(have)} per sample, and encode `{how}` takes {kind}"
    help = '"encode": "value"' if sample_shape(wanted)[-1:] == have[-1:] or len(have) == 1 else None
    return Finding("E414", message, path, help=help)


def names_as_values(name: str, labels: tuple[str, ...], wanted: TensorType, path: DocumentPath) -> Finding:
    """That class names stand where values are wanted."""
    message = f"`{name}` is one of {len(labels)} class names, and the loss takes values"
    help = '"target": {"encode": "one_hot"}' if sample_shape(wanted)[-1:] == (len(labels),) else None
    few = ", ".join(f"`{visible(label)}`" for label in labels[:10])
    return Finding("E414", message, path, help=help, notes=(Note(f"the names are {few}"),))


def too_few_scores(name: str, labels: tuple[str, ...], classes: int, path: DocumentPath) -> Finding:
    """That there are more classes than the model tells apart."""
    message = f"`{name}` has {len(labels)} classes, and the model's output has {classes}"
    few = ", ".join(f"`{visible(label)}`" for label in labels[:10])
    return Finding("E412", message, path, notes=(Note(f"the classes are {few}"),))


def written(array: Array, how: Encode, wanted: TensorType, rows: Array | None) -> Array:
    """Checked targets in the type that the loss takes; `rows` picks samples, by default all."""
    if how != "one_hot":
        return convert(array, wanted, rows)
    codes = np.arange(sample_shape(wanted)[-1])
    shape = label_shape(how, wanted)
    return convert(array, wanted, rows, lambda chunk: chunk.reshape(len(chunk), *shape, 1) == codes)
