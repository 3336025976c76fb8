"""From a document to a validated, immutable spec, or to every mistake in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from specdl.core.diagnostics import Finding, Fix, Path, Remove, Rename, Replace, below
from specdl.core.wording import shown
from specdl.spec.blocks import Blocks
from specdl.spec.defaults import Defaults
from specdl.spec.document import EXTENDS, Document
from specdl.spec.expressions import FAILED, undeclared
from specdl.spec.fields import keys
from specdl.spec.model import ModelSpec
from specdl.spec.room import cut
from specdl.spec.rules import EXAMPLES, RULES, VERSION, misspelt_version, version
from specdl.spec.variables import evaluate, resolve
from specdl.spec.walker import MAX_SUGGESTIONS, Site, Stopped, Walker

if TYPE_CHECKING:
    from specdl.spec.hindsight import Hindsight

RAW = ("vars", "blocks")
"""Sections whose expressions are not replaced in place."""
AT_TOP = ("E112", "E310", "E312")
CODES = {"vars": ("E121",), "blocks": ("E123",), EXTENDS: AT_TOP}
"""What is told of names that a section would have declared, and of keys that a base would have."""


def validate(document: Document) -> tuple[ModelSpec | None, list[Finding]]:
    """The spec that a document says, or None; and all findings in document order.

    Variables are put in first, then everything is judged at once; only what depends on something
    faulty is passed over, so that one mistake gives one message.
    """
    value = document.value
    if document.spec is not None:
        return document.spec, []
    if not isinstance(value, dict):
        return None, [Finding("E113", f"a spec is a mapping; this is {shown(value)}")]
    other = version(value)
    if other:
        return None, [other]
    taken = frozenset(value) - document.own if document.base else frozenset[str]()
    spec, findings = judge(value, taken)
    if not findings:
        return spec, []
    from specdl.spec.foreign import foreign

    other = foreign(value)
    if other:
        return None, [other]
    findings = cut(in_order(value, findings))
    return (None if any(each.severity == "error" for each in findings) else spec), findings


def judge(
    value: dict[str, Any], taken: frozenset[str] = frozenset()
) -> tuple[ModelSpec | None, list[Finding]]:
    """The spec and the findings in the order in which they were met.

    `taken` are the keys at the top that another document says. Most specs have no mistake: what a
    document as a whole tells of its mistakes is only asked of one that has.
    """
    try:
        spec, findings = walk(value, taken)
    except Stopped:
        spec, findings = None, []
    if spec is not None and not findings:
        return spec, []
    from specdl.spec.hindsight import hindsight

    return walk(value, taken, hindsight(value))


def walk(
    value: dict[str, Any], taken: frozenset[str], hints: Hindsight | None = None
) -> tuple[ModelSpec | None, list[Finding]]:
    """The spec and the findings; without hints the first finding may end it by `Stopped`."""
    loose = hints.loose if hints else {}
    scope, findings = evaluate(with_loose(value, loose))
    blocks = Blocks(scope)
    defaults = Defaults()
    walker = Walker(
        RULES, {"block": blocks}, EXAMPLES, complete=defaults.complete,
        additions={"specdl": VERSION}, taken=taken, document=value, stops=hints is None,
    )  # fmt: skip
    if hints:
        walker.strays, walker.awaited = {**hints.strays, **loose}, hints.awaited
    blocks.declare(value.get("blocks"), walker)
    judged = {*keys(ModelSpec), *(hints.sections if hints else ())} - {*RAW}
    filled = {
        name: resolve(each, (name,), scope, findings) if name in judged else each
        for name, each in value.items()
    }
    for name in RAW:
        if not isinstance(filled.get(name), dict):
            filled.pop(name, None)
    slip = misspelt_version(filled) if filled.get("specdl") is not FAILED else None
    if slip:
        walker.add(slip, Site())
        filled["specdl"] = FAILED
    if "vars" in filled:
        filled["vars"] = dict(scope)
    model = filled.get("model")
    if isinstance(model, dict):
        defaults.declare(model.get("defaults"), walker)
    walker.root = filled
    made = walker.entry(ModelSpec, hints.applied(walker, filled) if hints else filled, Site())
    blocks.check_unused(walker)
    return told(value, made, findings, walker)


def told(
    value: dict[str, Any], made: Any, findings: list[Finding], walker: Walker
) -> tuple[ModelSpec | None, list[Finding]]:
    """The spec if it could be made, and what is to be told: of what is lost with another mistake, nothing."""
    if not findings and not walker.found:
        return made if isinstance(made, ModelSpec) else None, []
    silent = {code for name in lost(value) for code in CODES[name]}
    found = [of_expression(value, each) for each in walker.found.values()]
    lacking = unfilled(value, found)
    findings = [
        each
        for each in (*findings, *found)
        if (each.code not in silent or (each.path and each.code in AT_TOP)) and not fills(each, lacking)
    ]
    return made if isinstance(made, ModelSpec) else None, findings


def unfilled(value: Any, findings: Iterable[Finding]) -> dict[Path, set[str]]:
    """What is said of names that only a template would have, for layers that stand in place of one.

    That they cannot have them has a finding, at the `repeat` or the `with`.
    """
    found: dict[Path, set[str]] = {}
    for each in findings:
        if each.code == "E117" and each.path[-1:] in (("repeat",), ("with",)):
            given = below(value, each.path)
            names = ["index"] if each.path[-1] == "repeat" else given if isinstance(given, dict) else ()
            found.setdefault(each.path[:-1], set()).update(undeclared(name, {}).message for name in names)
    return found


def fills(finding: Finding, lacking: Mapping[Path, Collection[str]]) -> bool:
    """Whether a finding is about such a name in such layers."""
    above = (finding.path[:length] for length in range(len(finding.path) if lacking else 0))
    return any(finding.message in lacking.get(path, ()) for path in above)


def with_loose(value: dict[str, Any], loose: Iterable[Path]) -> Any:
    """What is under `vars`, with the variables that stand at the top."""
    values = {str(path[0]): value[str(path[0])] for path in loose}
    return {**values, **(value.get("vars") or {})} if values else value.get("vars")


def lost(value: dict[str, Any]) -> set[str]:
    """The sections of names that cannot be read as a whole, or stand under a misspelt key.

    That has a finding; that their names are unknown elsewhere, or that a key is missing which a base
    has, is no second mistake.
    """
    from specdl.spec.suggestions import key_meant

    known = keys(ModelSpec)
    absent = [name for name in known if name not in value]
    found = {name for name in RAW if value.get(name) is not None and not isinstance(value[name], dict)}
    found |= {EXTENDS} & set(value)
    meant = [key_meant(name, known, absent) for name in list(value)[:MAX_SUGGESTIONS] if name not in known]
    return found | {name for name in meant if name in CODES}


def of_expression(value: Any, finding: Finding) -> Finding:
    """A finding about a value that an expression made: what to write is an expression too.

    A fix that would write the value of an expression in its place is none. One about a part of the
    expression itself stays as it is.
    """
    value = below(value, finding.path)
    if finding.within or not holds_expression(value):
        return finding
    if finding.at_key or not isinstance(value, str):
        renames = finding.fix and all(isinstance(each, (Rename, Remove)) for each in finding.fix.edits)
        return finding if renames or not finding.fix else replace(finding, fix=None)
    divides = (
        "/" in value and "//" not in value and finding.code == "E113" and "a whole number" in finding.message
    )
    if not divides:
        return replace(finding, help=handed_on(value, finding.help), fix=None)
    help = "write `//`, which divides to a whole number"
    fix = Fix("write `//`", (Replace(finding.path, value.replace("/", "//")),))
    return replace(finding, help=help, fix=fix)


def handed_on(text: str, help: str | None) -> str | None:
    """What a help says that offers another word, where a text is one value that was given elsewhere."""
    from specdl.spec.given import WHOLE
    from specdl.spec.said import MEANT

    return help if help and WHOLE.fullmatch(text) and MEANT.fullmatch(help) else None


def holds_expression(value: Any) -> bool:
    """Whether there is an expression in a value, or anywhere below it."""
    if isinstance(value, str):
        return "${" in value
    if isinstance(value, (dict, list)):
        return any(holds_expression(each) for each in (value.values() if isinstance(value, dict) else value))
    return False


def in_order(value: Any, findings: list[Finding]) -> list[Finding]:
    """Findings sorted by where they stand in the document."""
    order = Order(value)
    return sorted(findings, key=lambda each: order.of(each.path))


class Order:
    """The place of paths among all of a document."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self.numbers: dict[int, dict[str, int]] = {}

    def of(self, path: Path) -> tuple[int, ...]:
        """A sort key: for each step the number of the key or value among its neighbours."""
        place: list[int] = []
        value = self.value
        for step in path:
            if isinstance(value, dict) and step in value:
                numbers = self.numbers.setdefault(id(value), {})
                if not numbers:
                    numbers.update((name, i) for i, name in enumerate(value))
                place.append(numbers[str(step)])
                value = value[step]
            elif isinstance(value, list) and isinstance(step, int) and step < len(value):
                place.append(step)
                value = value[step]
            else:
                break
        return tuple(place)
