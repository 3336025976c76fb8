"""Fixes as edits of the text they are for, which keep its comments and layout.

A finding says in terms of the document how to mend it: "write another value here". What that means
for the text is worked out here, and tried before it is offered: the changed text is read again, and
its value must be the old one with just that edit in it. What fails the trial is no fix.
"""

from __future__ import annotations

import json
from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeVar

from specdl.core.diagnostics import (
    Add,
    Edit,
    Finding,
    Fix,
    Remove,
    Rename,
    Replace,
    TextEdit,
    TextFix,
    value_at,
)
from specdl.spec.rewrite import Rewriter
from specdl.spec.said import said
from specdl.spec.text import Parsed, TextError

if TYPE_CHECKING:
    from specdl.spec.document import Document

Offered = TypeVar("Offered")

MAX_READ = 4_000_000
"""Characters of text that are read again, at most, to try the fixes of one document."""


def text_fix(document: Document, fix: Fix) -> TextFix | None:
    """A fix as edits of a document's text; None where the text cannot be mended so.

    That is so where the place came from `--set`, from another file or through an alias, and
    where a comment would be lost.
    """
    return Mender(document).promise(fix)()


@dataclass
class Promise:
    """A fix that somebody may ask for."""

    fix: Fix
    edits: tuple[TextEdit, ...] = ()
    done: bool = False
    kept: bool = False

    @property
    def result(self) -> TextFix | None:
        return TextFix(self.fix.message, self.edits, self.fix.sure) if self.kept else None


@dataclass
class Mender:
    """Works out the fixes of one document: all of them when the first is asked for.

    Together they take one reading of the text where all are right; those that are not are found
    by halves.
    """

    document: Document
    promises: list[Promise] = field(default_factory=list)
    budget: int = MAX_READ
    text: str = ""
    before: Any = None
    """The value of the text alone, without what `--set` made of it."""

    def promised(self, finding: Finding) -> Callable[[], TextFix | None] | None:
        """What gives the fix of a finding, its own or the one that its help says; None if it has none."""
        fix = finding.fix or said(finding, self.document.value)
        return self.promise(fix) if fix else None

    def promise(self, fix: Fix) -> Callable[[], TextFix | None]:
        """What gives a fix as text, once it is called."""
        made = Promise(fix)
        self.promises.append(made)
        lines = self.document.lines

        def keep() -> TextFix | None:
            if not made.done:
                self.work()
            return lines.placed(made.result) if lines else made.result

        return keep

    def work(self) -> None:
        """Work out every fix that is promised."""
        waiting = [each for each in self.promises if not each.done]
        for each in waiting:
            each.done = True
        if self.document.lines is None or self.document.file is None:
            return
        self.text = self.document.lines.text
        if self.document.settings or self.document.base:
            parsed = self.read(self.text)
            self.before = parsed and parsed.value
        else:
            self.before = self.document.value
        rewriter = Rewriter.of(self.text, self.document.file)
        for each in waiting:
            each.edits = self.edits(rewriter, each.fix)
        while waiting := [each for each in waiting if each.edits]:
            batch = apart(waiting, lambda each: each.edits)
            taken = {id(each) for each in batch}
            waiting = [each for each in waiting if id(each) not in taken]
            self.try_out(batch)

    def edits(self, rewriter: Rewriter, fix: Fix) -> tuple[TextEdit, ...]:
        """What a fix means for the text; nothing where it cannot be had."""
        edits = [added(each, self.before) for each in fix.edits]
        if not edits or not all(self.own(each) for each in edits):
            return ()
        found: list[TextEdit] = []
        for each in edits:
            made = rewriter.edits(each, self.before)
            if made is None:
                return ()
            found += made
        found.sort(key=lambda edit: (edit.start, edit.end))
        overlap = any(a.end > b.start for a, b in pairwise(found))
        return () if overlap else tuple(found)

    def own(self, edit: Edit) -> bool:
        """Whether the text itself says what the document says at the place of an edit."""
        path = (*edit.path, edit.key) if isinstance(edit, Add) else edit.path
        if self.document.setting(path):
            return False
        try:
            mine = value_at(self.before, edit.path)
            meant = value_at(self.document.value, edit.path)
        except (LookupError, TypeError):
            return False
        if isinstance(edit, Add):
            return isinstance(meant, dict) and edit.key not in meant and isinstance(mine, dict)
        return same(mine, meant)

    def try_out(self, batch: Sequence[Promise]) -> None:
        """Keep the fixes of a batch that do to the text's value what they say, and nothing else."""
        todo = [batch]
        while todo:
            part = todo.pop()
            if self.right(part):
                for each in part:
                    each.kept = True
            elif len(part) > 1:
                half = len(part) // 2
                todo += [part[half:], part[:half]]

    def right(self, part: Sequence[Promise]) -> bool:
        """Whether the text with the edits of some fixes reads as its value with their changes."""
        after = self.read(applied(self.text, [edit for each in part for edit in each.edits]))
        if after is None:
            return False
        try:
            wanted = changed(
                self.before, [added(edit, self.before) for each in part for edit in each.fix.edits]
            )
        except (LookupError, TypeError):
            return False
        return same(after.value, wanted)

    def read(self, text: str) -> Parsed | None:
        """The value of a text; None if it has faults or there has been enough reading."""
        from specdl.spec.document import parse

        if self.budget < 0:
            return None
        self.budget -= len(text)
        assert self.document.file is not None
        try:
            return parse(text, self.document.file)
        except TextError:
            return None


