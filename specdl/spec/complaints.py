"""What pydantic found, in the user's words: the code and message for each value it refused."""

from __future__ import annotations

import json
import math
import operator
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, get_args, get_origin

from pydantic_core import ErrorDetails

from specdl.core.diagnostics import Fix, Path, Remove, Rename, Replace, value_at, visible
from specdl.core.entry import Entry
from specdl.core.errors import OptionError
from specdl.core.names import LONGEST, repaired
from specdl.core.record import record
from specdl.core.wording import as_written, dotted, quoted, shown
from specdl.ops.base import Name
from specdl.spec.expressions import FAILED
from specdl.spec.fields import SIMPLE, Key, bounds, expected, inside, keys, members, unwrap
from specdl.spec.suggestions import choice_guess

RANGE = (
    "greater_than",
    "greater_than_equal",
    "less_than",
    "less_than_equal",
    "multiple_of",
    "int_parsing_size",
)
NOTHING = object()
"""No value at all, where None is one."""
CUSTOM = ("value_error", "assertion_error")
WORD_RULE = "a name is a word of letters, digits, `_` and `-`"
DOTTED_RULE = "a name is a word of letters, digits, `_`, `-` and `.`"
OCTAL = re.compile(r"[-+]?0[0-9]")
"""How numbers begin that other readers of YAML take for octal ones, or that lack a point."""
CHARACTERS = {
    "tab": "\t",
    "\\t": "\t",
    "comma": ",",
    "semicolon": ";",
    "colon": ":",
    "pipe": "|",
    "space": " ",
    "blank": " ",
}
"""Words for single characters."""
YES_NO = {
    **dict.fromkeys(("yes", "on", "true", "y", "1"), "true"),
    **dict.fromkeys(("no", "off", "false", "n", "0"), "false"),
}


@record()
class Complaint:
    """One refused value: its place below the entry's mapping, and what to say of it."""

    code: str
    message: str
    below: Path
    at_key: bool = False
    help: str | None = None
    write: Any = NOTHING
    """What to write there instead, if that is known; it is `sure` where nothing else can be meant."""
    sure: bool = False
    away: bool = False
    """Whether to take it away."""

    def fix(self, path: Path) -> Fix | None:
        """The fix, for a value that stands at a path."""
        if self.away:
            return Fix("take it away", (Remove(path),), self.sure)
        if self.write is NOTHING:
            return None
        edit = Rename(path, self.write) if self.at_key else Replace(path, self.write)
        return Fix(f"write {as_written(self.write)}", (edit,), self.sure)


def complaints(
    cls: type[Entry], raw: Mapping[str, Any], errors: Sequence[ErrorDetails], owner: str
) -> list[Complaint]:
    """What to say of the errors that pydantic found in an entry, one complaint for each value.

    A value with a type of several kinds has an error for each: it is one mistake. Values that
    have a finding of their own (`FAILED`) are passed over.
    """
    grouped: dict[tuple[Path, bool], list[ErrorDetails]] = {}
    for error in errors:
        below, at_key = place(raw, error["loc"])
        if not holds_failed(value_at(raw, below)):
            grouped.setdefault((below, at_key), []).append(error)
    deepest = [key for key in grouped if not any(covers(key[0], other[0]) for other in grouped)]
    return [complaint(cls, raw, below, at_key, grouped[below, at_key], owner) for below, at_key in deepest]


def place(raw: Mapping[str, Any], loc: Sequence[str | int]) -> tuple[Path, bool]:
    """Pydantic's location as a path in the mapping, without its marks of unions and keys."""
    below: Path = ()
    value: Any = raw
    for step in loc:
        if isinstance(value, dict) and step in value:
            value, below = value[str(step)], (*below, step)
        elif isinstance(value, (list, tuple)) and isinstance(step, int) and step < len(value):
            value, below = value[step], (*below, step)
    return below, bool(loc) and loc[-1] == "[key]"


def covers(path: Path, other: Path) -> bool:
    """Whether a path leads to something that the other's value is inside of."""
    return len(path) < len(other) and other[: len(path)] == path and len(path) > 0


def holds_failed(value: Any) -> bool:
    """Whether a value is, or has in it, one with a finding of its own."""
    if value is FAILED:
        return True
    if isinstance(value, dict):
        return any(holds_failed(each) for each in value.values())
    return isinstance(value, (list, tuple)) and any(holds_failed(each) for each in value)


def complaint(
    cls: type[Entry],
    raw: Mapping[str, Any],
    below: Path,
    at_key: bool,
    errors: list[ErrorDetails],
    owner: str,
) -> Complaint:
    """What to say of one value."""
    if not below:
        words = custom(errors[0]) or f"{owner} has options that do not go together"
        inner = errors[0].get("ctx", {}).get("error")
        if isinstance(inner, OptionError):
            return Complaint("E114", words, inner.below)
        named = next((name for name in re.findall(r"`(\w+)`", words) if name in raw), None)
        return Complaint("E114", words, (named,) if named else ())
    said = complaint_of_value(cls, raw, below, at_key, errors)
    if is_batch(cls, raw, below):
        help = "leave the batch out: `shape` is that of one sample"
        return replace(said, help=help, away=True, sure=True)
    return said


