"""`"${width * 4}"`: arithmetic on declared names, evaluated by a parser of our own and bounded.

Nothing is compiled or looked up but the names given; numbers, digits, length and nesting have limits, so
that no expression costs more than a moment.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from specdl.core.record import record
from specdl.core.suggest import nearest
from specdl.spec.text import Span

MAX_LENGTH = 1000
MAX_NESTING = 32
MAX_COMPARED = 64
"""Names are compared with so many others for a suggestion, and up to so many letters."""
MAX_BITS = 1100
"""Bits of a whole number: a little more than the largest float64 has."""

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?P<name>[^\W\d]\w*)|(?P<op>\*\*|//|[-+*/%(),]))"
)
NAME = re.compile(r"[^\W\d]\w{0,127}")
FUNCTIONS: Mapping[str, Callable[..., Any]] = {"min": min, "max": max}
RESERVED = ("index", *FUNCTIONS)
PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "%": 2, "**": 4}
OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}
UNARY = 3
"""A sign binds more loosely than a power and more tightly than a product, as in Python."""


class Failed:
    """Stands where a value should be that has a finding already: whoever meets it stays silent."""

    def __repr__(self) -> str:
        return "FAILED"


FAILED = Failed()
Scope = Mapping[str, Any]
"""What names mean: numbers, text, booleans; `FAILED` for what has a finding."""


class ExpressionError(Exception):
    """An expression that has no value, in the user's words.

    `span` is the part of the text that is at fault, by offsets into it; None where it is all of it.
    """

    def __init__(
        self, message: str, help: str | None = None, code: str = "E120", span: Span | None = None
    ) -> None:
        super().__init__(message)
        self.message, self.help, self.code, self.span = message, help, code, span


class Silent(Exception):  # noqa: N818 - no error of its own
    """A name stands for something that has a finding already."""


def substitute(text: str, scope: Scope) -> Any:
    """A text with its expressions replaced by their values.

    A text that is one expression becomes its value, a number for instance; in a longer one each
    becomes text. `$${` writes `${`. Raises `ExpressionError`; `FAILED` where a name is.
    """
    if "${" not in text:
        return text
    pieces: list[str] = []
    try:
        for literal, expression, start in split(text):
            if expression is None:
                pieces.append(literal)
                continue
            value = Parser(expression, scope, start).value()
            if expression == text[2:-1]:
                return value
            pieces.append(shown(value))
    except Silent:
        return FAILED
    return "".join(pieces)


def split(text: str) -> Iterator[tuple[str, str | None, int]]:
    """The pieces of a text: literal ones, and expressions without their braces; and where each begins."""
    at = 0
    while (begin := text.find("${", at)) >= 0:
        if text[begin - 1 : begin] == "$" and begin > at:
            yield text[at : begin - 1] + "${", None, at
            at = begin + 2
            continue
        end = text.find("}", begin)
        if end < 0:
            help = "end it with `}`, or write `$${` for the characters themselves"
            message = "the expression that begins with `${` has no end"
            raise ExpressionError(message, help, span=(begin, len(text)))
        yield text[at:begin], None, at
        yield "", text[begin + 2 : end], begin + 2
        at = end + 1
    yield text[at:], None, at


def escaped(text: str) -> str:
    """A text that `substitute` gives back as it is."""
    return text.replace("${", "$${")


def names_in(text: str) -> set[str]:
    """The names that a text's expressions use; of one that cannot be read those before the fault."""
    found: set[str] = set()
    try:
        for _, expression, _ in split(text):
            found.update(match["name"] for match in TOKEN.finditer(expression or "") if match["name"])
    except ExpressionError:
        pass
    return found - set(FUNCTIONS)


