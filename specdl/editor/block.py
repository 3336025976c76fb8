"""YAML by its indentation, read with tolerance: a line that says nothing yet ends nothing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from specdl.core.diagnostics import Path
from specdl.editor.draft import MARK, Draft, Token
from specdl.editor.flow import Flow
from specdl.spec.text import MAX_DEPTH

QUOTED = r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\n]|'')*'"
KEY = re.compile(
    rf"(?P<quoted>{QUOTED})[ \t]*:(?=\s|$)"
    r"|(?P<plain>(?:[^\s\-?:,\[\]{}#&*!|>'\"%@`]|[-?:](?=\S))(?:[^\n#:]|:(?=\S)|(?<=\S)\#)*?):(?=\s|$)"
)
PLAIN = re.compile(r"(?:[^\n#]|(?<=[^\s])#)*")
PROPERTY = re.compile(r"(?:[&!]\S*[ \t]+)+")
SKIPPED = re.compile(r"(?:[ \t\r\n]|(?<![^\s])#[^\n]*|(?:(?<=\n)|(?<![\s\S]))(?:---(?=\s|$)|%[^\n]*))*")
SPACES = re.compile(r"[ \t\r]*")
HEADER = re.compile(r"[|>][-+0-9]*[ \t]*(?:#[^\n]*)?\r?\n")


@dataclass
class Block:
    """Reads the text of a draft by lines."""

    draft: Draft

    def document(self) -> Any:
        """The value of the whole text."""
        draft = self.draft
        if self.advance() < 0:
            return None
        value = self.node((), -1)
        while self.advance() >= 0:  # what is left belongs to nothing
            self.skip_line()
        if isinstance(value, str) and draft.cursor and draft.cursor.path == ():
            return None
        return value

    def advance(self) -> int:
        """Go to the next token; its column, or -1 at the end."""
        draft = self.draft
        skipped = SKIPPED.match(draft.text, draft.at)
        draft.at = skipped.end() if skipped else draft.at
        return draft.column(draft.at) if draft.at < len(draft.text) else -1

    def skip_line(self) -> None:
        """Go to the end of the line."""
        self.draft.at = self.draft.line_end(self.draft.at)

    def spaces(self) -> bool:
        """Go to what the line goes on with; False if nothing follows but a comment."""
        draft = self.draft
        blank = SPACES.match(draft.text, draft.at)
        draft.at = blank.end() if blank else draft.at
        return draft.peek() not in ("", "\n", "#")

    def dash(self) -> bool:
        """Whether a list's next value begins here."""
        draft = self.draft
        return draft.peek() == "-" and draft.text[draft.at + 1 : draft.at + 2] in ("", " ", "\t", "\n", "\r")

    def properties(self) -> None:
        """Skip an anchor or a tag."""
        found = PROPERTY.match(self.draft.text, self.draft.at)
        self.draft.at = found.end() if found else self.draft.at

    def node(self, path: Path, floor: int) -> Any:
        """The value that begins here; `floor` is the column of what it stands in."""
        draft = self.draft
        if len(path) >= MAX_DEPTH:
            self.skip_line()
            return None
        self.properties()
        column = draft.column(draft.at)
        if self.dash():
            return self.sequence(path, column)
        if KEY.match(draft.text, draft.at) or self.lone(column):
            return self.mapping(path, column)
        return self.inline(path, floor)

    def lone(self, column: int) -> bool:
        """Whether the line is a key that is being typed: the next line is a key at the same column."""
        draft, start = self.draft, self.draft.at
        if draft.peek() in ("{", "[", '"', "'", "|", ">", "*"):
            return False
        draft.at = draft.line_end(start)
        found = self.advance() == column and KEY.match(draft.text, draft.at) is not None
        draft.at = start
        return found

    def mapping(self, path: Path, column: int) -> dict[str, Any]:
        """Lines of keys that stand at a column, or right of it."""
        self.draft.values[path] = (self.draft.at, self.draft.at + 1)
        result: dict[str, Any] = {}
        while self.advance() >= column:
            if self.dash():
                self.skip_line()
                continue
            token, colon = self.key()
            self.draft.key(path, token, "block", colon)
            if colon:
                result.setdefault(token.text, self.after((*path, token.text), column))
        return result

    def key(self) -> tuple[Token, bool]:
        """A key, and whether its colon is there; the reading goes on behind both."""
        draft, start = self.draft, self.draft.at
        found = KEY.match(draft.text, start)
        if found is None:
            return self.plain(), False
        if found["quoted"] is not None:
            token = draft.quoted()
        else:
            token = draft.word(start, start + len(found["plain"].rstrip()))
        draft.at = found.end()
        return token, True

    def plain(self) -> Token:
        """The words up to the end of the line."""
        draft, start = self.draft, self.draft.at
        found = PLAIN.match(draft.text, start)
        end = found.end() if found else start
        token = draft.word(start, start + len(draft.text[start:end].rstrip()))
        draft.at = max(end, start + 1)
        return token

    def after(self, path: Path, column: int) -> Any:
        """The value behind a key's colon: on its line, or further in on the next."""
        if self.spaces():
            self.properties()
            if self.draft.peek() not in ("", "\n", "#"):
                return self.inline(path, column)
        following = self.advance()
        if following > column or (following == column and self.dash()):
            return self.node(path, column)
        return None

    def sequence(self, path: Path, column: int) -> list[Any]:
        """Values behind dashes that stand at a column, or right of it."""
        draft = self.draft
        draft.values[path] = (draft.at, draft.at + 1)
        result: list[Any] = []
        while (here := self.advance()) >= column:
            item = (*path, len(result))
            if not self.dash():
                if here == column and draft.text[draft.at : draft.line_end(draft.at)].strip() == MARK:
                    draft.scalar(item, self.plain(), "block", dash=True)
                    continue
                break
            draft.at += 1
            if self.spaces():
                value = self.node(item, column)
            else:
                value = self.node(item, column) if self.advance() > column else None
            cursor = draft.cursor
            if not (cursor and cursor.path == item and not cursor.at_key and not cursor.token.text):
                result.append(value)
        return result

    def inline(self, path: Path, floor: int) -> Any:
        """A value that begins on this line: between brackets or quotes, in words, or a text of lines."""
        draft = self.draft
        if draft.peek() in ("{", "["):
            return Flow(draft, floor).value(path)
        if draft.peek() in ('"', "'"):
            return draft.scalar(path, draft.quoted(), "block")
        header = HEADER.match(draft.text, draft.at)
        if header:
            return self.literal(path, header.end(), floor)
        token = self.plain()
        said = draft.scalar(path, token, "block")
        if token.text.startswith("*"):
            return None
        return self.continued(said, floor) if isinstance(said, str) and token.before is None else said

    def literal(self, path: Path, start: int, floor: int) -> str:
        """The lines of a text behind `|` or `>`."""
        draft = self.draft
        draft.values[path] = (draft.at, draft.at + 1)
        lines: list[str] = []
        at = start
        while at < len(draft.text):
            end = draft.line_end(at)
            line = draft.text[at:end]
            if line.strip() and len(line) - len(line.lstrip(" ")) <= floor:
                break
            lines.append(line.strip())
            at = end + 1
        draft.at = min(at, len(draft.text))
        return "\n".join(lines).replace(MARK, "")

    def continued(self, said: str, floor: int) -> str:
        """Words that go on over lines further in."""
        draft = self.draft
        words = [said]
        while self.advance() > max(floor, 0):
            line = draft.text[draft.at : draft.line_end(draft.at)]
            if MARK in line or self.dash() or KEY.match(draft.text, draft.at):
                break
            words.append(self.plain().text)
        return " ".join(words)
