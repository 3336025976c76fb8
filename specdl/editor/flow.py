"""JSON, and YAML between brackets, read with tolerance: commas, quotes and brackets may be missing."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from specdl.core.diagnostics import Path
from specdl.editor.draft import Draft, Style, Token
from specdl.spec.text import MAX_DEPTH

BLANK = re.compile(r"(?:[ \t\r\n]|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
YAML_BLANK = re.compile(r"[ \t\r]*(?:(?<!\S)#[^\n]*)?")
JSON_WORD = re.compile(r"[^\s,:\[\]{}\"']+")
YAML_WORD = re.compile(r"\$\{[^}\n]*\}?|(?:[^\s,:\[\]{}]|:(?=[^\s,\[\]{}])|[ \t]+(?=[^\s,:\[\]{}#]))+")
PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*[ \t]*")
CLOSES = {"}": "{", "]": "["}


@dataclass
class Flow:
    """Reads one value that begins with a bracket.

    `floor` is the column that lines of a YAML value stand right of: one that does not ends the
    value, whether or not its bracket is closed. What is missing is taken as meant: a bracket of an
    outer list or mapping closes the inner ones too.
    """

    draft: Draft
    floor: int = -1
    open: list[str] = field(default_factory=list)
    ended: bool = False

    @property
    def style(self) -> Style:
        return "flow" if self.draft.yaml else "json"

    def skip(self) -> None:
        """Go to the next token."""
        draft = self.draft
        if not draft.yaml:
            blank = BLANK.match(draft.text, draft.at)
            draft.at = blank.end() if blank else draft.at
            return
        while True:
            blank = YAML_BLANK.match(draft.text, draft.at)
            draft.at = blank.end() if blank else draft.at
            if draft.peek() != "\n" or self.leaves():
                return
            draft.at += 1

    def leaves(self) -> bool:
        """Whether the next line that says something is no part of this value."""
        draft, at = self.draft, self.draft.at
        while at < len(draft.text):
            end = draft.line_end(at + 1)
            line = draft.text[at + 1 : end]
            said = line.lstrip()
            if said and not said.startswith("#"):
                self.ended = len(line) - len(said) <= self.floor and said[0] not in "]}"
                return self.ended
            at = end
        return False

    def peek(self) -> str:
        """The next character, or nothing at the end of this value."""
        return "" if self.ended else self.draft.peek()

    def value(self, path: Path) -> Any:
        """The value here; None where it is missing."""
        draft, colon = self.draft, self.draft.at
        self.skip()
        if draft.yaml:
            found = PROPERTY.match(draft.text, draft.at)
            draft.at = found.end() if found and not self.ended else draft.at
        char = self.peek()
        if char in ("", "}", "]", ",", ":"):
            return None
        if char in "{[":
            if len(path) >= MAX_DEPTH:
                draft.at = len(draft.text)
                return None
            draft.values[path] = (draft.at, draft.at + 1)
            return self.mapping(path) if char == "{" else self.sequence(path)
        token = self.token()
        if self.is_key() and "\n" in draft.text[colon : token.start]:
            draft.at = token.start  # the value is missing, and this is the next line's key
            return None
        said = draft.scalar(path, token, self.style)
        return None if draft.yaml and not token.quote and token.text.startswith("*") else said

    def token(self) -> Token:
        """The word or quoted text here, at least one character of it."""
        draft = self.draft
        if draft.peek() in ('"', "'"):
            return draft.quoted()
        word = (YAML_WORD if draft.yaml else JSON_WORD).match(draft.text, draft.at)
        return draft.word(draft.at, word.end() if word and word[0] else draft.at + 1)

    def is_key(self) -> bool:
        """Whether a colon comes next; stays where it is."""
        at, ended = self.draft.at, self.ended
        self.skip()
        found = self.peek() == ":"
        self.draft.at, self.ended = at, ended
        return found

    def more(self, closing: str) -> bool:
        """Go to the next entry; at the end of the collection past its bracket, if it is there."""
        draft = self.draft
        while True:
            self.skip()
            char = self.peek()
            if char == closing:
                draft.at += 1
                return False
            if not char or (char in CLOSES and CLOSES[char] in self.open[:-1]):
                return False
            if closing == "}" and char in "{[":
                if "[" in self.open[:-1]:
                    return False  # the mapping before this one was never closed
            elif char not in ",:}]":
                return True
            draft.at += 1

    def mapping(self, path: Path) -> dict[str, Any]:
        """The entries up to the closing brace."""
        self.draft.at += 1
        self.open.append("{")
        result: dict[str, Any] = {}
        while self.more("}"):
            token = self.token()
            colon = self.is_key()
            self.draft.key(path, token, self.style, colon)
            if colon:
                self.skip()
                self.draft.at += 1
                result.setdefault(token.text, self.value((*path, token.text)))
        self.open.pop()
        return result

    def sequence(self, path: Path) -> list[Any]:
        """The values up to the closing bracket."""
        self.draft.at += 1
        self.open.append("[")
        result: list[Any] = []
        while self.more("]"):
            here, start = (*path, len(result)), self.draft.at
            if self.peek() in ("{", "["):
                result.append(self.value(here))
                continue
            token = self.token()
            if self.is_key() and "{" in self.open:
                self.draft.at = start  # the list was never closed: this is the next key of what it is in
                break
            said = self.draft.scalar(here, token, self.style)
            if token.text or token.quote:
                result.append(said)
        self.open.pop()
        return result
