"""Which class a mapping or a bare name means, by its `type`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from specdl.core.entry import Entry, Slot
from specdl.spec.expressions import FAILED
from specdl.spec.fields import CATALOGS, Key

if TYPE_CHECKING:
    from specdl.spec.walker import Site, Walker


class Choice(NamedTuple):
    """The class that was chosen, None if there is none, and what is to be judged by it.

    `raw` has the class's own tag as its `type`, and `site` is where its options stand. A choice that
    is not `certain` was told of: nothing can be made of it.
    """

    cls: type[Entry] | None
    raw: Mapping[str, Any]
    site: Site
    certain: bool = True

    @property
    def owner(self) -> str:
        """How messages call the mapping."""
        return f"`{self.raw['type']}`"


def lookup(
    walker: Walker, slot: Slot, tag: str, site: Site, at_key: bool = False
) -> tuple[type[Entry] | None, bool]:
    """The class of a tag, and whether it is the one that was named.

    An unknown tag is told; then the class is what was probably meant, or None.
    """
    cls = CATALOGS[slot.category].get(tag)
    if cls is not None:
        return cls, True
    from specdl.spec.unchosen import unknown

    return unknown(walker, slot, tag, site, at_key), False


def by_name(walker: Walker, slot: Slot, raw: str, site: Site) -> Choice:
    """The class of a bare name."""
    if not slot.short:
        from specdl.spec.unchosen import bare

        return bare(walker, slot, raw, site)
    cls, certain = lookup(walker, slot, raw, site)
    return Choice(cls, {"type": tag_of(cls, raw)}, site, certain)


def choose(walker: Walker, slot: Slot, raw: Any, site: Site) -> Choice:
    """The class that a mapping's `type` names."""
    tag = raw.get("type") if isinstance(raw, dict) else None
    if tag is FAILED:
        return Choice(None, {}, site, certain=False)
    if not isinstance(tag, str) or not tag:
        from specdl.spec.unchosen import typeless

        return typeless(walker, slot, raw, site)
    cls, certain = lookup(walker, slot, tag, site.at("type"))
    return Choice(cls, raw if certain else {**raw, "type": tag_of(cls, tag)}, site, certain)


def unwrapped(
    walker: Walker, raw: Mapping[str, Any], known: Mapping[str, Key], site: Site, owner: str
) -> Mapping[str, Any]:
    """A mapping with the options that stand in a mapping of their own beside its type, as in Keras."""
    strange = [key for key in raw if key not in known and key != "type"]
    if not strange:
        return raw
    from specdl.spec.unchosen import taken_out

    return taken_out(walker, raw, strange, site, owner)


def tag_of(cls: type[Entry] | None, said: str) -> str:
    """The tag of a class; what was said where there is none."""
    return str(cls.model_fields["type"].default) if cls else said