def apart(offered: Iterable[Offered], edits_of: Callable[[Offered], Iterable[TextEdit]]) -> list[Offered]:
    """Of what is offered that none of whose edits touch those of another: of those that do, the first."""
    kept: list[Offered] = []
    taken: list[tuple[int, int]] = []
    for each in offered:
        edits = tuple(edits_of(each))
        if all(free(taken, edit) for edit in edits):
            kept.append(each)
            for edit in edits:
                insort(taken, (edit.start, edit.end))
    return kept


def free(taken: Sequence[tuple[int, int]], edit: TextEdit) -> bool:
    """Whether an edit neither overlaps nor touches any of some spans, which are sorted and apart."""
    number = bisect_left(taken, (edit.start, edit.end))
    before, after = taken[max(number - 1, 0) : number], taken[number : number + 1]
    return all(end < edit.start for _, end in before) and all(edit.end < start for start, _ in after)


def applied(text: str, edits: Iterable[TextEdit]) -> str:
    """A text with edits in it that do not overlap."""
    parts, at = list[str](), 0
    for edit in sorted(edits, key=lambda each: (each.start, each.end)):
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def added(edit: Edit, value: Any) -> Edit:
    """An edit that writes a value where there is none, as one that adds a key with it."""
    if not isinstance(edit, Replace):
        return edit
    path, meant = edit.path, edit.value
    while path and isinstance(key := path[-1], str):
        try:
            above = value_at(value, path[:-1])
        except (LookupError, TypeError):
            path, meant = path[:-1], {key: meant}
            continue
        absent = isinstance(above, dict) and key not in above
        return Add(path[:-1], key, meant) if absent else edit
    return edit


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal in every type too: 1 is not 1.0, nor is it true."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


def changed(value: Any, edits: Iterable[Edit]) -> Any:
    """A copy of a value with edits in it, all of whose paths are those of the value as it was.

    Raises `LookupError` or `TypeError` where a path leads nowhere or a new key is there already.
    """
    root = {"": json.loads(json.dumps(value))}
    todo: list[tuple[Any, Any, Edit]] = []
    for edit in edits:
        steps = ("", *edit.path)
        parent = value_at(root, steps[:-1])
        value_at(parent, steps[-1:])
        todo.append((parent, steps[-1], edit))
    # The last values of a list go first, so that the numbers of the others stay what they were.
    todo.sort(key=lambda each: each[1] if isinstance(each[1], int) else 0, reverse=True)
    for parent, step, edit in sorted(todo, key=lambda each: ORDER[type(each[2])]):
        if isinstance(edit, Replace):
            parent[step] = edit.value
        elif isinstance(edit, Add):
            put(parent[step], edit.key, edit.value)
        elif isinstance(edit, Rename):
            put(parent, edit.key, parent.pop(step))
        else:
            del parent[step]
    return root[""]


ORDER: dict[type[Edit], int] = {Replace: 0, Add: 1, Rename: 2, Remove: 3}


def put(mapping: Any, key: str, value: Any) -> None:
    """A new key in a mapping."""
    if key in mapping:
        raise LookupError(key)
    mapping[key] = value
