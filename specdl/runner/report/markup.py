"""HTML and SVG as a tree, so that every tag is closed and every text is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Union

VOID = frozenset({"meta", "link", "br", "hr", "col"})
"""HTML elements that have no end tag."""
UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u202a-\u202e\u2066-\u2069]"
)
"""Control characters and lone surrogates, which HTML does not allow, and what turns the direction of
text, which would show a spec other than it is."""

Child = Union["Element", "Own", str, int, float, None, Iterable["Child"]]
Attribute = str | int | float | bool | None


@dataclass(frozen=True)
class Own:
    """Text of specdl's own that goes out as it is: a style sheet."""

    text: str


@dataclass(frozen=True)
class Element:
    """A tag with what is in it."""

    name: str
    attributes: Mapping[str, str]
    children: tuple[Child, ...] = ()

    def __str__(self) -> str:
        return "".join(pieces(self))


def tag(name: str, /, *children: Child, **attributes: Attribute) -> Element:
    """An element. `class_` is class, `aria_label` aria-label; an attribute that is None is left out.

    >>> str(tag("p", "a < b", class_="note", hidden=True, title=None))
    '<p class="note" hidden="">a &lt; b</p>'
    """
    known = {
        key.rstrip("_").replace("_", "-"): attribute(value)
        for key, value in attributes.items()
        if value is not None and value is not False
    }
    return Element(name, known, children)


def attribute(value: Attribute) -> str:
    """An attribute's value: numbers as short as they can be."""
    if value is True:
        return ""
    return number(value) if isinstance(value, int | float) else str(value)


def number(value: float) -> str:
    """A length in a picture, to a hundredth.

    >>> number(12.0), number(0.3333), number(-0.001)
    ('12', '0.33', '0')
    """
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def clean(text: str) -> str:
    """Text with a mark in the place of what a page cannot show."""
    return UNPRINTABLE.sub("\ufffd", text)


def pieces(child: Child) -> Iterable[str]:
    """The text of a tree, in order."""
    if child is None:
        return
    if isinstance(child, Own):
        yield child.text
    elif isinstance(child, Element):
        inner = "".join(f' {key}="{escape(clean(value))}"' for key, value in child.attributes.items())
        yield f"<{child.name}{inner}>"
        if child.name not in VOID:
            for each in child.children:
                yield from pieces(each)
            yield f"</{child.name}>"
    elif isinstance(child, str | int | float):
        yield escape(clean(str(child)), quote=False)
    else:
        for each in child:
            yield from pieces(each)
