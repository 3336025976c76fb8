"""Where the values in an expression were given: in a `with`, as a default, in `vars`, by `--set`."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from specdl.core.diagnostics import Finding, Note, Path, below, uses
from specdl.spec.expressions import names_in
from specdl.spec.text import Span

WHOLE = re.compile(r"\$\{\s*([^\W\d]\w*)\s*\}")
"""A text that hands on one value as it is."""
SHOWN = 4
"""How many values are named at most that stand in one expression, or in those that they are made of."""
NOT_OF_VALUES = ("E122", "E128")
"""What is told of expressions whatever the values in them are."""


class Where(NamedTuple):
    """A place in a document, and the uses of blocks through which it is met, innermost first."""

    path: Path
    trail: tuple[Path, ...] = ()


class Given(NamedTuple):
    """A name, and where its value was given."""

    name: str
    where: Where
    by_default: bool = False

    @property
    def note(self) -> Note:
        says = f"`{self.name}` is given" + (" by default" if self.by_default else "")
        return Note(says, self.where.path, label=True)


def given(document: Any, finding: Finding) -> list[Given]:
    """The values that the expression is made of which a finding is about, the nearest first."""
    if finding.at_key or finding.code in NOT_OF_VALUES:
        return []
    found: list[Given] = []
    todo = inside(document, Where(finding.path, uses(finding.notes)), finding.within)
    while todo and len(found) < SHOWN:
        each = todo.pop(0)
        if all(each.where != other.where for other in found):
            found.append(each)
            todo += inside(document, each.where)
    return found


def origins(document: Any, found: list[Given]) -> list[Given]:
    """Those of some values that are written out, and not made of others."""
    return [each for each in found if not inside(document, each.where)]


def handed(document: Any, where: Where) -> Path:
    """Where the value at a place was written that templates only hand on; empty if it was made in one."""
    seen: list[Path] = []
    found = whole(document, where)
    while found is not None and found.where.path not in seen:
        seen.append(found.where.path)
        found = whole(document, found.where)
    return seen[-1] if seen else ()


def whole(document: Any, where: Where) -> Given | None:
    """The value that stands at a place alone, by its name."""
    text = below(document, where.path)
    match = WHOLE.fullmatch(text) if isinstance(text, str) else None
    return meaning(document, match[1], where) if match else None


def inside(document: Any, where: Where, within: Span | None = None) -> list[Given]:
    """The values that the expressions at a place are made of; `within` is a part of the text there."""
    text = below(document, where.path)
    if not isinstance(text, str) or "${" not in text:
        return []
    names = names_in(text)
    if within:
        part = text[slice(*within)]
        names = {name for name in names if re.search(rf"(?<!\w){name}(?!\w)", part)}
    found = (meaning(document, name, where) for name in sorted(names, key=text.find))
    return [each for each in found if each]


def meaning(document: Any, name: str, where: Where) -> Given | None:
    """Where the value of a name was given that stands at a place."""
    if where.path[:1] == ("blocks",) and where.path[2:3] == ("layers",):
        template: Path = where.path[:2]
        params = below(document, (*template, "params"))
        if isinstance(params, dict) and name in params:
            return parameter(document, name, template, where.trail)
    path: Path = ("vars", name)
    return Given(name, Where(path)) if below(document, path) is not None else None


def parameter(document: Any, name: str, template: Path, trail: tuple[Path, ...]) -> Given | None:
    """Where a template's parameter has its value: at the use, or by default."""
    at_use: Path = (*trail[0], "with", name) if trail else ()
    if at_use and below(document, at_use) is not None:
        return Given(name, Where(at_use, trail[1:]))
    default: Path = (*template, "params", name, "default")
    return Given(name, Where(default), by_default=True) if below(document, default) is not None else None