def is_batch(cls: type[Entry], raw: Mapping[str, Any], below: Path) -> bool:
    """Whether a refused value is the size of the batch, written before an input's shape as torch has it."""
    from specdl.spec.model import InputSpec

    sizes = raw.get("shape") or ()
    first = cls is InputSpec and below == ("shape", 0)
    return first and len(sizes) > 1 and tuple(sizes[:1]) in ((None,), (-1,))


def complaint_of_value(
    cls: type[Entry], raw: Mapping[str, Any], below: Path, at_key: bool, errors: list[ErrorDetails]
) -> Complaint:
    """What to say of one value below the mapping."""
    key, value, name = keys(cls)[str(below[0])], value_at(raw, below), dotted(below)
    if at_key:
        return bad_name(below, str(below[-1]), dots=False, at_key=True)
    wanted = type_at(key, below)
    error = next((each for each in errors if not is_type_error(each["type"])), errors[0])
    kind = error["type"]
    if kind in CUSTOM or custom(error):
        return Complaint("E114", f"`{name}` is {shown(value)}: {custom(error)}", below)
    if kind == "no_word" or (kind.startswith("string_too") and isinstance(value, str)):
        most = longest(wanted)
        if most and most != longest(Name):
            return wrong_text(most, value, below)
        return bad_name(below, str(value), dots=kind == "no_word")
    if kind in RANGE:
        return Complaint("E114", f"`{name}` is {shown(value)}, but must be {limits(wanted, error)}", below)
    if kind in ("too_short", "too_long"):
        return wrong_length(wanted, value, below, error)
    if kind == "literal_error":
        return wrong_choice(wanted, value, below)
    help, meant, sure = type_help(wanted, value)
    if name == "lr" and isinstance(value, Mapping):
        from specdl.spec.habits import rate

        help = rate(value)
    message = f"`{name}` is {shown(value)}, but must be {expected(wanted)}"
    return Complaint("E113", message, below, help=help, write=meant, sure=sure)


def custom(error: ErrorDetails) -> str:
    """The words of a class's own validator; nothing for pydantic's errors."""
    inner = error.get("ctx", {}).get("error")
    return str(inner) if isinstance(inner, Exception) else ""


def is_type_error(kind: str) -> bool:
    """Whether the value is of the wrong type, not a wrong one of the right type."""
    return kind.endswith("_type") or kind in (
        "is_instance_of",
        "int_from_float",
        "missing",
        "model_attributes_type",
    )


def type_at(key: Key, below: Path) -> Any:
    """The type of the value at a path whose first step is a key."""
    wanted = key.type
    for step in below[1:]:
        wanted = inside(wanted, step)
    return wanted


def limits(wanted: Any, error: ErrorDetails) -> str:
    """The range of a type, in words; of a type of several kinds the range that was missed."""
    said = unwrap(wanted)[1]
    for each in members(unwrap(wanted)[0]):
        said = (*said, *unwrap(each)[1])
    words = bounds(said)
    ctx = error.get("ctx", {})
    return words or ", ".join(f"{kind} {value}" for kind, value in ctx.items())


def wrong_length(wanted: Any, value: Any, below: Path, error: ErrorDetails) -> Complaint:
    """A list with too few or too many values."""
    name, ctx = dotted(below), error.get("ctx", {})
    if not value and error["type"] == "too_short":
        return Complaint(
            "E114", f"`{name}` is empty, but must hold at least {ctx.get('min_length', 1)}", below
        )
    count = f"{len(value)} value{'s' if len(value) != 1 else ''}"
    bare = unwrap(wanted)[0]
    if get_origin(bare) is tuple and get_args(bare)[-1] is not Ellipsis:
        return Complaint("E113", f"`{name}` is a list of {count}, but must be {expected(wanted)}", below)
    least, most = ctx.get("min_length"), ctx.get("max_length")
    bound = f"at least {least}" if error["type"] == "too_short" else f"at most {most}"
    return Complaint("E114", f"`{name}` has {count}, but must have {bound}", below)


def longest(wanted: Any) -> int | None:
    """The characters that a text of a type may have, if that is bounded."""
    kinds = (wanted, *members(unwrap(wanted)[0]))
    said = (getattr(each, "max_length", None) for kind in kinds for each in unwrap(kind)[1])
    return next(filter(None, said), None)


