"""Every warning about a spec without errors: rules over the whole of it, and the advice of its entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from specdl.core.diagnostics import Finding, Path
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
    return list(once(found for rule in RULES for found in rule(subject)))


def once(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Of what a block says at one place for each of its uses, the first."""
    seen: set[tuple[str, Path]] = set()
    for each in findings:
        if (each.code, each.path) not in seen:
            seen.add((each.code, each.path))
            yield each
