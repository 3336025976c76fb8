"""How many findings of a stage are told: a thousand that differ, and more of those that say the same."""

from __future__ import annotations

from collections.abc import Sequence

from specdl.core.diagnostics import Finding
from specdl.spec.text import MAX_FINDINGS, too_many

MAX_EQUAL = 10_000
"""From so many findings on one is only told that says what no other did."""
TOO_MANY = (too_many(MAX_FINDINGS), too_many(MAX_EQUAL))


class Room:
    """What findings there is room for: for one more than are told, which says that there are more."""

    def __init__(self) -> None:
        self.kinds = set[tuple[str, str]]()
        self.count = 0

    @property
    def full(self) -> bool:
        """Whether nothing is taken any more that was not said before."""
        return len(self.kinds) > MAX_FINDINGS

    def takes(self, finding: Finding) -> bool:
        """Whether there is room for a finding, which then fills it."""
        kind = (finding.code, finding.message)
        if self.count > MAX_EQUAL if kind in self.kinds else self.full:
            return False
        self.kinds.add(kind)
        self.count += 1
        return True


def cut(findings: Sequence[Finding]) -> list[Finding]:
    """The findings that are told, and as the last of them that there are more."""
    kept: list[Finding] = []
    kinds: dict[tuple[str, str], int] = {}
    for each in findings:
        kind = (each.code, each.message)
        fits = len(kept) < MAX_EQUAL or kind not in kinds
        if fits and kinds.setdefault(kind, len(kinds)) < MAX_FINDINGS:
            kept.append(each)
    if len(kept) == len(findings):
        return kept
    return [*kept, Finding("E005", TOO_MANY[len(kinds) <= MAX_FINDINGS])]
