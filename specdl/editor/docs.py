"""What there is to say of types and keys, as Markdown."""

from __future__ import annotations

import inspect
import json
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from specdl.core.entry import Entry
from specdl.editor.slots import parameters
from specdl.spec.fields import CATALOGS, NOUNS, Key, expected, keys, members, unwrap
from specdl.spec.resolved import default_text, plain

OVERVIEW = {
    "layers": "A layer, which computes.",
    "vars": "Names for values: `${name * 2}` is arithmetic on them.",
    "blocks": "Templates of layers, used by `type: block`.",
}
"""What is said of keys that have no description of their own."""


def paragraph(cls: type[Entry]) -> str:
    """What a class is: the first paragraph of its docstring."""
    return " ".join((inspect.getdoc(cls) or "").split("\n\n")[0].split())


def markdown(cls: type[Entry]) -> str:
    """A class's docstring, its indented formulas as code."""
    lines = (inspect.getdoc(cls) or "").splitlines()
    return "\n".join(line.removesuffix(":") if line.endswith("::") else line for line in lines)


def of_type(category: str, tag: str) -> str | None:
    """The page of a type: what it is, and its options."""
    cls = CATALOGS[category].get(tag)
    if cls is None:
        return None
    parts = [f"**{tag}**: {NOUNS[category]}", markdown(cls)]
    options = [option(key) for key in keys(cls).values()]
    if options:
        parts.append("\n".join(f"- {each}" for each in options))
    owned = ", ".join(f"`{each}`" for each in parameters(cls))
    if owned:
        parts.append(f"Parameters: {owned}.")
    return "\n\n".join(parts)


def option(key: Key) -> str:
    """A key in one line: what it takes, its default, what it does."""
    said = key.info.description or ""
    return f"`{key.name}`: {expected(key.type)}; {shown_default(key.info)}. {said}".strip()


def of_key(key: Key, owner: type[Entry] | None) -> str:
    """All there is to say of a key: what it does, what it takes, its default, whose it is."""
    tag = owner.model_fields["type"].default if owner and "type" in owner.model_fields else None
    said = key.info.description or OVERVIEW.get(key.name, "")
    whose = f"Option of `{tag}`." if isinstance(tag, str) else ""
    head = f"**{key.name}**: {expected(key.type)}; {shown_default(key.info)}"
    examples = ", ".join(
        f"`{json.dumps(plain(each), ensure_ascii=False)}`" for each in key.info.examples or ()
    )
    example = f"For example {examples}." if examples else ""
    return "\n\n".join(part for part in (head, said, example, whose) if part)


def shown_default(info: FieldInfo) -> str:
    """A default in words."""
    value = default_text(info)
    if value is None:
        return "required" if info.is_required() else "none by default"
    return f"`{value}` by default"


def choices(annotation: Any) -> list[Any]:
    """The values that a type lists: those of a `Literal`, and true and false."""
    found: list[Any] = []
    for each in members(unwrap(annotation)[0]):
        bare, _ = unwrap(each)
        if get_origin(bare) is Literal:
            found += get_args(bare)
        elif bare is bool:
            found += [True, False]
    return found
