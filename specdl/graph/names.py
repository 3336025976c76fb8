"""Which words can be names."""

from __future__ import annotations

from specdl.core.names import is_word

READ = ("input", "previous")
"""What is read by these names is fixed, so no layer has them."""
RESERVED = ("previous", "loss", "lr", "t")
"""Names that no input and no target has: a step has values of its own called so."""


def refused(name: str) -> str | None:
    """Why an input or a target cannot have a name, or None if it can."""
    if name in RESERVED:
        return "a step has a value of that name"
    return None if is_word(name) else "a name is a word without dots"
