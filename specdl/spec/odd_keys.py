"""Keys that are not what they look like: what is said of them, and what they were meant to be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from specdl.core.diagnostics import TextEdit, TextFix
from specdl.core.lookalikes import Stranger, ordinal, skeleton, strangers
from specdl.spec.text import MAX_FINDINGS, Fault, Span, show_key

SHOWN = 4
"""How many strangers of a key are told."""
MAX_FIXES = 20
"""A fix looks through all of the text; keys past these have none until the first are mended."""

OddKey = tuple[str, Span, Mapping[str, Any]]
"""A key that is not of visible ASCII alone, its span, and the mapping it stands in."""


def judge(text: str, keys: Iterable[OddKey]) -> list[Fault]:
    """E008 for every key with a character that is a stranger in it, or that looks like its neighbour."""
    found: list[Fault] = []
    fixed: set[str] = set()
    looks: dict[int, Mapping[str, list[str]]] = {}
    for key, span, mapping in keys:
        odd = strangers(key)
        if odd:
            fix = None
            if key not in fixed and len(fixed) < MAX_FIXES:
                fix = mended(text, key, span, odd, mapping)
                fixed.add(key)
            found.append(strange(text, key, span, odd, fix))
        elif not key.isascii():
            if id(mapping) not in looks:
                looks[id(mapping)] = same_looks(mapping)
            found += twin(key, span, looks[id(mapping)])
        if len(found) >= MAX_FINDINGS:
            break
    return found


def strange(text: str, key: str, span: Span, odd: list[Stranger], fix: TextFix | None) -> Fault:
    """That characters of a key are not what they look like."""
    first, meant = odd[0], repaired(key, odd)
    notes: list[tuple[str, Span | None]] = [
        (f"so is {each.told}", place(text, key, span, each)) for each in odd[1:SHOWN]
    ]
    if len(odd) > SHOWN:
        notes.append((f"and {len(odd) - SHOWN} more", None))
    help = fix.message if fix else f"write `{show_key(meant)}`" if meant else None
    return Fault("E008", said(key, odd), place(text, key, span, first), help, tuple(notes), fix)


def said(key: str, odd: list[Stranger]) -> str:
    """What a message says of a key and its first stranger."""
    first, shown = odd[0], show_key(key)
    nth = ordinal(first.index + 1)
    if first.plain.strip():
        meant = show_key(repaired(key, odd))
        return f"`{shown}` looks like `{meant}`, but its {nth} character is {first.told}"
    return f"the key `{shown}` holds a character that nobody sees: its {nth} is a {first.told}"


def place(text: str, key: str, span: Span, stranger: Stranger) -> Span:
    """Where a character of a key stands; all of the key where it is written with escapes."""
    begin = text.find(key, *span)
    return (begin + stranger.index, begin + stranger.index + 1) if begin >= 0 else span


def repaired(key: str, odd: Iterable[Stranger]) -> str:
    """The key with what its strangers look like, without quotes and blanks around it."""
    chars = list(key)
    for each in odd:
        chars[each.index] = each.plain
    return "".join(chars).strip(" \"'")


def mended(
    text: str, key: str, span: Span, odd: list[Stranger], mapping: Mapping[str, Any]
) -> TextFix | None:
    """The key as it looks, wherever it stands in the text: what refers to it means it still.

    Sure where the outcome is a name.
    """
    meant = repaired(key, odd)
    if not meant or meant in mapping:
        return None
    if text.find(key, *span) < 0:  # written with escapes
        return TextFix(
            f"write `{show_key(meant)}`", (TextEdit(*span, json.dumps(meant, ensure_ascii=False)),)
        )
    if text[span[0]] not in "\"'" and key != key.lstrip():
        return indented(text, key, span)
    places = occurrences(text, key)
    edits = tuple(TextEdit(*each, meant) for each in places)
    return TextFix(f"write `{show_key(meant)}`", edits, sure=meant.isidentifier())


def occurrences(text: str, word: str) -> list[Span]:
    """Where a word stands in a text, by itself and not within another."""
    found: list[Span] = []
    at = text.find(word)
    while at >= 0:
        end = at + len(word)
        inside = text[at - 1 : at].isalnum() and word[0].isalnum()
        if not inside and not (text[end : end + 1].isalnum() and word[-1].isalnum()):
            found.append((at, end))
        at = text.find(word, end)
    return found


def indented(text: str, key: str, span: Span) -> TextFix:
    """Blanks in place of those that YAML takes for letters, at the beginning of a line."""
    strange = len(key) - len(key.lstrip())
    return TextFix("indent with blanks", (TextEdit(span[0], span[0] + strange, " " * strange),))


def same_looks(mapping: Mapping[str, Any]) -> Mapping[str, list[str]]:
    """The keys of a mapping by what they look like."""
    found: dict[str, list[str]] = {}
    for key in mapping:
        found.setdefault(skeleton(key), []).append(key)
    return found


def twin(key: str, span: Span, looks: Mapping[str, list[str]]) -> list[Fault]:
    """That a key looks like another of its mapping, though each alone could be meant: told once for two."""
    first, *rest = looks.get(skeleton(key), [key])  # reading may have stopped before the key's value
    if not rest or (key == first and not rest[0].isascii()):
        return []
    other = rest[0] if key == first else first
    message = f"the keys `{show_key(other)}` and `{show_key(key)}` of one mapping look the same"
    odd = next(char for char in key if not char.isascii())
    return [
        Fault("E008", message, span, f"give one of the two another name: `{odd}` is U+{ord(odd):04X} here")
    ]
