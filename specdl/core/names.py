"""What a name is: a word of letters, digits and a few signs, in any script."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 128
USUAL = re.compile(r"[\w-]+")
DOTTED = re.compile(r"[\w.-]+")


def is_word(text: str, dots: bool = False) -> bool:
    r"""Whether a text is a name; `dots` says whether it may have dots.

    Marks belong to the letter before them, as vowels of Indic scripts and accents that are
    written apart do; so do joiners in scripts whose spelling needs them. Dots alone are no
    name: files and folders are called by names.

    >>> is_word("fc1"), is_word("\u0939\u093f\u0928\u094d\u0926\u0940"), is_word("e\u0301")
    (True, True, True)
    >>> is_word("a.b"), is_word("\u0301e"), is_word("a\u200db"), is_word("..", dots=True)
    (False, False, False, False)
    """
    if len(text) > LONGEST or not text.strip("."):
        return False
    return (DOTTED if dots else USUAL).fullmatch(text) is not None or repaired(text, dots) == text


def repaired(text: str, dots: bool = False) -> str:
    r"""A text with `_` in the place of what no name has.

    >>> repaired("a b\u2603.e\u0301") == "a_b__e\u0301"
    True
    """
    signs = "_-." if dots else "_-"
    return "".join(
        char if char.isalnum() or char in signs or belongs(text, place) else "_"
        for place, char in enumerate(text)
    )


def belongs(text: str, place: int) -> bool:
    """Whether a character is part of the letter before it, as marks and joiners are."""
    from specdl.core.lookalikes import FILLERS, unlike

    char, before = text[place], text[place - 1 : place]
    mark = unicodedata.category(char)[0] == "M" and char not in FILLERS
    joiner = char in "\u200c\u200d" and not unlike(text, place)
    lettered = before.isalnum() or unicodedata.category(before or " ")[0] in "MC"
    return (mark or joiner) and lettered


def composed(name: str) -> str:
    """A name in the one form that all have that are written alike: accents are joined with their letters."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)
