"""What PyYAML's complaints mean to someone who writes a spec."""

from __future__ import annotations

import json
import re
from itertools import islice

import yaml

from specdl.core.diagnostics import TextEdit, TextFix
from specdl.core.lookalikes import Stranger
from specdl.spec.text import Fault, Span, cut

TAB_WIDTH = 2
"""Blanks that stand for a tab where a text is indented with tabs."""
MAX_EDITS = 10_000
"""Lines that a fix changes at most."""
AROUND = 20
"""Lines before a fault in which its cause is looked for."""
WORD = re.compile(r"[^ \t\r\n,:\[\]{}]+")
NEAR = 10_000
"""Characters on both sides of a fault in which its cause is looked for, where lines are long."""
TABS = re.compile(r"^ *\t[ \t]*", re.MULTILINE)
BLANKS = "\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000"
NO_WIDTH = "\u200b"
ODD_BLANK = re.compile(rf"(?:^ *|(?<=[:-]) *)(?P<odd>[{BLANKS}][ {BLANKS}]*)", re.MULTILINE)
"""Blanks that YAML takes for letters, where a blank must have been meant."""
GLUED = re.compile(r"^[ ]*(?:- +)?(?P<key>[A-Za-z_][\w-]*):(?=[^\s:/])", re.MULTILINE)
PAIR = re.compile(r"(?P<blanks> *)[\w-]+: +(?![&*|>{\[\"'#])\S[^\n]*\n")
KEY = re.compile(r"(?P<blanks>[ \t]+)[\w-]+:(?=\s)")
AFTER = re.compile(r"\s*[,\]}]")
COMMENT = re.compile(r"(?://|/\*)")
FOREIGN = {"!!str": "write it in quotes", "!!null": "write null"}


def explain(error: yaml.MarkedYAMLError, text: str) -> Fault:
    """A fault of syntax in the user's words, the same for libyaml and PyYAML's own parser."""
    at = min(error.problem_mark.index, len(text)) if error.problem_mark else 0
    begin = error.context_mark.index if error.context_mark else at
    problem, context = str(error.problem or ""), str(error.context or "")
    for test in (blanks, commented, unfinished, forbidden, misplaced):
        fault = test(problem, context, at, begin, text)
        if fault:
            return fault
    return Fault("E003", "this is not YAML: something else is expected here", one(at, text))


def tagged(tag: str, text: str, start: int, end: int) -> Fault:
    """A tag before a value that begins at `end`."""
    while start < end and text[start] != "!":
        start += 1
    word = text[start:].split(None, 1)[0] if start < len(text) else ""
    word = re.split(r"[,\[\]{}]", word, maxsplit=1)[0] if not word.startswith("!<") else word
    stop = start + max(1, len(word))
    help = FOREIGN.get(word, "take the tag away")
    message = "a spec has no tags: a value is what it looks like"
    if word in FOREIGN or "python" in tag or start == stop:
        return Fault("E007", message, (start, stop), help)
    after = stop
    while text[after : after + 1] == " ":
        after += 1
    fix = TextFix(help, (TextEdit(start, after, ""),))
    return Fault("E007", message, (start, stop), help, fix=fix)


def one(at: int, text: str) -> Span:
    """The token at an offset; at the end of the text its last character."""
    if at >= len(text):
        at = max(0, len(text.rstrip()) - 1)
    match = WORD.match(text, at)
    return at, match.end() if match else at + 1


def lines(begin: int, at: int, text: str) -> Span:
    """The lines that a cause may stand on: from the context's, or the one before, to the fault's own."""
    start = text.rfind("\n", 0, min(begin, at)) + 1
    if "\n" not in text[start:at]:
        start = text.rfind("\n", 0, max(0, start - 1)) + 1
    for _ in range(AROUND):
        if text.count("\n", start, at) <= AROUND:
            break
        start = text.find("\n", start) + 1
    end = text.find("\n", at, at + NEAR)
    return max(start, at - NEAR), min(len(text), at + NEAR) if end < 0 else end


def blanks(problem: str, context: str, at: int, begin: int, text: str) -> Fault | None:
    """Tabs and odd blanks where YAML counts blanks, and blanks that are missing."""
    if "flow" in context or "quoted" in context:
        return None
    start, end = lines(begin, at, text)
    if ODD_BLANK.search(text, start, end):
        return odd_blanks(start, end, text)
    if "cannot start any token" in problem and text[at : at + 1] == "\t":
        return tab(at, text)
    if not any(each in problem for each in ("tab character", "mapping values", "expected ':'", "block end")):
        return None
    indented = TABS.search(text, start, end)
    if indented:
        return tab(text.index("\t", indented.start()), text)
    return glued(start, end, text)


def odd_blanks(start: int, end: int, text: str) -> Fault:
    """Blanks that YAML takes for letters; those of no width go, the others become blanks."""
    found = list(ODD_BLANK.finditer(text, start, end))
    edits = tuple(TextEdit(*each.span("odd"), " " * len(each["odd"].replace(NO_WIDTH, ""))) for each in found)
    fix = TextFix("write a blank", edits, sure=True)
    at = found[0].start("odd")
    message = f"a {Stranger(0, text[at], '').told} stands here, which looks like a blank and is none"
    return Fault("E008", message, (at, found[0].end("odd")), fix.message, fix=fix)


