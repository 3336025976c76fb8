"""YAML's merge keys, `<<`: a spec has none, so what one means is written out for who used it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specdl.core.diagnostics import TextEdit, TextFix
from specdl.spec.text import Fault, Reading, Span

MERGE = "<<"
MESSAGE = "a spec has no merge keys (`<<`)"
SHARED = "what layers share can stand in `model.defaults`, or in a block"
MAX_HELP = 200
"""Characters of keys that a help spells out."""
LAST = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\r?\n|\Z)")


@dataclass(slots=True)
class Merge:
    """A merge key at a span, and the mapping or mappings it names.

    `before` is another one in the same mapping; `end` is where the alias ends that stands as its
    value, 0 where none does.
    """

    span: Span
    before: Merge | None = None
    value: Any = None
    end: int = 0

    def settle(self, found: Reading, mapping: dict[str, Any]) -> None:
        """Tell of it once its mapping is whole, and give the mapping what it means."""
        added = self.keys(mapping)
        if added is None:
            help, fix = "write the keys out", None
        elif not added:
            help, fix = "take it away: all its keys stand here", None
        else:
            help, fix = written(added), self.fix(found.text, added)
        found.fault(Fault("E007", MESSAGE, self.span, help, ((SHARED, None),), fix))
        mapping |= added or {}

    def keys(self, mapping: Mapping[str, Any]) -> dict[str, Any] | None:
        """What it adds to its mapping; None where it names something else than mappings."""
        added: dict[str, Any] = {}
        for each in self.value if isinstance(self.value, list) else [self.value]:
            if not isinstance(each, dict):
                return None
            added |= {key: value for key, value in each.items() if key not in mapping and key not in added}
        return added

    def fix(self, text: str, added: Mapping[str, Any]) -> TextFix | None:
        """The keys in place of the merge key and its alias: on lines of their own where it has one."""
        from specdl.spec.writing import Pen

        start = self.span[0]
        if not self.end or self.before or "\n" in text[start : self.end]:
            return None
        line = text.rfind("\n", 0, start) + 1
        own = not text[line:start].strip(" -") and LAST.match(text, self.end) is not None
        pen = Pen(yaml=True, flow=not own)
        pairs = [pen.pair(key, value) for key, value in added.items()]
        joint = "\n" + " " * (start - line) if own else ", "
        return TextFix("write the keys out", (TextEdit(start, self.end, joint.join(pairs)),), sure=True)


def written(added: Mapping[str, Any]) -> str:
    """The keys in one line, if it is not too long."""
    from specdl.spec.writing import Pen

    told = ", ".join(Pen(yaml=True).pair(key, value) for key, value in added.items())
    return f"write `{told}`" if len(told) <= MAX_HELP else "write the keys out"
