"""`"${width * 4}"`: arithmetic on declared names, evaluated by a parser of our own and bounded.

Nothing is compiled or looked up but the names given; numbers, digits, length and nesting have limits, so
that no expression costs more than a moment.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from specdl.core.suggest import nearest

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
    """An expression that has no value, in the user's words."""

    def __init__(self, message: str, help: str | None = None, code: str = "E120") -> None:
        super().__init__(message)
        self.message, self.help, self.code = message, help, code


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
        for literal, expression in split(text):
            if expression is None:
                pieces.append(literal)
                continue
            value = Parser(expression, scope).value()
            if expression == text[2:-1]:
                return value
            pieces.append(shown(value))
    except Silent:
        return FAILED
    return "".join(pieces)


def split(text: str) -> Iterator[tuple[str, str | None]]:
    """The pieces of a text: literal ones, and expressions without their braces."""
    at = 0
    while (begin := text.find("${", at)) >= 0:
        if text[begin - 1 : begin] == "$" and begin > at:
            yield text[at : begin - 1] + "${", None
            at = begin + 2
            continue
        end = text.find("}", begin)
        if end < 0:
            help = "end it with `}`, or write `$${` for the characters themselves"
            raise ExpressionError("the expression that begins with `${` has no end", help)
        yield text[at:begin], None
        yield "", text[begin + 2 : end]
        at = end + 1
    yield text[at:], None


def names_in(text: str) -> set[str]:
    """The names that a text's expressions use; of one that cannot be read those before the fault."""
    found: set[str] = set()
    try:
        for _, expression in split(text):
            found.update(match["name"] for match in TOKEN.finditer(expression or "") if match["name"])
    except ExpressionError:
        pass
    return found - set(FUNCTIONS)


def shown(value: Any) -> str:
    """A value as it is written inside a longer text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


@dataclass(frozen=True)
class Token:
    """A number, a name, or a sign (`op`)."""

    kind: str
    text: str


def tokens(text: str) -> list[Token]:
    """The tokens of an expression; raises `ExpressionError` at what is none."""
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            f"an expression has at most {MAX_LENGTH:,} characters; this one has {len(text):,}"
        )
    found, at = list[Token](), 0
    stripped = text.rstrip()
    while at < len(stripped):
        match = TOKEN.match(stripped, at)
        if match is None:
            char = stripped[at:].lstrip()[0]
            allowed = "numbers, declared names, + - * / // % **, parentheses, min and max"
            raise ExpressionError(f"`{char}` cannot stand in an expression", f"an expression has {allowed}")
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind]))
        at = match.end()
    return found


class Parser:
    """Precedence climbing over the tokens; what it reads it computes at once."""

    def __init__(self, text: str, scope: Scope) -> None:
        self.text, self.scope = text, scope
        self.tokens, self.at, self.depth = tokens(text), 0, 0

    def value(self) -> Any:
        """The value of the whole expression."""
        if not self.tokens:
            raise ExpressionError("`${}` holds no expression", "write a declared name in it")
        value = self.binary(0)
        if self.at < len(self.tokens):
            raise ExpressionError(f"`{self.tokens[self.at].text}` is not expected in `{cut(self.text)}`")
        return value

    def peek(self) -> str:
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    def take(self) -> Token:
        if self.at >= len(self.tokens):
            raise ExpressionError(f"`{cut(self.text)}` ends where a value should be")
        self.at += 1
        return self.tokens[self.at - 1]

    def binary(self, least: int) -> Any:
        """Operands joined by operators of at least a precedence."""
        self.depth += 1
        if self.depth > MAX_NESTING:
            raise ExpressionError(f"an expression is nested at most {MAX_NESTING} deep")
        left = self.operand()
        while (operator := self.peek()) in PRECEDENCE and PRECEDENCE[operator] >= least:
            self.at += 1
            # A power groups from the right, and its exponent may have a sign: 2 ** -1.
            right = self.binary(UNARY if operator == "**" else PRECEDENCE[operator] + 1)
            left = compute(operator, number(left), number(right))
        self.depth -= 1
        return left

    def operand(self) -> Any:
        token = self.take()
        if token.kind == "number":
            return literal(token.text)
        if token.kind == "name":
            return self.call(token.text) if self.peek() == "(" else self.name(token.text)
        if token.text in ("+", "-"):
            value = number(self.binary(UNARY))
            return -value if token.text == "-" else value
        if token.text == "(":
            value = self.binary(0)
            self.expect(")")
            return value
        raise ExpressionError(f"`{token.text}` is not expected in `{cut(self.text)}`")

    def expect(self, text: str) -> None:
        if self.peek() != text:
            raise ExpressionError(f"`{text}` is missing in `{cut(self.text)}`")
        self.at += 1

    def call(self, function: str) -> Any:
        if function not in FUNCTIONS:
            raise ExpressionError(f"there is no function `{function}`", "the functions are `min` and `max`")
        self.at += 1
        arguments = [number(self.binary(0))]
        while self.peek() == ",":
            self.at += 1
            arguments.append(number(self.binary(0)))
        self.expect(")")
        return FUNCTIONS[function](arguments)

    def name(self, name: str) -> Any:
        if name not in self.scope:
            raise undeclared(name, self.scope)
        value = self.scope[name]
        if value is FAILED:
            raise Silent
        return value


def undeclared(name: str, scope: Scope) -> ExpressionError:
    """The error of a name that means nothing here."""
    meant = nearest(name, scope) if len(scope) <= MAX_COMPARED and len(name) <= MAX_COMPARED else None
    if meant:
        return ExpressionError(f"no variable is called `{name}`", f"did you mean `{meant}`?", "E121")
    if name == "index":
        return ExpressionError("`index` counts the repetitions of a block; this is in none", code="E121")
    names = ", ".join(f"`{each}`" for each in list(scope)[:8])
    help = f"declared are {names}" if names else "declare it at the top of the spec, in `vars`"
    return ExpressionError(f"no variable is called `{name}`", help, "E121")


def literal(text: str) -> int | float:
    """The number that a token writes."""
    if text.isdigit():
        if len(text) > MAX_BITS // 4:
            raise ExpressionError(f"a whole number of {len(text)} digits is too large")
        return int(text)
    return finite(float(text), text)


def number(value: Any) -> int | float:
    """A value that arithmetic is done on."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        what = f"the text `{cut(value)}`" if isinstance(value, str) else f"`{shown(value)}`"
        raise ExpressionError(f"arithmetic needs numbers, not {what}")
    return value


