"""What an editor offers to do about a finding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from specdl.core.diagnostics import Add, Diagnostic, Fix, Replace, TextEdit
from specdl.spec.document import Document
from specdl.spec.edits import text_fix
from specdl.spec.text import Span

LINT, IGNORE = "lint", "ignore"


@dataclass(frozen=True)
class Action:
    """Edits that mend findings; `sure` where nobody could have meant anything else."""

    title: str
    edits: tuple[TextEdit, ...]
    findings: tuple[Diagnostic, ...]
    sure: bool = False


def actions(
    document: Document, findings: Iterable[tuple[Diagnostic, Span]], wanted: Span
) -> Iterator[Action]:
    """What can be done about the findings that touch a span of the text."""
    silenced: set[str] = set()
    for each, span in findings:
        if span[0] > wanted[1] or span[1] < wanted[0]:
            continue
        fix = each.fix
        if fix is not None:
            yield Action(capital(fix.message), fix.edits, (each,), fix.sure)
        if each.severity == "warning" and each.code not in silenced:
            silenced.add(each.code)
            silent = silence(document, each.code)
            if silent is not None:
                yield Action(f"Silence {each.code} in this spec", silent, (each,))


def silence(document: Document, code: str) -> tuple[TextEdit, ...] | None:
    """Edits that write a code into `lint.ignore`; None where they cannot be had."""
    value = document.value if isinstance(document.value, dict) else {}
    lint = value.get(LINT)
    edit: Add | Replace
    if lint is None:
        edit = Add((), LINT, {IGNORE: [code]})
    elif not isinstance(lint, dict):
        return None
    elif isinstance(lint.get(IGNORE), dict):
        edit = Add((LINT, IGNORE), code, "")
    elif isinstance(lint.get(IGNORE), list):
        edit = Replace((LINT, IGNORE), [*lint[IGNORE], code])
    else:
        edit = Add((LINT,), IGNORE, [code])
    made = text_fix(document, Fix(f"silence {code}", (edit,)))
    return made.edits if made else None


def everything_sure(findings: Iterable[Diagnostic]) -> Action | None:
    """All fixes that are sure, as one; None where there is none."""
    mended = [each for each in findings if each.fix and each.fix.sure]
    kept: list[Diagnostic] = []
    edits: list[TextEdit] = []
    for each in mended:
        fix = each.fix
        if fix and all(
            edit.start > other.end or edit.end < other.start for edit in fix.edits for other in edits
        ):
            edits += fix.edits
            kept.append(each)
    ordered = tuple(sorted(edits, key=lambda edit: edit.start))
    return (
        Action("Mend everything that is surely meant otherwise", ordered, tuple(kept), True) if kept else None
    )


def capital(text: str) -> str:
    """A title: its first letter large."""
    return text[:1].upper() + text[1:]
