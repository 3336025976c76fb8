"""Every warning about a spec without errors: rules over the whole of it, and the advice of its entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from specdl.core.diagnostics import USED, Finding, Path
from specdl.lint.rules.advice import advice
from specdl.lint.rules.length import batch_of_all, batch_of_one, evaluates_late, few_steps, saves_late
from specdl.lint.rules.reach import nothing_to_train, unread_inputs, unread_layers, untrained
from specdl.lint.rules.samples import cuts_nothing, no_seed, scores_too_many, twice
from specdl.lint.rules.starts import never_differ
from specdl.lint.rules.unused import unused
from specdl.lint.subject import Subject

Rule = Callable[[Subject], Iterable[Finding]]

RULES: tuple[Rule, ...] = (
    unused,
    unread_layers,
    unread_inputs,
    untrained,
    nothing_to_train,
    never_differ,
    batch_of_all,
    batch_of_one,
    few_steps,
    evaluates_late,
    saves_late,
    scores_too_many,
    cuts_nothing,
    no_seed,
    twice,
    advice,
)
"""Each is a function of the subject alone, and knows nothing of the others."""


def lint(subject: Subject) -> list[Finding]:
    """What all rules find, each thing once."""
    return once([found for rule in RULES for found in rule(subject)], subject.uses)


def once(findings: list[Finding], uses: Mapping[Path, int]) -> list[Finding]:
    """Findings without those that say at one place what another says there.

    A layer of a block is a layer of the model for each use of the block. What is true of some of the
    uses only is not told: taking the layer away would harm the others.
    """
    counts = Counter((each.code, each.path) for each in findings)
    first = {(each.code, each.path): each for each in reversed(findings)}
    return [first[key] for key, count in counts.items() if count >= least(first[key], uses)]


def least(finding: Finding, uses: Mapping[Path, int]) -> int:
    """How often a finding must be there to be true of every use of its layer."""
    if not any(note.message == USED for note in finding.notes):
        return 1
    path = finding.path
    while path and path not in uses:
        path = path[:-1]
    return uses.get(path, 1)
