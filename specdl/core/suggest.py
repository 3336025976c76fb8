"""The word that was probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(word: str, words: Iterable[str]) -> str | None:
    """The one of `words` that `word` is a slip of, or None.

    A slip is at most one edit in three letters, and two in all but long words: a letter
    missing, too many, wrong, or two neighbours swapped. A tie goes to the first in
    alphabetical order, so that messages are stable.

    >>> nearest("lienar", ["linear", "tanh"])
    'linear'
    >>> nearest("fc9", ["fc1", "conv1"])
    'fc1'
    >>> nearest("lstm", ["linear", "tanh"]) is None
    True
    """
    allowed = max(1, min(len(word) // 3, 3))
    scored = sorted((distance(word.lower(), each.lower()), each) for each in set(words))
    return scored[0][1] if scored and scored[0][0] <= allowed else None


def distance(a: str, b: str) -> int:
    """The edits between two words (optimal string alignment).

    Source: Damerau, "A technique for computer detection and correction of spelling errors", 1964.
    """
    before: list[int] = []
    above = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            best = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                best = min(best, before[j - 2] + 1)
            row.append(best)
        before, above = above, row
    return above[-1]
