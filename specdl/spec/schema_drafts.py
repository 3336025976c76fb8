"""A JSON Schema in another draft, and as text for its file."""

from __future__ import annotations

import json
from typing import Any, Literal

Schema = dict[str, Any]
Draft = Literal["2020-12", "07"]
META: dict[Draft, str] = {
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
    "07": "http://json-schema.org/draft-07/schema#",
}
ID: dict[Draft, str] = {"2020-12": "urn:specdl:schema:1", "07": "urn:specdl:schema:1:draft-07"}
"""Names of the schemas. They are no addresses: nobody has to fetch anything."""
ONE = ("items", "additionalProperties", "propertyNames", "contains", "not", "if", "then", "else")
SEVERAL = ("anyOf", "allOf", "oneOf", "prefixItems")
NAMED = ("properties", "$defs")
WIDTH = 110


def in_draft(schema: Schema, draft: Draft) -> Schema:
    """A whole schema of draft 2020-12 in one of the drafts."""
    made = schema if draft == "2020-12" else draft_07(schema)
    return {"$schema": META[draft], "$id": ID[draft], **made}


def draft_07(schema: Any) -> Any:
    """A schema in draft 07: definitions and fixed lists are written otherwise, and `$ref` stands alone."""
    if not isinstance(schema, dict):
        return schema
    made: Schema = {}
    for word, value in schema.items():
        if word in ONE:
            made[word] = draft_07(value)
        elif word in SEVERAL:
            made[word] = [draft_07(each) for each in value]
        elif word in NAMED:
            made[word] = {name: draft_07(each) for name, each in value.items()}
        else:
            made[word] = value
    if "prefixItems" in made:
        made = renamed(made, {"items": "additionalItems", "prefixItems": "items"})
    made = renamed(made, {"$defs": "definitions"})
    if "$ref" not in made:
        return made
    reference = {"$ref": made.pop("$ref").replace("#/$defs/", "#/definitions/")}
    return {"allOf": [reference, *made.pop("allOf", ())], **made} if made else reference


def renamed(schema: Schema, words: dict[str, str]) -> Schema:
    """A schema with other words for some, in its order."""
    return {words.get(word, word): value for word, value in schema.items()}


def laid_out(value: Any, indent: int = 0, before: int = 0) -> str:
    """JSON with what fits on a line on one line, so that a file can be read and compared.

    `before` is how much of the first line is written already, behind the indentation.
    """
    flat = json.dumps(value, ensure_ascii=False)
    if indent + before + len(flat) < WIDTH or not value or not isinstance(value, (dict, list)):
        return flat
    inner = indent + 2
    if isinstance(value, dict):
        named = {f"{json.dumps(name, ensure_ascii=False)}: ": each for name, each in value.items()}
        rows = [f"{key}{laid_out(each, inner, len(key))}" for key, each in named.items()]
    else:
        rows = [laid_out(each, inner) for each in value]
    begin, end = "{}" if isinstance(value, dict) else "[]"
    lines = f",\n{' ' * inner}".join(rows)
    return f"{begin}\n{' ' * inner}{lines}\n{' ' * indent}{end}"
