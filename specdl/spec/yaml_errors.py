"""What PyYAML's complaints mean to someone who writes a spec."""

from __future__ import annotations

import yaml

from specdl.spec.text import Fault, Span

RESERVED = "@`%"


def explain(error: yaml.MarkedYAMLError, text: str) -> Fault:
    """A fault of syntax in the user's words, the same for libyaml and PyYAML's own parser."""
    at = min(error.problem_mark.index, len(text)) if error.problem_mark else 0
    begin = error.context_mark.index if error.context_mark else at
    problem, context = str(error.problem or ""), str(error.context or "")
    for test in (unfinished, forbidden, misplaced):
        fault = test(problem, context, at, begin, text)
        if fault:
            return fault
    return Fault("E003", "this is not YAML: something else is expected here", one(at, text))


def one(at: int, text: str) -> Span:
    """The token at an offset; at the end of the text its last character."""
    if at >= len(text):
        at = max(0, len(text.rstrip()) - 1)
    end = at
    while end < len(text) and text[end] not in " \t\r\n,:[]{}":
        end += 1
    return at, max(end, at + 1)


def unfinished(problem: str, context: str, at: int, begin: int, text: str) -> Fault | None:
    """A list, mapping or quote that does not end."""
    if "flow sequence" in context or "flow mapping" in context:
        opening, closing = ("[", "]") if "sequence" in context else ("{", "}")
        if at > 0 and text[at - 1 : at + 1] == "${":
            return expression(at - 1, text)
        if not text[at:].strip():
            help = f"write `{closing}` where it should end"
            return Fault("E003", f"`{opening}` is never closed", (begin, begin + 1), help)
        note = (f"`{opening}` opens", (begin, begin + 1))
        message = f"expected a comma or `{closing}` here"
        return Fault("E003", message, one(at, text), notes=(note,))
    if "end of stream" in problem and "quoted scalar" in context:
        end = text.find("\n", begin)
        span = (begin, end if end > 0 else len(text))
        return Fault("E003", "the text that begins here has no closing quote", span)
    if "document separator" in problem:
        return Fault("E003", "the text that begins here has no closing quote", (begin, begin + 1))
    return None


def forbidden(problem: str, context: str, at: int, begin: int, text: str) -> Fault | None:
    """Characters that cannot stand where they do."""
    char = text[at : at + 1]
    if "cannot start any token" in problem:
        if char == "\t":
            return Fault("E003", "a tab stands where YAML wants blanks", (at, at + 1), "indent with blanks")
        return Fault("E003", f"text that begins with `{char}` must stand in quotes", one(at, text))
    if "escape" in problem:
        back = text.rfind("\\", 0, at + 1)
        help = "write `\\\\` for a backslash, or use single quotes"
        return Fault("E003", "the backslash begins nothing that YAML knows", (back, back + 2), help)
    if "expected node content" in problem or "expected the node content" in problem:
        shown = f", found `{char}`" if char.strip() else ""
        return Fault("E003", f"expected a value{shown}", one(at, text))
    if "alias" in context or "anchor" in context:
        return Fault("E003", "a name is missing after `*` or `&`", one(begin, text))
    return None


def misplaced(problem: str, context: str, at: int, begin: int, text: str) -> Fault | None:
    """Lines whose indentation or kind does not fit what is around them."""
    if "mapping values are not allowed" in problem:
        message = "a colon cannot stand here: this is part of a text already, or is indented wrongly"
        return Fault("E003", message, (at, at + 1), "put the text in quotes, or mend the indentation")
    if "block mapping" in context or "block collection" in context or "block sequence" in context:
        kind = "mapping" if "mapping" in context else "list"
        note = (f"the {kind} begins", (begin, begin + 1))
        wanted = "a key" if kind == "mapping" else "`- `"
        return Fault("E003", f"expected {wanted} of the {kind} here", one(at, text), notes=(note,))
    if "could not find expected ':'" in problem:
        return Fault("E003", "a colon is missing after this key", one(begin, text))
    if "document start" in problem:
        return Fault("E007", "a file holds one spec; here a second begins", one(at, text))
    return None


def expression(at: int, text: str) -> Fault:
    """An expression without quotes in a flow list or mapping, where braces mean something else."""
    end = text.find("}", at) + 1
    whole = text[at:end] if 0 < end <= at + 60 else ""
    message = "inside `[...]` or `{...}` an expression must stand in quotes"
    return Fault("E003", message, (at, end or at + 2), f'write "{whole}"' if whole else None)
