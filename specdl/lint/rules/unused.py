"""What a spec declares and never uses: variables, blocks, parameters of blocks, defaults of layers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from specdl.core.advice import Site, likely
from specdl.core.diagnostics import Finding, Remove
from specdl.lint.subject import Subject
from specdl.spec.expressions import names_in


def unused(subject: Subject) -> Iterator[Finding]:
    """W111 to W114: names that this spec declares, and that nothing in it means.

    What a spec inherits by `extends` may be there for others, and is not told.
    """
    document, value = subject.document, subject.document.value
    if document.spec is not None or not isinstance(value, dict):
        return
    own = [name for name in ("vars", "blocks") if value.get(name) and document.home((name,)) is document]
    if "vars" in own:
        yield from unused_variables(value)
    if "blocks" in own:
        yield from unused_blocks(value)
    if document.home(("model",)) is document:
        yield from unused_defaults(value)


def unused_variables(value: dict[str, Any]) -> Iterator[Finding]:
    """W111: variables that no expression names."""
    used = set(names(value))
    for name in value["vars"]:
        if name not in used:
            message = f"nothing uses the variable `{name}`"
            yield gone("W111", message, ("vars", name), f'"${{{name}}}" stands for it')


def unused_blocks(value: dict[str, Any]) -> Iterator[Finding]:
    """W112 and W113: templates that no layer uses, and parameters that a template's layers do not name."""
    used = {
        each["block"]
        for each in mappings(value)
        if each.get("type") == "block" and isinstance(each.get("block"), str)
    }
    for name, template in value["blocks"].items():
        if name not in used:
            message = f"nothing uses the block `{name}`"
            yield gone("W112", message, ("blocks", name), f'{{"type": "block", "block": "{name}"}}')
            continue
        known = set(names(template["layers"]))
        for param in template.get("params") or ():
            if param not in known:
                message = f"no layer of the block `{name}` uses its parameter `{param}`"
                path = ("blocks", name, "params", param)
                yield Site(path=path).finding(
                    "W113", message, at_key=True, help=f'"${{{param}}}" stands for it'
                )


def unused_defaults(value: dict[str, Any]) -> Iterator[Finding]:
    """W114: defaults for a type that no layer has, in the model or in a block."""
    defaults = value["model"].get("defaults")
    if not defaults:
        return
    places = (value["model"]["layers"], value.get("blocks") or {})
    types = {str(each.get("type")) for place in places for each in mappings(place)}
    for kind in defaults:
        if kind not in types and not any("${" in each for each in types):
            message = f"no layer is of type `{kind}`, so its defaults do nothing"
            path = ("model", "defaults", kind)
            yield Site(path=path).finding(
                "W114", message, at_key=True, fix=likely("take it away", Remove(path))
            )


def gone(code: str, message: str, path: tuple[str | int, ...], help: str) -> Finding:
    """That something can be taken away, or is still to be used."""
    return Site(path=path).finding(
        code, message, at_key=True, help=help, fix=likely("take it away", Remove(path))
    )


def names(value: Any) -> Iterable[str]:
    """The names that expressions use, anywhere in a plain value."""
    todo = [value]
    while todo:
        each = todo.pop()
        if isinstance(each, dict):
            todo.extend(each.values())
        elif isinstance(each, list):
            todo.extend(each)
        elif isinstance(each, str) and "${" in each:
            yield from names_in(each)


def mappings(value: Any) -> Iterable[dict[str, Any]]:
    """Every mapping in a plain value."""
    todo = [value]
    while todo:
        each = todo.pop()
        if isinstance(each, dict):
            yield each
            todo.extend(each.values())
        elif isinstance(each, list):
            todo.extend(each)
