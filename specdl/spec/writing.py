"""Values as text that can be put into a spec, written as what stands around them is."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from specdl.core.record import record
from specdl.spec.outline import Style

PLAIN = re.compile(r"[^\W\d][\w./+-]*(?: [\w./+-]+)*")
"""Text that needs no quotes in YAML wherever it stands, as long as it is no constant."""
EXPRESSION = re.compile(r"\$\{[^{}:#'\"\r\n]*\}")
"""Text that needs none outside of braces."""
CONSTANTS = frozenset(("null", "true", "false"))


@record()
class Pen:
    """How to write: JSON or YAML, inside braces or not, with which quotes."""

    yaml: bool
    flow: bool = True
    quote: Style = ""
    key_quote: Style = ""
    colon: str = ": "
    comma: str = ", "

    def write(self, value: Any) -> str:
        """A value on one line."""
        if not self.yaml:
            return json.dumps(value, ensure_ascii=False, separators=(self.comma, self.colon))
        inside = replace(self, flow=True)
        if isinstance(value, dict):
            return f"{{{self.comma.join(inside.pair(key, each) for key, each in value.items())}}}"
        if isinstance(value, list):
            return f"[{self.comma.join(inside.write(each) for each in value)}]"
        return self.text(value, self.quote) if isinstance(value, str) else json.dumps(value)

    def pair(self, key: str, value: Any) -> str:
        """A key with its value."""
        return f"{self.key(key)}{self.colon}{self.write(value)}"

    def key(self, key: str) -> str:
        return self.text(key, self.key_quote) if self.yaml else json.dumps(key, ensure_ascii=False)

    def text(self, text: str, quote: Style) -> str:
        """YAML's notation of a text: without quotes only where nobody could read anything else."""
        if quote == "'" and text.isprintable():
            return "'" + text.replace("'", "''") + "'"
        if quote != '"' and (simple(text) or (not self.flow and EXPRESSION.fullmatch(text))):
            return text
        return json.dumps(text, ensure_ascii=False)


def simple(text: str) -> bool:
    """Whether a text needs no quotes in YAML."""
    return PLAIN.fullmatch(text) is not None and text.lower() not in CONSTANTS