def tab(at: int, text: str) -> Fault:
    """A tab in the indentation. Where all of a text's is tabs, each stands for as many blanks."""
    start = text.rfind("\n", 0, at) + 1
    if text[start:at].strip(" \t"):
        fix = TextFix("write a blank", (TextEdit(at, at + 1, " "),), sure=True)
        return Fault("E009", "a tab stands where YAML wants blanks", (at, at + 1), fix.message, fix=fix)
    out = as_above(start, text)
    if out is not None:
        message = "a line is indented with a tab below one that has its value"
        return Fault("E009", message, (at, at + 1), out.message, fix=out)
    found = list(islice(TABS.finditer(text), MAX_EDITS))
    edits = tuple(TextEdit(*each.span(), each[0].replace("\t", " " * TAB_WIDTH)) for each in found)
    pure = not re.search(r"^ +\S", text, re.MULTILINE) and not any(" " in each[0] for each in found)
    sure = pure and len(found) < MAX_EDITS and not re.search(r"[|>][-+0-9]*[ \t]*$", text, re.MULTILINE)
    fix = TextFix("indent with blanks", edits, sure=sure)
    return Fault(
        "E009", "a line is indented with a tab, and YAML counts blanks", (at, at + 1), fix.message, fix=fix
    )


def as_above(start: int, text: str) -> TextFix | None:
    """To indent a key as the one above it, where that has a value and nothing can stand below it."""
    above = PAIR.fullmatch(text, text.rfind("\n", 0, max(0, start - 1)) + 1, start)
    key = KEY.match(text, start)
    if not above or not key:
        return None
    return TextFix("indent it as the line above", (TextEdit(*key.span("blanks"), above["blanks"]),))


def glued(start: int, end: int, text: str) -> Fault | None:
    """A colon with no blank after it, so that key and value are one text."""
    match = GLUED.search(text, start, end)
    if not match:
        return None
    fix = TextFix("write a blank after the colon", (TextEdit(match.end(), match.end(), " "),), sure=True)
    message = f"a blank is missing after the colon of `{cut(match['key'])}`"
    return Fault("E003", message, (match.end() - 1, match.end()), fix.message, fix=fix)


def commented(problem: str, context: str, at: int, begin: int, text: str) -> Fault | None:
    """A comment as C and JavaScript write it."""
    start, end = lines(begin, at, text)
    match = COMMENT.match(text, begin) or re.compile(r"(?m)^[ \t]*(?P<mark>//|/\*)").search(text, start, end)
    if not match:
        return None
    at = match.end() - 2
    stop = text.find("\n", at)
    fix = TextFix("write `#`", (TextEdit(at, at + 2, "#"),), sure=match[0].strip() == "//")
    return Fault(
        "E003", "YAML's comments begin with `#`", (at, len(text) if stop < 0 else stop), fix.message, fix=fix
    )


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
        message = f"text that begins with `{char}` must stand in quotes"
        return Fault("E003", message, one(at, text), fix=quoted(at, text))
    if "tag" in context or "tag" in problem:
        return tagged("", text, begin, begin + 1)
    if "escape" in problem or "hexdecimal" in problem or "hexadecimal" in problem:
        back = text.rfind("\\", 0, at + 1)
        help = "write `\\\\` for a backslash, or use single quotes"
        return Fault("E003", "the backslash begins nothing that YAML knows", (back, back + 2), help)
    if "expected node content" in problem or "expected the node content" in problem:
        shown = f", found `{char}`" if char.strip() else ""
        return Fault("E003", f"expected a value{shown}", one(at, text))
    if "alias" in context or "anchor" in context:
        return Fault("E003", "a name is missing after `*` or `&`", one(begin, text))
    return None


def quoted(at: int, text: str) -> TextFix | None:
    """The rest of a line in quotes, where it has nothing that could mean more."""
    match = re.compile(r"[^\s,\[\]{}#\"\\:]+").match(text, at)
    if not match:
        return None
    return TextFix("put it in quotes", (TextEdit(*match.span(), json.dumps(match[0], ensure_ascii=False)),))


def misplaced(problem: str, context: str, at: int, begin: int, text: str) -> Fault | None:
    """Lines whose indentation or kind does not fit what is around them."""
    line = text.rfind("\n", 0, at) + 1
    if text.startswith("%", line):
        return Fault(
            "E007", "a spec has no directives, as lines with `%` are", one(line, text), "take the line away"
        )
    if "sequence entries are not allowed" in problem:
        help = "begin it on the next line, or write it as `[...]`"
        return Fault("E003", "a list cannot begin here", (at, at + 1), help)
    if text[line:at].rstrip().endswith(("'", '"')) and "block" in context:
        message = "the text goes on after its closing quote"
        return Fault("E003", message, one(at, text), "put all of it in quotes")
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
    alone = text[at - 1 : at] in " [{,:" and AFTER.match(text, end)
    edit = TextEdit(at, end, f'"{whole}"')
    fix = TextFix(f'write "{whole}"', (edit,), sure=True) if whole and alone else None
    return Fault("E003", message, (at, end or at + 2), fix.message if fix else None, fix=fix)
