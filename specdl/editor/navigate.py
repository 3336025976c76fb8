"""From names to what they mean, from there to all who name it, and new names for both."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path as FilePath

from specdl.core.diagnostics import Path, TextEdit, below
from specdl.core.names import is_word
from specdl.editor.outline import Outline
from specdl.editor.slots import is_layer, place
from specdl.editor.view import Token, View
from specdl.graph.names import READ
from specdl.spec.document import Document
from specdl.spec.expressions import NAME, RESERVED
from specdl.spec.text import Lines, Span

START: Span = (0, 0)


@dataclass(frozen=True)
class Goal:
    """A piece of text in a file; `lines` are those of its text, None for a file that was not read."""

    file: str
    span: Span
    lines: Lines | None = None


@dataclass(frozen=True)
class Renaming:
    """New text for a name everywhere; `refused` says why not, then there are no edits."""

    edits: tuple[TextEdit, ...] = ()
    refused: str | None = None


def target(view: View, offset: int) -> Path | None:
    """The path of what the text at an offset names or declares: a layer, an input, a block, a variable."""
    use = view.use(offset)
    if use is not None:
        return use.target
    token = view.at(offset)
    return declared(view, token) if token else None


def declared(view: View, token: Token) -> Path | None:
    """What a token gives a name to: itself, where it is the key of one, or the layer it is in."""
    path = token.path
    if token.at_key:
        named = path[0] == "vars" and len(path) == 2
        named = named or (
            path[0] == "blocks" and (len(path) == 2 or (len(path) == 4 and path[2] == "params"))
        )
        return path if named or path[:-1] == ("model", "inputs") or path == ("model", "input") else None
    layer = path[:-1] if path[-1:] in (("name",), ("type",)) else path
    found = place(view.spec, layer)
    return layer if found and is_layer(found.kind) else None


def definition(view: View, offset: int) -> list[Goal]:
    """Where what the text at an offset names is declared."""
    token = view.at(offset)
    if token is not None and token.path == ("extends",):
        return list(extended(view.document, token))
    found = target(view, offset)
    return [goal] if found and (goal := goal_of(view.outline, found)) else []


def extended(document: Document, token: Token) -> Iterator[Goal]:
    """The beginning of the file that a document extends."""
    if document.lines is None or token.at_key:
        return
    name = document.lines.text[token.span[0] : token.span[1]].strip("\"'")
    file = document.folder / FilePath(name)
    if file.is_file():
        yield Goal(str(file), START)


def goal_of(outline: Outline, found: Path) -> Goal | None:
    """The text that declares something, in this file or in the one it extends."""
    document = outline.document.home(found)
    for path in ((*found, "name"), (*found, "type")) if found[:-1] in outline.found else ():
        if path in document.values:
            return Goal(str(document.file), document.values[path], document.lines)
    span = document.keys.get(found) or document.values.get(found)
    return Goal(str(document.file), span, document.lines) if span else None


def references(view: View, offset: int, declaration: bool = True) -> list[Goal]:
    """All who read what the text at an offset names; for a layer also the next, which need not name it."""
    found = target(view, offset)
    if found is None:
        return []
    file, lines = str(view.document.file), view.document.lines
    goals = [Goal(file, use.span, lines) for use in view.outline.uses if use.target == found]
    goals += [goal for path in silent_readers(view.outline, found) if (goal := goal_of(view.outline, path))]
    home = goal_of(view.outline, found)
    if declaration and home is not None:
        goals.append(home)
    unique = {(goal.file, goal.span): goal for goal in goals}
    return sorted(unique.values(), key=lambda goal: (goal.file, goal.span))


def silent_readers(outline: Outline, found: Path) -> Iterator[Path]:
    """The layers that read another without naming it: the next one, and the first reads the input."""
    if found[:1] == ("model",) and found[1:2] != ("layers",):
        group, following = outline.found.get(("model", "layers")), 0
    else:
        group = outline.found.get(found[:-1])
        following = int(found[-1]) + 1 if group else 0
    if group and following < len(group.raw):
        raw = group.raw[following]
        if isinstance(raw, dict) and raw.get("inputs") is None:
            yield (*group.path, following)


def renamed(view: View, offset: int) -> tuple[Span, str] | None:
    """The name at an offset that can be changed, and its text; None where there is none."""
    found = target(view, offset)
    token, use = view.at(offset), view.use(offset)
    if found is None or token is None or name_of(view, found) is None:
        return None
    if use is None and not token.at_key and token.path != (*found, "name"):
        return None
    for span, old in spans(view, found):
        if span[0] <= offset <= span[1]:
            return span, old
    return None


def name_of(view: View, found: Path) -> str | None:
    """The name of something that has one of its own in this file's text."""
    document = view.document
    if found[:-1] in view.outline.found:
        name = below(view.spec, (*found, "name"))
        return name if isinstance(name, str) and (*found, "name") in document.values else None
    if found == ("model", "input") or found not in document.keys:
        return None
    return str(found[-1])


def spans(view: View, found: Path) -> Iterator[tuple[Span, str]]:
    """Every place of a name in the text, without quotes."""
    document, name = view.document, name_of(view, found)
    if name is None:
        return
    home = document.values[(*found, "name")] if found[:-1] in view.outline.found else document.keys[found]
    for span in (home, *(use.span for use in view.outline.uses if use.target == found)):
        written = view.text[span[0] : span[1]]
        at = parts_at(written).get(name)
        if at is not None:
            yield (span[0] + at, span[0] + at + len(name)), name


def parts_at(written: str) -> dict[str, int]:
    """The words of a dotted name, quotes aside, by where they begin."""
    found: dict[str, int] = {}
    at = 1 if written[:1] in ("'", '"') else 0
    for part in written.strip("\"'").split("."):
        found.setdefault(part, at)
        at += len(part) + 1
    return found


def rename(view: View, offset: int, name: str) -> Renaming:
    """Another name for what is named at an offset, wherever it is named."""
    found = target(view, offset)
    if found is None or renamed(view, offset) is None:
        return Renaming(refused="there is no name here that can be changed")
    why = refused(view, found, name)
    if why:
        return Renaming(refused=why)
    unique = {span: None for span, _ in spans(view, found)}
    return Renaming(tuple(TextEdit(start, end, name) for start, end in sorted(unique)))


def refused(view: View, found: Path, name: str) -> str | None:
    """Why something cannot be called so."""
    group = view.outline.found.get(found[:-1])
    if group is not None or found[0] == "model":
        taken = {*(group.names if group else ()), *view.outline.inputs()}
        if not is_word(name) or name in READ:
            return f"`{name}` cannot be a name: a name is a word without dots"
    else:
        around = below(view.spec, found[:-1])
        taken = {*(around if isinstance(around, dict) else ())}
        if found[0] != "blocks" or len(found) == 4:
            if not NAME.fullmatch(name) or name in RESERVED:
                return f"`{name}` cannot be a name in expressions"
        elif not is_word(name):
            return f"`{name}` cannot be a name: a name is a word without dots"
    return f"there is a `{name}` already" if name in taken else None