def wrong_text(most: int, value: str, below: Path) -> Complaint:
    """A text that is too short or too long: of one character a word for it may say which is meant."""
    bound = "one character" if most == 1 else f"from 1 to {most:,} characters"
    message = f"`{dotted(below)}` is {shown(value)}, but must be {bound}"
    meant = CHARACTERS.get(value.strip().lower(), value.strip()) if most == 1 else ""
    if len(meant) != 1:
        return Complaint("E114", message, below)
    return Complaint("E114", message, below, help=f"write {json.dumps(meant)}", write=meant)


def wrong_choice(wanted: Any, value: Any, below: Path) -> Complaint:
    """A value that is none of some choices; text that is near to one of them gets a suggestion."""
    options = literals(wanted)
    message = f"`{dotted(below)}` is {shown(value)}, but must be {quoted(options, 'or')}"
    if not isinstance(value, str):
        return Complaint("E115", message, below)
    if value not in options and value in map(str, options):
        meant = next(each for each in options if str(each) == value)
        return Complaint("E115", message, below, help=f"write {value} without quotes", write=meant, sure=True)
    guess = choice_guess(value, [each for each in options if isinstance(each, str)])
    if guess is None:
        return Complaint("E115", message, below)
    help = f"did you mean `{guess.word}`?"
    return Complaint("E115", message, below, help=help, write=guess.word, sure=guess.sure)


def literals(annotation: Any) -> list[Any]:
    """The values of every `Literal` in a type."""
    found: list[Any] = []
    for each in members(unwrap(annotation)[0]):
        bare, _ = unwrap(each)
        if str(get_origin(bare)) == "typing.Literal":
            found.extend(get_args(bare))
    return found


def bad_name(below: Path, value: str, dots: bool, at_key: bool = False) -> Complaint:
    """A name that is no word."""
    rule = DOTTED_RULE if dots else WORD_RULE
    kept = repaired(value, dots)
    if not value:
        return Complaint("E116", f"this name is empty; {rule}", below, at_key)
    if len(value) > LONGEST:
        message = f"this name has {len(value)} characters; a name has at most {LONGEST}"
        return Complaint("E116", message, below, at_key)
    help = f"write `{kept}`" if kept.strip("_.") else None
    message = f"`{visible(value)}` is no name; {rule}"
    if dots and not value.strip("."):
        message = (
            f"`{value}` is no name: the folder of a run is called so, and dots alone lead to another one"
        )
    return Complaint("E116", message, below, at_key, help, kept if help else NOTHING)


def type_help(wanted: Any, value: Any) -> tuple[str | None, Any, bool]:
    """A value of the right type that is meant: the help that says so, the value, and whether it is sure."""
    said = unwrap(wanted)[1]
    for each in members(unwrap(wanted)[0]):
        help, meant, sure = right_type(*unwrap(each), value)
        if help and within((*said, *unwrap(each)[1]), meant):
            return help, meant, sure
    return None, NOTHING, False


def right_type(kind: Any, said: tuple[Any, ...], value: Any) -> tuple[str | None, Any, bool]:
    """What `type_help` gives, for a type of one kind."""
    if isinstance(value, str):
        if kind is bool and value.lower() in YES_NO:
            word = YES_NO[value.lower()]
            return f"write {word}", word == "true", value.lower() not in ("1", "0")
        if kind in (int, float) and (number := as_number(value, whole=kind is int)):
            help = f"write {number} without quotes" if number == value else f"write {number}"
            return help, json.loads(number), not OCTAL.match(value.strip())
    if type(value) is int and value in (0, 1) and kind is bool:
        return f"write {'true' if value else 'false'}", bool(value), False
    if isinstance(value, float) and value.is_integer() and kind is int and abs(value) < 2**53:
        return f"write {int(value)}", int(value), True
    many = get_origin(kind) is tuple and get_args(kind)[-1] is Ellipsis
    if many and not isinstance(value, (list, tuple, dict)) and len(str(value)) <= 40:
        item, each = unwrap(get_args(kind)[0])
        fits = item in SIMPLE and type(value) in ((int, float) if item is float else (item,))
        if fits and within(each, value):
            return f'write ["{value}"]' if isinstance(value, str) else f"write [{value}]", [value], True
    return None, NOTHING, False


def within(said: Iterable[Any], value: Any) -> bool:
    """Whether a number is in the range that was said of its type; other values are."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return True
    checks = {"ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt}
    return all(
        check(value, bound)
        for each in said
        for name, check in checks.items()
        if (bound := getattr(each, name, None)) is not None
    )


def as_number(text: str, whole: bool) -> str | None:
    """A text as the number it plainly is, in JSON's notation."""
    text = text.strip()
    if not text.isascii() or len(text) > 30 or not any(char.isdigit() for char in text):
        return None
    try:
        return str(int(text, 10))
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return None
    return repr(number) if not whole and math.isfinite(number) else None
