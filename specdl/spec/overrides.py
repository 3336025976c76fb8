"""`--set optimizer.lr=0.01`: values of a spec replaced before it is judged."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from specdl.core.diagnostics import Diagnostic, Finding, Path, Remark, path_text, visible
from specdl.core.errors import SpecError, UsageError
from specdl.core.record import record
from specdl.spec.text import MAX_DEPTH, TextError

STEP = re.compile(r"(?:^|(?!^)\.)([^.\[\]=]+)|\[(\d{1,6})\]")
SHOWN = 120
INDEX = re.compile(r"\d{1,6}")


@record()
class Setting:
    """One `--set`: its text, the path it names, and the value there.

    `made` is what the setting brought into the document: its path, or the first part of it
    that was not there before.
    """

    text: str
    path: Path
    value: Any
    made: Path

    @property
    def told(self) -> str:
        """The setting as a message names it."""
        return named(self.text)


def named(text: str) -> str:
    """A `--set` as a message names it, cut if it is long."""
    shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
    return f"`--set {visible(shown)}`"


def parse_setting(text: str) -> Setting:
    """A setting from `path=value`; the value is YAML, so that numbers, text and JSON can be given.

    Raises `UsageError` for what is no setting, and `SpecError` for a value that cannot be read.
    """
    name, equals, value = text.partition("=")
    path, at = list[str | int](), 0
    while at < len(name):
        match = STEP.match(name, at)
        if match is None:
            break
        path.append(match[1] if match[1] is not None else int(match[2]))
        at = match.end()
    if not equals or not path or at < len(name) or len(path) > MAX_DEPTH:
        raise UsageError(f"{named(text)} is not of the form optimizer.lr=0.01")
    from specdl.spec import yaml_text

    try:
        return Setting(
            text, tuple(path), yaml_text.parse(value).value if value.strip() else None, tuple(path)
        )
    except TextError as error:
        found = [
            Diagnostic(
                each.code,
                "error",
                each.message,
                path_text(tuple(path)),
                help=each.help,
                notes=(Remark(f"set by {named(text)}"),),
            )
            for each in error.faults
        ]
        raise SpecError(found) from None


def apply(value: Any, setting: Setting) -> tuple[Any, Setting, Finding | None]:
    """A document's value with a setting in it; the setting with its path as it turned out; what is wrong.

    Mappings on the way that are not there are made; an index must be there.
    """
    path: Path = ()
    made: Path | None = None
    copy = root = shallow(value)
    for step, following in zip(setting.path, (*setting.path[1:], None), strict=True):
        key: str | int = step
        if isinstance(copy, list) and isinstance(step, str) and INDEX.fullmatch(step):
            key = int(step)
        problem = refusal(copy, key, path, setting)
        if problem:
            return value, replace(setting, path=(*path, key), made=(*path, key)), problem
        path = (*path, key)
        if isinstance(copy, dict) and key not in copy and made is None:
            made = path
        if following is None:
            copy[key] = setting.value
        else:
            below = copy.get(key) if isinstance(copy, dict) else copy[key]
            copy[key] = {} if below is None else shallow(below)
            copy = copy[key]
    return root, replace(setting, path=path, made=made or path), None


def shallow(value: Any) -> Any:
    """A copy of one level, so that the document before the setting stays as it was."""
    return value.copy() if isinstance(value, (dict, list)) else value


def refusal(container: Any, key: str | int, path: Path, setting: Setting) -> Finding | None:
    """Why a key or an index cannot be set in a container."""
    here = f"`{path_text(path)[2:]}`" if path else "the spec"
    if isinstance(container, list) and isinstance(key, int):
        if key < len(container):
            return None
        count = f"{len(container)} value{'s' if len(container) != 1 else ''}"
        help = f"count from 0: the last is {len(container) - 1}" if container else None
        return Finding("E113", f"{here} has {count}, and so none numbered {key}", (*path, key), help=help)
    if isinstance(container, dict) and isinstance(key, str):
        return None
    if isinstance(container, list):
        return Finding("E113", f"{here} is a list; its values are named by number, not `{key}`", (*path, key))
    kind = (
        "a mapping; its values are named by key"
        if isinstance(container, dict)
        else "neither mapping nor list"
    )
    return Finding(
        "E113",
        f"{here} is {kind}, not by `{key}`"
        if isinstance(container, dict)
        else f"{here} is {kind}, so nothing in it can be set",
        (*path, key),
    )
