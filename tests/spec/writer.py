"""Writes values as JSON and as YAML in many styles, and notes where it puts every key and value."""

import json
import re

WORD = re.compile(r"[A-Za-z_\u00e9\u00f1\u0436\u0446\u0444\u540d\u524d][\w\u00e9]*(?: \w+)*")
CONSTANTS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


class Writer:
    """`text` is what was written; `values` and `keys` hold the spans as they must be read back."""

    def __init__(self, rng):
        self.rng, self.parts, self.at = rng, [], 0
        self.values, self.keys = {}, {}
        self.anchors = 0

    @property
    def text(self):
        return "".join(self.parts)

    def put(self, text):
        """Write a text; its span."""
        self.parts.append(text)
        self.at += len(text)
        return self.at - len(text), self.at

    def maybe(self, *choices):
        """Write one of some texts that say nothing."""
        self.put(self.rng.choice(choices))

    def opened(self, text, path):
        start, _ = self.put(text)
        self.values[path] = (start, start + 1)


class Json(Writer):
    """JSON with blanks of every kind between its tokens."""

    def write(self, value, path=()):
        if isinstance(value, dict):
            self.entries("{", "}", value.items(), path)
        elif isinstance(value, list):
            self.entries("[", "]", enumerate(value), path)
        else:
            self.values[path] = self.put(self.scalar(value))

    def entries(self, opening, closing, items, path):
        self.opened(opening, path)
        self.blank()
        for number, (key, value) in enumerate(items):
            if number:
                self.put(",")
                self.blank()
            if opening == "{":
                self.keys[*path, key] = self.put(self.scalar(key))
                self.colon()
            self.write(value, (*path, key))
            self.blank()
        self.put(closing)

    def blank(self):
        self.maybe("", "", " ", "\n", "\r\n\t", "  \n ")

    def colon(self):
        self.blank()
        self.put(":")
        self.blank()

    def scalar(self, value):
        return json.dumps(value, ensure_ascii=self.rng.random() < 0.5)


class Flow(Json):
    """YAML within braces, with comments, and quotes where it likes."""

    def blank(self):
        self.maybe("", " ", "\n  ", " # so: {it\n ", "\r\n ")

    def colon(self):
        self.maybe(": ", " : ", ":  ")
        self.blank()

    def entries(self, opening, closing, items, path):
        self.anchor()
        super().entries(opening, closing, items, path)

    def anchor(self):
        if self.rng.random() < 0.1:
            self.anchors += 1
            self.put(f"&a{self.anchors} ")

    def scalar(self, value):
        if not isinstance(value, str):
            return json.dumps(value)
        how = self.rng.randrange(3)
        if how == 0 and WORD.fullmatch(value) and value.lower() not in CONSTANTS:
            return value
        if how == 1 and value.isprintable() and value.strip() == value:
            return "'" + value.replace("'", "''") + "'"
        return quoted(value)


class Block(Flow):
    """YAML by indentation, some of it within braces."""

    inside = 0

    def entries(self, *args):
        self.inside += 1
        super().entries(*args)
        self.inside -= 1

    def write(self, value, path=(), indent=0):
        if self.inside:
            super().write(value, path)
        elif isinstance(value, (dict, list)) and value and self.rng.random() < 0.8:
            self.block(value, path, indent)
        elif isinstance(value, str) and self.rng.random() < 0.3 and re.fullmatch(r"(?:[\w,:#]+\n)+", value):
            self.literal(value, path, indent)
        else:
            self.anchor_of_scalar(value)
            super().write(value, path)
            self.line()

    def anchor_of_scalar(self, value):
        if not isinstance(value, (dict, list)):
            self.anchor()

    def literal(self, value, path, indent):
        start = self.at
        self.put("|\n" + "".join(f"{' ' * indent} {line}\n" for line in value.splitlines()))
        self.values[path] = (start, self.at - 1)

    def block(self, value, path, indent):
        """Each key or `- ` on a line of its own; what is inside begins on the next, or behind the `- `."""
        first = True
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, each in items:
            if not first or self.column():
                self.newline()
            self.put(" " * indent)
            if first:
                self.values[path] = (self.at, self.at + 1)
            first = False
            if isinstance(value, dict):
                self.keys[*path, key] = self.put(self.simple(key))
                self.put(self.rng.choice((": ", ":  ", " : ")))
            else:
                self.put("- ")
            self.write(each, (*path, key), indent + self.rng.choice((1, 2, 4)))

    def blank(self):
        self.maybe("", " ")

    def simple(self, key):
        """A key; without quotes it has no blank at its end."""
        return self.scalar(key)

    def column(self):
        """Whether something stands on the line already."""
        return not (self.text.endswith("\n") or not self.parts)

    def line(self):
        self.maybe("\n", "\r\n", " # so\n", "\n\n", "\n# - so:\n")

    def newline(self):
        self.put("\n")


def quoted(text):
    """A text in double quotes, as YAML escapes what cannot be printed."""
    return '"' + "".join(escaped(char) for char in text) + '"'


def escaped(char):
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
