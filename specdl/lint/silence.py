"""Findings that a spec or a caller does not want to hear of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from specdl.core.advice import Site, likely
from specdl.core.diagnostics import Diagnostic, Finding, Path, Remove
from specdl.core.errors import UsageError
from specdl.lint.lint import lint
from specdl.lint.subject import Subject
from specdl.spec.document import Document
from specdl.spec.model import ModelSpec
from specdl.spec.rules import unknown_warning
from specdl.spec.validate import in_order

IGNORE = ("lint", "ignore")
USELESS = "W110"
OF_STEPS = ("W310", "W311", "W320", "W321", "W322", "W323", "W324", "W330", "W331", "W332", "W333", "W334")
"""What can only be told of some specs once their samples are counted."""
ELSEWHERE = ("W4", "W5")
"""What the data and the machine decide, and not the spec alone."""
TWINS = {"W306": "W426"}
"""What the lint knows ahead, and the code by which opened data says it."""


def require_warnings(ignore: Iterable[str]) -> None:
    """Raise `UsageError` for codes that are no warning's."""
    for code in ignore:
        wrong = unknown_warning(code)
        if wrong is not None:
            message, help = wrong
            raise UsageError(message, help=help)


def heard(
    subject: Subject,
    earlier: Sequence[Diagnostic],
    found: Sequence[Finding] = (),
    ignore: Collection[str] = (),
) -> list[Diagnostic]:
    """All findings about a spec but the warnings that it, or `ignore`, silences.

    `earlier` are those of earlier stages, `found` those of the data and the machine. Where none of them
    is an error, those of the lint stand among them, and what the spec silences in vain.
    """
    spec, document = subject.spec, subject.document
    all_of = list(found)
    if not any(each.severity == "error" for each in earlier) and not any(map(is_error, found)):
        all_of = together(lint(subject), found)
        codes = {each.code for each in earlier} | {each.code for each in all_of}
        all_of += useless(spec, document, codes, counted=bool(subject.rows))
    silent = {*spec.lint.codes, *ignore}
    told = [*earlier, *document.diagnose(in_order(document.value, all_of))]
    return [each for each in told if each.severity == "error" or each.code not in silent]


def is_error(finding: Finding) -> bool:
    """Whether a finding is more than a warning."""
    return finding.severity == "error"


def together(advice: list[Finding], found: Sequence[Finding]) -> list[Finding]:
    """Findings of the lint and those of the data, of which some would say the same again."""
    again = {TWINS[each.code] for each in advice if each.code in TWINS}
    return [*advice, *(each for each in found if each.code not in again)]


def useless(spec: ModelSpec, document: Document, found: Collection[str], *, counted: bool) -> list[Finding]:
    """W110 for each code that the spec silences although no finding has it.

    `found` are the codes of all findings, and `counted` says whether the samples are. A code is passed
    over where the spec alone does not decide: then another machine, or the data, may find it.
    """
    told = []
    for place, code in enumerate(spec.lint.codes):
        again = code in spec.lint.codes[:place]
        unsure = code.startswith(ELSEWHERE) or (code in OF_STEPS and not counted)
        needed = code in found or unsure or code == USELESS
        if (needed and not again) or document.home(IGNORE) is not document:
            continue
        path: Path = (*IGNORE, code if isinstance(spec.lint.ignore, Mapping) else place)
        why = "it stands here twice" if again else "there is no such finding"
        message = f"nothing here is silenced by `{code}`: {why}"
        fix = likely("take it away", Remove(path))
        told.append(Site(path=path).finding(USELESS, message, at_key=True, fix=fix))
    return told
