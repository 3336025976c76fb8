"""Tables to examine, and what is said of them."""

import numpy as np

from specdl.data.base import DataSpec
from specdl.data.examine import examine
from specdl.data.sources.csv import Csv
from specdl.data.sources.npy import ArrayFiles, Npy
from tests.data.helpers import lines, reading


def write(folder, name, header, rows):
    text = "\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n"
    (folder / name).write_text(text, encoding="utf-8")


def told(folder, need, source, limits=None, **options):
    """What is said of a source's samples, as lines."""
    options.setdefault("batch_size", 2)
    found = examine(DataSpec(source=source, **options), reading(need, folder), limits or {})
    assert all(each.severity == ("warning" if each.code[0] == "W" else "error") for each in found)
    return lines(found)


def of_csv(folder, need, rows, header="a,b,y", test=None, csv=None, limits=None, **options):
    """What is said of tables, as lines."""
    write(folder, "a.csv", header, rows)
    given = {"target": "y"} | (csv or {})
    if test is not None:
        write(folder, "t.csv", header, test)
        given["test"] = "t.csv"
    return told(folder, need, Csv(path="a.csv", **given), limits, **options)


def of_npy(folder, need, x, y, test=None, **options):
    """What is said of arrays, as lines."""
    files = {}
    for part, arrays in {"train": (x, y), "test": test}.items():
        if arrays is None:
            continue
        for key, array in zip("xy", arrays, strict=True):
            np.save(folder / f"{part}_{key}.npy", array)
        files[part] = ArrayFiles(x=f"{part}_x.npy", y=f"{part}_y.npy")
    return told(folder, need, Npy(**files), **options)


def points(*labels, seed=0):
    """Rows of two numbers and a label."""
    x = np.random.default_rng(seed).normal(size=(len(labels), 2)).round(3)
    return [(*row, label) for row, label in zip(x.tolist(), labels, strict=True)]
