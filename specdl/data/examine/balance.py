"""Classes that training hardly meets, or never."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from specdl.core.diagnostics import Finding, Note, visible
from specdl.data.base import PART_NAMES
from specdl.data.examine.samples import Samples, compared, listed, share, warning

MOST_CLASSES = 1000
"""Of more classes, which are words rather than kinds, some are always rare or absent."""
UNEVEN = 20
"""How many times as many samples the largest class has as the smallest, where it is worth a word."""


def absent(samples: Samples) -> Iterator[Finding]:
    """W420, W421: classes of which the training part has no sample."""
    for target, counts in counted(samples).items():
        missing = np.flatnonzero(counts["train"] == 0)
        met = {
            part: [int(number) for number in missing if counts[part][number]] for part, _ in compared(samples)
        }
        asked = sorted({number for numbers in met.values() for number in numbers})
        path = samples.target_path
        if asked:
            have = [
                f"{PART_NAMES[part]} has {int(counts[part][numbers].sum()):,}"
                for part, numbers in met.items()
                if numbers
            ]
            message = f"the training part has no sample of {classes(samples, target, asked)}"
            yield warning("W421", f"{message}, and {' and '.join(have)}", path)
        rest = [int(number) for number in missing if int(number) not in asked]
        if rest:
            size = len(counts["train"])
            message = f"of the {size} classes that the output counts, the training part has no sample of"
            yield warning("W420", f"{message} {classes(samples, target, rest)}", path)


def uneven(samples: Samples) -> Iterator[Finding]:
    """W422: a class with many times the samples of another."""
    for target, counts in counted(samples).items():
        train = counts["train"]
        most, least = int(train.argmax()), int(np.where(train > 0, train, train.max() + 1).argmin())
        high, low = int(train[most]), int(train[least])
        if high <= UNEVEN * low:
            continue
        of_most, of_least = classes(samples, target, [most]), classes(samples, target, [least])
        message = (
            f"the training part has {high:,} sample{plural(high)} of {of_most}, and {low:,} of {of_least}: "
            f"{high // low:,} to 1"
        )
        judged = [*compared(samples)] or [("train", PART_NAMES["train"])]
        part, words = judged[0]
        right, rows = int(counts[part][most]), int(counts[part].sum())
        note = Note(f"answering {of_most} always is right for {share(right, rows)} of {words}")
        yield warning("W422", message, samples.target_path, notes=(note,))


def counted(samples: Samples) -> dict[str, dict[str, np.ndarray]]:
    """The samples of each class by part, for every target of not too many classes."""
    found = {}
    for target in samples.loading.codes:
        classes = samples.need.classes.get(target)
        if samples.need.encode[target] == "value" or classes is None or classes > MOST_CLASSES:
            continue
        found[target] = {
            part: np.bincount(codes.reshape(-1).astype(np.int64), minlength=classes)
            for part, codes in samples.codes(target).items()
        }
    return found


def classes(samples: Samples, target: str, numbers: list[int]) -> str:
    """Classes in words, by name where they have one: "class `setosa`", "classes `1` and `2`"."""
    _, names = samples.loading.codes[target]
    words = (visible(names[number]) if number < len(names) else str(number) for number in numbers)
    return f"class{'es' if len(numbers) > 1 else ''} {listed(words)}"


def plural(count: int) -> str:
    """The ending of a noun."""
    return "" if count == 1 else "s"
