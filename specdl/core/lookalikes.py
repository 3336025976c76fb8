"""Characters that are not what they look like, or that nobody sees.

A Cyrillic letter in an English word is a typing slip that no eye finds, and an invisible character
comes along with text that is copied from a page. Whole words of any script are fine.

Source of the letters: Unicode Technical Standard 39, confusables; those of the keyboards in use.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from specdl.core.record import record

LETTERS = {
    "CYRILLIC SMALL LETTER": """A=a KA=k IE=e O=o ER=p ES=c U=y HA=x JE=j DZE=s SHHA=h KOMI_DE=d QA=q WE=w
        PALOCHKA=l IZHITSA=v BYELORUSSIAN-UKRAINIAN_I=i STRAIGHT_U=y""",
    "CYRILLIC CAPITAL LETTER": """A=A VE=B IE=E KA=K EM=M EN=H O=O ER=P ES=C TE=T U=Y HA=X JE=J DZE=S QA=Q
        WE=W BYELORUSSIAN-UKRAINIAN_I=I STRAIGHT_U=Y KOMI_SJE=G""",
    "CYRILLIC LETTER": "PALOCHKA=I",
    "GREEK SMALL LETTER": "ALPHA=a OMICRON=o NU=v RHO=p IOTA=i UPSILON=u KAPPA=k",
    "GREEK CAPITAL LETTER": """ALPHA=A BETA=B EPSILON=E ZETA=Z ETA=H IOTA=I KAPPA=K MU=M NU=N OMICRON=O RHO=P
        TAU=T UPSILON=Y CHI=X""",
    "ARMENIAN SMALL LETTER": "OH=o SEH=u VO=n HO=h CO=g ZA=q YI=j",
    "ARMENIAN CAPITAL LETTER": "OH=O SEH=U TIWN=S LIWN=L",
}
"""Letters by the beginning of their names, and the ASCII letters that they look like."""
QUOTES = {"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u2018": "'", "\u2019": "'"}
"""What word processors make of quotes."""
FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Letters and marks that show as nothing."""
JOINERS = "\u200c\u200d"
JOINED = frozenset(
    "ARABIC SYRIAC MONGOLIAN DEVANAGARI BENGALI GURMUKHI GUJARATI ORIYA TAMIL TELUGU KANNADA MALAYALAM "
    "SINHALA KHMER MYANMAR".split()
)
"""Scripts whose spelling needs joiners."""
INVISIBLE = ("Cc", "Cf", "Zl", "Zp", "Zs")
CONTROLS = {"\0": "null", "\t": "tab", "\n": "line feed", "\r": "carriage return"}
WORD = re.compile(r"[^\W\d_]+")
FEWEST_GREEK = 3
"""Shorter words may be a formula's: `\u03b1x`."""


@record()
class Stranger:
    """A character at an index of a word; `plain` is what it looks like, nothing if it is invisible."""

    index: int
    char: str
    plain: str

    @property
    def told(self) -> str:
        """What it is, for a message.

        >>> Stranger(1, chr(0x430), "a").told
        'Cyrillic `\u0430` (U+0430)'
        >>> Stranger(1, chr(0x200B), "").told
        'zero width space (U+200B)'
        """
        point = f"U+{ord(self.char):04X}"
        name = unicodedata.name(self.char, "").lower()
        if not self.char.isprintable() or self.char in FILLERS:
            return f"{CONTROLS.get(self.char) or name or 'control character'} ({point})"
        if script(self.char) in SCRIPTS:
            return f"{script(self.char).capitalize()} `{self.char}` ({point})"
        return f"`{self.char}` ({point}, {name})"


@cache
def lookalikes() -> dict[str, str]:
    """Letters of other scripts, and the ASCII letters that they look like."""
    return {
        unicodedata.lookup(f"{head} {name.replace('_', ' ')}"): plain
        for head, line in LETTERS.items()
        for name, _, plain in (each.partition("=") for each in line.split())
    }


SCRIPTS = tuple(dict.fromkeys(head.split()[0] for head in LETTERS))


@cache
def script(char: str) -> str:
    """The script of a letter, as its name begins."""
    return unicodedata.name(char, "").partition(" ")[0]


