"""The word that was probably meant."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from specdl.core.names import composed

LONGEST = 256
"""Letters of the longest word that is compared: names of layers with those of the blocks around them."""


def nearest(word: str, words: Iterable[str]) -> str | None:
    r"""The one of `words` that `word` is a slip of, or None.

    A slip is at most one edit in three letters, and two in all but long words: a letter
    missing, too many, wrong, or two neighbours swapped; an accent joined with its letter or
    apart is none. Of one letter or two any other word is an edit away, so that of these only case and
    order may differ. A tie goes to the first in alphabetical order, so that messages are stable.
    What no name is as long as is a slip of none: comparing takes time for each letter of both.

    >>> nearest("lienar", ["linear", "tanh"])
    'linear'
    >>> nearest("fc9", ["fc1", "conv1"])
    'fc1'
    >>> nearest("lstm", ["linear", "tanh"]) is None
    True
    >>> nearest("e\u0301", ["input", "\xe9"]) == "\xe9"
    True
    """
    if len(word) > LONGEST:
        return None
    allowed = min(len(word) // 3, 3)
    small = composed(word.lower())
    if not allowed:
        return min((each for each in words if composed(each.lower()) in (small, small[::-1])), default=None)
    near = {each: low for each in words if abs(len(low := composed(each.lower())) - len(small)) <= allowed}
    scored = sorted((distance(small, low), each) for each, low in near.items())
    return scored[0][1] if scored and scored[0][0] <= allowed else None


COMPARED = 50_000
"""Pairs of words that are compared for one spec: about a second."""


@dataclass
class Suggester:
    """`nearest` for the many words of a spec that mean nothing: of very many it helps the first."""

    left: int = COMPARED

    def nearest(self, word: str, words: Collection[str]) -> str | None:
        """The one of `words` that `word` is a slip of; None too where enough has been compared."""
        self.left -= len(words)
        return nearest(word, words) if self.left >= 0 else None


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
