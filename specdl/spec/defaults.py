"""`model.defaults`: what layers of a type say where they do not say it themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from specdl.core.entry import Entry, Slot
from specdl.core.wording import shown
from specdl.ops.base import LayerEntry
from specdl.ops.layers.block import Block
from specdl.spec.expressions import FAILED
from specdl.spec.fields import Items, keys
from specdl.spec.places import DEFAULTS
from specdl.spec.walker import Site, Walker

LAYERS = Slot("layers")
OWN: Mapping[str, str] = {
    "name": "each layer has its own",
    "inputs": "it says how one layer is wired",
    "tie": "it says which parameters one layer shares",
}
"""Keys of a layer that are no defaults, and why."""
INNER = "its layers would be those of many"


@dataclass
class Defaults:
    """The defaults of a spec by type of layer; what has a finding is `FAILED`, or left out."""

    values: dict[str, dict[str, Any]] = field(default_factory=dict)

    def declare(self, raw: Any, walker: Walker) -> None:
        """Judge the defaults, each once, where it is written."""
        for kind, options in raw.items() if isinstance(raw, dict) else ():
            site = Site((*DEFAULTS, kind))
            cls = walker.lookup(LAYERS, kind, site, at_key=True)
            if cls is Block:
                message = "a block takes no defaults: the layers in it do, by their types"
                walker.tell("E131", message, site, at_key=True)
            elif cls is not None and options is not FAILED and not isinstance(options, dict):
                message = (
                    f"the defaults of `{kind}` are {shown(options)}, but must be a mapping of its options"
                )
                walker.tell("E113", message, site)
            elif cls is not None and options is not FAILED:
                self.values[kind] = self.judged(cls, kind, options, site, walker)

    def judged(
        self, cls: type[Entry], kind: str, options: Mapping[str, Any], site: Site, walker: Walker
    ) -> dict[str, Any]:
        """The defaults of one type that can be used."""
        known = {name: key for name, key in {**keys(cls), **keys(LayerEntry)}.items() if name not in OWN}
        known = {name: key for name, key in known.items() if not isinstance(key.kind, Items)}
        before, made = len(walker.found), dict[str, Any]()
        for name, value in options.items():
            here = site.at(name)
            if name in known:
                made[name] = walker.resolve(known[name].kind, value, here, known[name])
            elif name in OWN or name in keys(cls):
                message = f"`{name}` cannot be a default: {OWN.get(name, INNER)}"
                walker.tell("E131", message, here, at_key=True)
            else:
                from specdl.spec.unknown import Mapped

                mapped = Mapped(known, [each for each in known if each not in options], "option", "layers")
                walker.unknown(name, value, mapped, site, f"`{kind}`")
        for each in (cls, LayerEntry):
            self.refuse(each, made, site, walker)
        new = list(walker.found.values())[before:]
        faulty = {finding.path[len(site.path)] for finding in new if len(finding.path) > len(site.path)}
        return {name: FAILED if name in faulty else options[name] for name in made}

    def refuse(self, cls: type[Entry], made: Mapping[str, Any], site: Site, walker: Walker) -> None:
        """Tell of the values that a class does not take; what only fits with others a layer tells."""
        lacking = {key.name: FAILED for key in keys(cls).values() if key.required}
        given = {"op": FAILED} if cls is LayerEntry else {}
        given |= lacking | {name: value for name, value in made.items() if name in keys(cls)}
        try:
            cls.model_validate(given)
        except ValidationError as error:
            from specdl.spec.complaints import complaints

            for each in complaints(cls, given, error.errors(include_url=False), ""):
                if each.below:
                    here = site.at(*each.below)
                    fix = each.fix(here.path)
                    walker.tell(each.code, each.message, here, each.at_key, each.help, fix=fix)

    def complete(self, raw: Mapping[str, Any]) -> Mapping[str, Any]:
        """A layer's mapping, whose type is known, with what it does not say itself.

        Where it says null of what has a default, it is as if neither did.
        """
        given = self.values.get(raw["type"])
        if not given:
            return raw
        own = {name: value for name, value in raw.items() if value is not None or name not in given}
        return {name: value for name, value in given.items() if name not in raw} | own