def strangers(word: str) -> list[Stranger]:
    """The characters of a word that are not what they look like, in their order.

    Invisible ones, typographic quotes, letters and digits of other widths and styles, and in a
    word of two alphabets the letters of the one that look like the other's: the ASCII ones stay
    where both could have been meant.
    """
    if len(set(map(kind, word)) - {"plain"}) < 2 and "odd" not in map(kind, word):
        return []  # nearly every word there is
    found = [Stranger(i, char, plain(char)) for i, char in enumerate(word) if unlike(word, i)]
    for part in WORD.finditer(word):
        found += mixed(part[0], part.start())
    return sorted(found, key=lambda each: each.index)


@cache
def kind(char: str) -> str:
    """What a character is as far as strangers go: of an alphabet that has look-alikes, odd, or neither."""
    if char in JOINERS or unlike(char, 0):
        return "odd"
    if char.isascii():
        return "LATIN" if char.isalpha() else "plain"
    return script(char) if script(char) in SCRIPTS else "plain"


def unlike(word: str, index: int) -> bool:
    """Whether a character alone is one that nobody writes on purpose in a name."""
    char = word[index]
    if char.isascii():
        return not char.isprintable()
    if char in JOINERS:
        return not (0 < index < len(word) - 1 and script(word[index - 1]) in JOINED)
    if char in FILLERS or char in QUOTES or unicodedata.category(char) in INVISIBLE:
        return True
    return plain(char) != char


@cache
def plain(char: str) -> str:
    """What a character looks like where it is no letter of another script.

    >>> plain("\uff4c"), plain("\u200b"), plain("\u00e9") == "\u00e9"
    ('l', '', True)
    """
    if char in QUOTES:
        return QUOTES[char]
    category = unicodedata.category(char)
    if char in FILLERS or category in INVISIBLE:
        return " " if category == "Zs" else ""
    folded = unicodedata.normalize("NFKC", char)
    styled = category[0] == "L" or category in ("Nd", "Pc")
    return folded if styled and folded.isascii() and re.fullmatch(r"\w+", folded) else char


def mixed(word: str, start: int) -> list[Stranger]:
    """The letters of a word of two alphabets that look like letters of the other."""
    if word.isascii():
        return []
    alike = lookalikes()
    ours = [i for i, char in enumerate(word) if char.isascii()]
    for name in SCRIPTS:
        theirs = [i for i, char in enumerate(word) if script(char) == name]
        if not ours or not theirs or (name == "GREEK" and len(word) < FEWEST_GREEK):
            continue
        if all(word[i] in alike for i in theirs):
            return [Stranger(start + i, word[i], alike[word[i]]) for i in theirs]
        back = {each: char for char, each in reversed(alike.items()) if script(char) == name}
        if name != "GREEK" and all(word[i] in back for i in ours):
            return [Stranger(start + i, word[i], back[word[i]]) for i in ours]
    return []


def repaired(word: str) -> str:
    """A word with what its strangers look like in their places.

    >>> repaired("l\u0430yers\u200b")
    'layers'
    """
    chars = list(word)
    for each in strangers(word):
        chars[each.index] = each.plain
    return "".join(chars)


class Looks(dict[int, str]):
    """For `str.translate`: what each character looks like, worked out once."""

    def __missing__(self, code: int) -> str:
        self[code] = lookalikes().get(chr(code)) or plain(chr(code))
        return self[code]


LOOKS = Looks()


def skeleton(word: str) -> str:
    """What a word looks like in ASCII, as far as it does: equal for words that look the same."""
    return word if word.isascii() else unicodedata.normalize("NFC", word.translate(LOOKS))


def unlike_ascii(word: str) -> Stranger | None:
    """The first character of a word that is not the ASCII it looks like, whatever stands beside it.

    >>> unlike_ascii("l\u0456near").told
    'Cyrillic `\u0456` (U+0456)'
    >>> unlike_ascii("linear") is None
    True
    """
    if word.isascii():
        return None
    alike = lookalikes()
    seen = ((i, char, alike.get(char, plain(char))) for i, char in enumerate(word))
    return next((Stranger(*each) for each in seen if each[1] != each[2]), None)


def ordinal(number: int) -> str:
    """A number's place.

    >>> [ordinal(number) for number in (1, 2, 3, 11, 22)]
    ['1st', '2nd', '3rd', '11th', '22nd']
    """
    ending = "th" if 10 < number % 100 < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