def shown(value: Any) -> str:
    """A value as it is written inside a longer text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@record()
class Token:
    """A number, a name, or a sign (`op`), and where it stands."""

    kind: str
    text: str
    start: int

    @property
    def span(self) -> Span:
        return self.start, self.start + len(self.text)


@lru_cache(1024)
def tokens(text: str, start: int = 0) -> tuple[Token, ...]:
    """The tokens of an expression that begins at `start`; raises `ExpressionError` at what is none."""
    if len(text) > MAX_LENGTH:
        message = f"an expression has at most {MAX_LENGTH:,} characters; this one has {len(text):,}"
        raise ExpressionError(message)
    found, at = list[Token](), 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = TOKEN.match(stripped, at)
        if match is None:
            at += len(stripped[at:]) - len(stripped[at:].lstrip())
            allowed = "numbers, declared names, + - * / // % **, parentheses, min and max"
            message = f"`{stripped[at]}` cannot stand in an expression"
            raise ExpressionError(message, f"an expression has {allowed}", span=(start + at, start + at + 1))
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], start + match.start(kind)))
        at = match.end()
    return tuple(found)


class Parser:
    """Precedence climbing over the tokens; what it reads it computes at once."""

    def __init__(self, text: str, scope: Scope, start: int = 0) -> None:
        self.text, self.scope, self.start = text, scope, start
        self.tokens, self.at, self.depth = tokens(text, start), 0, 0

    def value(self) -> Any:
        """The value of the whole expression."""
        if not self.tokens:
            raise ExpressionError("`${}` holds no expression", "write a declared name in it")
        value = self.binary(0)
        if self.at < len(self.tokens):
            raise self.unexpected(self.tokens[self.at])
        return value

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def take(self) -> Token:
        if self.at >= len(self.tokens):
            raise self.short(f"`{cut(self.text)}` ends where a value should be")
        self.at += 1
        return self.tokens[self.at - 1]

    def unexpected(self, token: Token) -> ExpressionError:
        """The error of a token that stands where none of its kind can."""
        message = f"`{token.text}` is not expected in `{cut(self.text)}`"
        return ExpressionError(message, span=token.span)

    def short(self, message: str) -> ExpressionError:
        """The error of an expression that lacks something at its end, where the brace closes it."""
        end = self.start + len(self.text)
        return ExpressionError(message, span=(end, end + 1))

    def since(self, first: int) -> Span:
        """From the token numbered `first` to the last one taken."""
        return self.tokens[first].start, self.tokens[self.at - 1].span[1]

    def number(self, value: Any, first: int) -> int | float:
        """A value that arithmetic is done on, read from the token numbered `first` on."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            what = f"the text `{cut(value)}`" if isinstance(value, str) else f"`{shown(value)}`"
            raise ExpressionError(f"arithmetic needs numbers, not {what}", span=self.since(first))
        return value

    def binary(self, least: int) -> Any:
        """Operands joined by operators of at least a precedence."""
        first = self.at
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise ExpressionError(f"an expression is nested at most {MAX_NESTING} deep")
        left = self.operand()
        while (sign := self.peek()) in PRECEDENCE and PRECEDENCE[sign] >= least:
            left = self.number(left, first)
            self.at += 1
            second = self.at
            # A power groups from the right, and its exponent may have a sign: 2 ** -1.
            right = self.binary(UNARY if sign == "**" else PRECEDENCE[sign] + 1)
            right = self.number(right, second)
            try:
                left = compute(sign, left, right)
            except ExpressionError as error:
                error.span = self.since(first)
                raise
        self.depth -= 1
        return left

    def operand(self) -> Any:
        first = self.at
        token = self.take()
        if token.kind == "number":
            try:
                return literal(token.text)
            except ExpressionError as error:
                error.span = token.span
                raise
        if token.kind == "name":
            return self.call(token) if self.peek() == "(" else self.name(token)
        if token.text in ("+", "-"):
            value = self.number(self.binary(UNARY), first + 1)
            return -value if token.text == "-" else value
        if token.text == "(":
            value = self.binary(0)
            self.expect(")")
            return value
        raise self.unexpected(token)

    def expect(self, text: str) -> None:
        if self.peek() != text:
            message = f"`{text}` is missing in `{cut(self.text)}`"
            if self.at >= len(self.tokens):
                raise self.short(message)
            raise ExpressionError(message, span=self.tokens[self.at].span)
        self.at += 1

    def call(self, function: Token) -> Any:
        if function.text not in FUNCTIONS:
            message = f"there is no function `{function.text}`"
            raise ExpressionError(message, "the functions are `min` and `max`", span=function.span)
        arguments = list[int | float]()
        while not arguments or self.peek() == ",":
            self.at += 1
            first = self.at
            arguments.append(self.number(self.binary(0), first))
        self.expect(")")
        return FUNCTIONS[function.text](arguments)

    def name(self, token: Token) -> Any:
        if token.text not in self.scope:
            error = undeclared(token.text, self.scope)
            error.span = token.span
            raise error
        value = self.scope[token.text]
        if value is FAILED:
            raise Silent
        return value


def undeclared(name: str, scope: Scope) -> ExpressionError:
    """The error of a name that means nothing here."""
    meant = nearest(name, scope) if len(scope) <= MAX_COMPARED and len(name) <= MAX_COMPARED else None
    if meant:
        return ExpressionError(f"no variable is called `{cut(name)}`", f"did you mean `{meant}`?", "E121")
    if name == "index":
        return ExpressionError("`index` counts the repetitions of a block; this is in none", code="E121")
    names = ", ".join(f"`{each}`" for each in list(scope)[:8])
    help = f"declared are {names}" if names else "declare it at the top of the spec, in `vars`"
    return ExpressionError(f"no variable is called `{cut(name)}`", help, "E121")


def literal(text: str) -> int | float:
    """The number that a token writes."""
    if text.isdigit():
        if len(text) > MAX_BITS // 4:
            raise ExpressionError(f"a whole number of {len(text)} digits is too large")
        return int(text)
    return bounded(float(text), lambda: text)


def compute(sign: str, a: int | float, b: int | float) -> int | float:
    """One operation, refused before it is done where its result would be too large."""
    try:
        if sign == "**":
            return power(a, b)
        return bounded(OPERATIONS[sign](a, b), lambda: f"{a} {sign} {b}")
    except ZeroDivisionError:
        raise ExpressionError(f"`{cut(f'{a} {sign} {b}')}` divides by zero") from None
    except OverflowError:
        raise too_large(f"{a} {sign} {b}") from None


def power(a: int | float, b: int | float) -> int | float:
    """`a ** b`, its size estimated before it is computed."""
    text = f"({a}) ** {b}" if a < 0 else f"{a} ** {b}"
    if isinstance(a, int) and isinstance(b, int) and b >= 0:
        if abs(a) > 1 and b * (abs(a).bit_length() - 1) > MAX_BITS:
            raise too_large(text)
        return bounded(a if abs(a) <= 1 and b % 2 else a**2 if abs(a) <= 1 and b else a**b, lambda: text)
    if a < 0 and not float(b).is_integer():
        raise ExpressionError(f"`{cut(text)}` is not a real number")
    return bounded(float(a) ** b, lambda: text)


def bounded(value: int | float, text: Callable[[], str]) -> int | float:
    """A result, if it is not too large; `text` says how it came about."""
    if value.bit_length() > MAX_BITS if isinstance(value, int) else not math.isfinite(value):
        raise too_large(text())
    return value


def too_large(text: str) -> ExpressionError:
    """The error of a result that no number of a spec can hold."""
    return ExpressionError(f"`{cut(text)}` is too large")


def cut(text: str) -> str:
    """A text that fits in a message."""
    return text if len(text) <= 60 else f"{text[:57]}..."
