"""`vars` at the top of a spec, and the expressions that use them."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any

from specdl.core.diagnostics import Finding, Note, Path
from specdl.spec.expressions import FAILED, NAME, RESERVED, ExpressionError, Scope, names_in, substitute
from specdl.spec.room import MAX_EQUAL

VARS = ("vars",)
NAME_RULE = "a name has letters, digits and `_`, and begins with no digit"


def evaluate(raw: Any) -> tuple[dict[str, Any], list[Finding]]:
    """The values of `vars` by name, in the order in which they are declared.

    One may use another, wherever it stands. What has a finding is `FAILED`.
    """
    if raw is None:
        return {}, []
    if not isinstance(raw, Mapping):
        return {}, [Finding("E113", "`vars` must be a mapping of names to values", VARS)]
    values: dict[str, Any] = dict.fromkeys(raw, FAILED)
    findings = [each for name, value in raw.items() if (each := refusal(name, value))]
    bad = {str(each.path[1]) for each in findings}
    uses = {
        name: [each for each in sorted(names_in(value)) if each in raw] if isinstance(value, str) else []
        for name, value in raw.items()
    }
    try:
        order = list(TopologicalSorter(uses).static_order())
    except CycleError as error:
        return values, [*findings, cycle([str(each) for each in error.args[1]], uses)]
    for name in order:
        if name in bad or len(findings) > MAX_EQUAL:
            continue
        try:
            values[name] = substitute(raw[name], values) if isinstance(raw[name], str) else raw[name]
        except ExpressionError as error:
            path = (*VARS, name)
            findings.append(Finding(error.code, error.message, path, help=error.help, within=error.span))
    return values, findings


def refusal(name: str, value: Any) -> Finding | None:
    """Why something cannot be a variable."""
    path = (*VARS, name)
    if not NAME.fullmatch(name):
        message = f"`{name[:60]}` cannot be a variable: {NAME_RULE}"
        return Finding("E116", message, path, at_key=True)
    if name in RESERVED:
        return Finding("E116", f"`{name}` has a meaning of its own in expressions", path, at_key=True)
    if value is None or isinstance(value, (list, Mapping)):
        kind = "nothing" if value is None else "a list" if isinstance(value, list) else "a mapping"
        message = f"the variable `{name}` is {kind}, but must be a number, text, true or false"
        return Finding("E113", message, path)
    return None


def cycle(names: list[str], uses: Mapping[str, list[str]]) -> Finding:
    """The finding for variables that use one another in a ring."""
    # A ring has no first: begin with the one that stands first, and go the way of use.
    ring = names[:-1]
    if ring[1 % len(ring)] not in uses[ring[0]]:
        ring.reverse()
    start = min(ring, key=list(uses).index)
    at = ring.index(start)
    ring = [*ring[at:], *ring[:at], start]
    text = " -> ".join(f"`{each}`" for each in ring[:12])
    what = "uses itself" if len(ring) == 2 else "use one another"
    notes = tuple(Note(f"`{each}` is declared", (*VARS, each), label=True) for each in ring[1:-1][:3])
    return Finding(
        "E122",
        f"variables that {what}: {text}" if len(ring) > 2 else f"`{start}` {what}",
        (*VARS, start),
        notes=notes,
    )


def resolve(value: Any, path: Path, scope: Scope, findings: list[Finding]) -> Any:
    """A copy of a value with every expression in it replaced; a faulty one is `FAILED`, with a finding.

    Nesting is bounded by the reader, so the recursion is.
    """
    if len(findings) > MAX_EQUAL:
        return FAILED
    if isinstance(value, str):
        try:
            return substitute(value, scope)
        except ExpressionError as error:
            findings.append(Finding(error.code, error.message, path, help=error.help, within=error.span))
            return FAILED
    if isinstance(value, dict):
        return {key: resolve(each, (*path, key), scope, findings) for key, each in value.items()}
    if isinstance(value, list):
        return [resolve(each, (*path, i), scope, findings) for i, each in enumerate(value)]
    return value
