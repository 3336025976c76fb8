"""Columns of the inputs that tell nothing, too much, or drown the others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from specdl.core.diagnostics import Add, Finding, Fix, Note
from specdl.data.base import DATA, Array
from specdl.data.examine.samples import Samples, listed, warning
from specdl.data.words import value_text

TABLE = 100
"""A sample of more columns is a picture or a text rather than a row of a table."""
APART = 10_000
"""How many times as far the numbers of one column reach as those of another, where it is worth a word."""
PROBE = 1000
"""Rows that are looked at first."""
ROWS = 20
"""Fewer rows may be alike by chance."""
NUMBERS = {
    "",
    "id",
    "ids",
    "index",
    "idx",
    "row",
    "row_id",
    "rowid",
    "no",
    "nr",
    "number",
    "unnamed: 0",
    "_id",
}
"""What people and programs call a column that counts rows."""


def constant(samples: Samples) -> Iterator[Finding]:
    """W424: named columns that are equal in every training sample."""
    for name in samples.need.inputs:
        columns = samples.columns(name)
        if not 1 < len(columns) <= TABLE or samples.rows("train") < ROWS:
            continue
        firsts = [samples.column(name, number) for number in range(len(columns))]
        same = {columns[number]: first[0].item() for number, first in enumerate(firsts) if is_constant(first)}
        if same:
            one = len(same) == 1
            value = value_text(next(iter(same.values()))) if one else "one value each"
            message = f"{listed(same)} {'is' if one else 'are'} {value} in every training sample"
            yield warning("W424", f"{message}: nothing can be learnt from it", samples.input_path)


def is_constant(values: Array) -> bool:
    """Whether all numbers are equal."""
    return bool((values == values[0]).all())


def scales(samples: Samples) -> Iterator[Finding]:
    """W425: columns that reach many thousand times as far as others, as the model gets them."""
    for name, wanted in samples.need.inputs.items():
        values = samples.data.parts["train"].inputs[name]
        if not wanted.is_float or values.ndim != 2 or len(values) < ROWS:
            continue
        low, high = values.min(axis=0), values.max(axis=0)
        reach = high.astype(np.float64) - low.astype(np.float64)
        there = np.flatnonzero(reach > 0)
        if not len(there):
            continue
        far, near = int(reach.argmax()), int(there[reach[there].argmin()])
        if reach[far] <= APART * reach[near]:
            continue
        names = samples.columns(name)
        columns = [called(names, each, values.shape[1], name) for each in (far, near)]
        message = (
            f"{columns[0]} reaches from {spelled(low[far])} to {spelled(high[far])}, and {columns[1]} from "
            f"{spelled(low[near])} to {spelled(high[near])}"
        )
        message += ": what the smaller one says is drowned"
        if samples.spec.transforms:
            yield warning("W425", message, (*DATA, "transforms"))
        else:
            fix = Fix("normalize the inputs", (Add(DATA, "transforms", ["normalize"]),))
            help = '"transforms": ["normalize"]'
            yield warning("W425", message, DATA, at_key=True, help=help, fix=fix)


def numbering(samples: Samples) -> Iterator[Finding]:
    """W427: a named column that counts the rows."""
    classes = any(how != "value" for how in samples.need.encode.values())
    for name in samples.need.inputs:
        columns = samples.columns(name)
        values = samples.loading.raw.parts["train"].inputs[name]
        if len(columns) < 2 or len(values) < ROWS:
            continue
        for number, column in enumerate(columns):
            numbers = values.reshape(len(values), -1)[:, number]
            if (classes or column.lower() in NUMBERS) and counts_rows(numbers):
                first, last = (value_text(each.item()) for each in (numbers.min(), numbers.max()))
                message = f"`{column}` numbers the rows from {first} to {last}"
                note = Note("list the columns to learn from in `features`, without it")
                why = "it says where a sample stands, not what it is"
                yield warning("W427", f"{message}: {why}", samples.input_path, notes=(note,))


def counts_rows(values: Array) -> bool:
    """Whether numbers are consecutive whole numbers, in any order."""
    low, high = values.min(), values.max()
    if high - low != len(values) - 1 or (values != np.floor(values)).any():
        return False
    return len(np.unique(values)) == len(values)


def giving_away(samples: Samples) -> Iterator[Finding]:
    """W428: a column that is the target, as it is or under other names."""
    if samples.rows("train") < ROWS:
        return
    for target in samples.loading.codes:
        answers = samples.codes(target)["train"]
        answers = answers.reshape(len(answers), -1)
        classes = samples.need.encode[target] != "value"
        for name in samples.need.inputs:
            width, columns = samples.width(name), samples.columns(name)
            for number in range(width):
                if said := same_as(samples.column(name, number), answers, classes):
                    column = called(columns, number, width, name)
                    message = f"{column} {said} `{target}` in every training sample: it gives the answer away"
                    yield warning("W428", message, samples.input_path)


def same_as(column: Array, answers: Array, classes: bool) -> str:
    """How a column is the target, in words; empty where it is not."""
    for answer in answers.T:
        if is_constant(answer):
            continue
        if np.array_equal(column, answer):
            return "equals"
        if classes and renamed(column, answer):
            return "decides"
    return ""


def renamed(column: Array, answer: Array) -> bool:
    """Whether each value of a column stands for one class, and each class for one value."""
    return one_to_one(column[:PROBE], answer[:PROBE]) and one_to_one(column, answer)


def one_to_one(column: Array, answer: Array) -> bool:
    """Whether there are as many pairs as values, and as classes."""
    values, classes = len(np.unique(column)), len(np.unique(answer))
    if values != classes:
        return False
    pairs = np.unique(np.stack([column.astype(np.float64), answer.astype(np.float64)]), axis=1)
    return bool(pairs.shape[1] == values)


def called(names: tuple[str, ...], number: int, count: int, name: str) -> str:
    """A column of an input in words: "`age`", "column 3 of `input`"."""
    return f"`{names[number]}`" if len(names) == count else f"column {number} of `{name}`"


def spelled(value: float) -> str:
    """A number for a message, to four digits."""
    return value_text(float(f"{float(value):.4g}"))