def compute(operator: str, a: int | float, b: int | float) -> int | float:
    """One operation, refused before it is done where its result would be too large."""
    try:
        if operator == "**":
            return power(a, b)
        operations: Mapping[str, Callable[[Any, Any], Any]] = {
            "+": lambda x, y: x + y,
            "-": lambda x, y: x - y,
            "*": lambda x, y: x * y,
            "/": lambda x, y: x / y,
            "//": lambda x, y: x // y,
            "%": lambda x, y: x % y,
        }
        return bounded(operations[operator](a, b), f"{a} {operator} {b}")
    except ZeroDivisionError:
        raise ExpressionError(f"`{cut(f'{a} {operator} {b}')}` divides by zero") from None
    except OverflowError:
        raise too_large(f"{a} {operator} {b}") from None


def power(a: int | float, b: int | float) -> int | float:
    """`a ** b`, its size estimated before it is computed."""
    text = f"({a}) ** {b}" if a < 0 else f"{a} ** {b}"
    if isinstance(a, int) and isinstance(b, int) and b >= 0:
        if abs(a) > 1 and b * (abs(a).bit_length() - 1) > MAX_BITS:
            raise too_large(text)
        return bounded(a if abs(a) <= 1 and b % 2 else a**2 if abs(a) <= 1 and b else a**b, text)
    if a < 0 and not float(b).is_integer():
        raise ExpressionError(f"`{cut(text)}` is not a real number")
    return bounded(float(a) ** b, text)


def bounded(value: int | float, text: str) -> int | float:
    """A result, if it is not too large."""
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise too_large(text)
        return value
    return finite(value, text)


def finite(value: float, text: str) -> float:
    """A result, if it is finite."""
    if not math.isfinite(value):
        raise too_large(text)
    return value


def too_large(text: str) -> ExpressionError:
    """The error of a result that no number of a spec can hold."""
    return ExpressionError(f"`{cut(text)}` is too large")


def cut(text: str) -> str:
    """A text that fits in a message."""
    return text if len(text) <= 60 else f"{text[:57]}..."
