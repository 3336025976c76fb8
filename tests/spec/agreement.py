"""Whether the published schema and the reader agree: on specs made from the classes, whole and broken.

`python -m tests.spec.agreement --count 10000` compares as many and prints where they differ.
"""

from __future__ import annotations

import argparse
import collections.abc
import copy
import json
import random
import re
import sys
import types
from collections import Counter
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import annotated_types
import jsonschema

from specdl.core.codes import codes
from specdl.core.entry import Entry
from specdl.ops.base import LayerEntry, Name
from specdl.ops.layers.reshape import Reshape
from specdl.spec.defaults import OWN
from specdl.spec.document import read
from specdl.spec.fields import CATALOGS, keys, slot_of, unwrap, wiring
from specdl.spec.model import LintSpec, ModelSpec
from specdl.spec.resolved import render
from specdl.spec.schema import ONE_OF, json_schema
from specdl.spec.validate import validate

DRAFTS = {
    "2020-12": jsonschema.Draft202012Validator(json_schema("2020-12")),
    "07": jsonschema.Draft7Validator(json_schema("07")),
}
MARKED = ["हिन्दी", "தமிழ்", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "e\u0301tage"]
"""Names with marks and joiners."""
NAMES = ["fc1", "head", "x", "größe", "名前", "a-b", "_", "n" * 128, "7", *MARKED]
VARIABLES = ["width", "n", "größe", "_k"]
BAD_NAMES = [
    "",
    "a b",
    "a.b",
    "..",
    "n" * 129,
    "x\n",
    "a/b",
    "\t",
    "\N{SNOWMAN}",
    "\xab",
    "index",
    "min",
    "9a",
    "é!",
]
BAD_KEYS = [name for name in BAD_NAMES if name.isprintable()]
"""Other keys are refused where the text is read (E008), before a schema comes into it."""
TEXTS = ["", "x", "y", "a b", "x.npy", "../x", ";", "é", "t" * 4097, "head", "previous", "input"]
NUMBERS = [-1, 0, 1, 2, 3, 100, 0.5, 1.5, 1e-9, -0.0, 1.0, 2.0, -3.0, 1e300, 2**31, 2**63, 10**40, 0.9999]
ODD = [None, True, False, "10", "yes", "tanh", [], {}, [1, "a"], [[1]], {"type": "linear"}, {"x": {"y": 1}}]
ODD += [{"type": None}, {"type": "relu"}, {"type": "nope"}, [0.9, 0.99], {"steps": 5}, *NUMBERS, *TEXTS]
FILLED = "which options a layer has from `model.defaults`: where a model has defaults, no layer needs its own"
UNSAID = {
    "`nesterov` needs a momentum, and no dampening": "E114 `nesterov`",
    "`boundaries` increase": "E114 `boundaries` must increase",
    "`factors` has one more element than `boundaries`": "E114 `factors`",
    "`a` of the kaiming initialisers is for `leaky_relu`": "E114 `a` is the slope",
    "`a` of `uniform` is below its `b`": "E114 `a` is .* must be below `b`",
    "one size of `reshape` at most is -1": "E114 .* only one size can be -1",
    "a block that is used is declared": "E123",
    "what stands in `with` fits the block's `params`": "E124",
    "blocks do not use themselves": "E125",
    "blocks make at most 10,000 layers": "E126",
    "a name has letters, their marks, and digits of any script, and no other signs": "E116 .*☃",
}
"""What no schema can say, and the findings that say it. `docs/checking.md` has the list."""
LACKED = re.compile(r"E112 .* needs `(\w+)`")
NULL = re.compile(r"E113 `(\w+)` is `null`")
WARNINGS = [code for code in codes() if code.startswith("W")]
DEPTH = 3
"""Layers inside layers, at most."""


class Maker:
    """Makes specs that are right, but for what no single field can say."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.depth = 0
        self.templates: dict[str, dict[str, Any]] = {}

    def often(self, chance: float) -> bool:
        return self.rng.random() < chance

    def spec(self) -> dict[str, Any]:
        """A whole spec."""
        blocks = {f"b{i}": self.template() for i in range(self.rng.choice([0, 0, 0, 1, 2]))}
        made = self.mapping(ModelSpec)
        made.pop("extends", None)
        made["name"] = self.rng.choice([*NAMES, "a.b"])
        made["vars"] = {self.rng.choice(VARIABLES): self.rng.choice([1, 0.5, "x", True])}
        made["blocks"] = blocks
        self.leave_out(made["model"])
        for name in ("vars", "blocks"):
            if not made[name]:
                del made[name]
        return made

    def leave_out(self, model: dict[str, Any]) -> None:
        """Options that layers have by default, left out or taken away."""
        for layer in model["layers"]:
            for name in model.get("defaults", {}).get(layer["type"], ()):
                if self.often(0.5):
                    layer.pop(name, None)
                elif self.often(0.1):
                    layer[name] = None

    def template(self) -> dict[str, Any]:
        """A block, which the layers made after it can use."""
        params = {"units": self.rng.choice(["int", {"type": "int"}, {"type": "int", "default": 3}])}
        made = {"params": params if self.often(0.7) else {}, "layers": self.layers()}
        self.templates[f"b{len(self.templates)}"] = made
        return made if made["params"] or self.often(0.5) else {"layers": made["layers"]}

    def layers(self) -> list[Any]:
        return [self.around(LayerEntry) for _ in range(self.rng.randint(1, 2))]

    def around(self, cls: type[Entry]) -> dict[str, Any]:
        """An op's options and the keys around it."""
        slot = wiring(cls)
        assert slot is not None
        self.depth += 1
        op = self.tagged(slot.category)
        self.depth -= 1
        return op | self.mapping(cls, chance=0.15)

    def tagged(self, category: str) -> dict[str, Any]:
        """An entry of a category."""
        found = list(CATALOGS[category].tags())
        if category == "layers":
            found += ["linear"] * 10
            if self.depth > DEPTH:
                found = ["linear", "relu", "identity"]
        if category == "schedules" and self.depth > DEPTH:
            found = ["constant"]
        tag = self.rng.choice(found)
        if tag == "block" and category == "layers":
            return {"type": tag, **self.use()}
        self.depth += 1
        made = {"type": tag, **self.mapping(CATALOGS[category].get(tag))}
        self.depth -= 1
        if self.often(0.9):
            fitted(made, category)
        return made

    def use(self) -> dict[str, Any]:
        """The options of a block's use."""
        if self.often(0.3 if self.templates else 0.8):
            return {"layers": self.layers()}
        name = self.rng.choice([*self.templates, "nowhere"])
        given = {"with": {"units": 4}} if self.templates.get(name, {}).get("params") else {}
        return {"block": name, **given, **({"repeat": 2} if self.often(0.3) else {})}

    def mapping(self, cls: type[Entry], chance: float = 0.4) -> dict[str, Any]:
        """An entry of a class: what must be there, and some of what may."""
        made: dict[str, Any] = {}
        for name, key in keys(cls).items():
            if (key.required or self.often(chance)) and name not in ("vars", "blocks"):
                made[name] = self.value(key.type, slot_of(key.info.metadata))
        if cls in ONE_OF:
            kept, other = self.rng.sample(ONE_OF[cls], 2)
            made.pop(other, None)
            while made.get(kept) is None:
                made[kept] = self.value(keys(cls)[kept].type, slot_of(keys(cls)[kept].info.metadata))
        if cls is Reshape:
            made["shape"] = self.rng.choice([[4], [2, -1], [3, 1], [5]])
        if made.get("inputs") == {}:
            made["inputs"] = {"x": {"shape": [2]}}
        if "defaults" in made:
            made["defaults"] = self.defaults()
        if cls is LintSpec and "ignore" in made:
            listed = self.rng.sample(WARNINGS, 2)
            made["ignore"] = listed if self.often(0.5) else dict.fromkeys(listed, "known")
        items = list(made.items())
        self.rng.shuffle(items)
        return dict(items)

    def value(self, annotation: Any, slot: Any) -> Any:
        """A value of an annotated type."""
        if annotation == Name:
            return self.rng.choice(NAMES)
        inner, said = unwrap(annotation)
        slot = slot_of(said) or slot
        origin, args = get_origin(inner), get_args(inner)
        if origin in (Union, types.UnionType):
            chosen = self.rng.choice([each for each in args if each is not type(None) or self.often(0.3)])
            return None if chosen is type(None) else self.value(with_said(chosen, said), slot)
        if origin is tuple and args[-1] is not Ellipsis:
            return [self.value(each, slot) for each in args]
        if origin is tuple:
            return [self.value(args[0], slot) for _ in range(self.length(said))]
        if origin in (dict, collections.abc.Mapping):
            return {self.rng.choice(NAMES[:5]): self.value(args[1], slot) for _ in range(self.length(said))}
        if origin is Literal:
            return self.rng.choice(args)
        return self.single(inner, said, slot)

    def defaults(self) -> dict[str, Any]:
        """`model.defaults`, often of what most layers need."""
        made: dict[str, Any] = {}
        for tag in dict.fromkeys(["linear", *self.rng.sample(CATALOGS["layers"].tags(), 2)]):
            cls = CATALOGS["layers"].get(tag)
            known = [key for key in keys(cls).values() if tag not in ("block", "residual", "reshape")]
            made[tag] = {key.name: self.value(key.type, slot_of(key.info.metadata)) for key in known}
            if self.often(0.3):
                made[tag]["activation"] = "relu"
        made.pop("block", None)
        return made

    def length(self, said: tuple[Any, ...]) -> int:
        least = max([each.min_length for each in said if isinstance(each, annotated_types.MinLen)], default=0)
        return self.rng.randint(least, 3)

    def single(self, cls: Any, said: tuple[Any, ...], slot: Any) -> Any:
        """A number, text, truth value or entry."""
        if cls is bool:
            return self.often(0.5)
        if cls in (int, float):
            return self.number(cls, said)
        if cls is str:
            fits = annotated_types.MaxLen(1) in said
            return ";" if fits else self.rng.choice(TEXTS[1:8])
        if not issubclass(cls, Entry):
            return 1
        if slot is None:
            return self.around(cls) if wiring(cls) else self.mapping(cls)
        made = self.tagged(slot.category)
        return made["type"] if slot.short and len(made) == 1 and self.often(0.7) else made

    def number(self, cls: type, said: tuple[Any, ...]) -> Any:
        """A number within its bounds, often at one."""
        low, high = -3, 5
        for each in said:
            low = getattr(each, "ge", getattr(each, "gt", low))
            high = getattr(each, "le", getattr(each, "lt", high))
        open_ = {type(each) for each in said}
        middle = (low + high) // 2 if cls is int else (low + min(high, low + 8)) / 2
        found = [middle]
        found += [] if annotated_types.Gt in open_ else [low]
        found += [] if annotated_types.Lt in open_ else [high]
        return self.rng.choice(found)


def fitted(made: dict[str, Any], category: str) -> None:
    """Change options so that they go together, which most specs are to be."""
    if made.get("nesterov") is True:
        made["momentum"] = 0.9
        made.pop("dampening", None)
    if "boundaries" in made:
        made["boundaries"] = sorted({*made["boundaries"], 7})
        made["factors"] = [0.5] * (len(made["boundaries"]) + 1)
    if made["type"].startswith("kaiming") and "nonlinearity" in made:
        made.pop("a", None)
    if (made["type"], category) == ("uniform", "inits"):
        made |= {"a": -1, "b": 2.5}


def with_said(annotation: Any, said: tuple[Any, ...]) -> Any:
    """A member of a union with what was said of the whole."""
    return Annotated[annotation, *said] if said else annotation


def places(value: Any, path: tuple[Any, ...] = ()) -> collections.abc.Iterator[tuple[Any, ...]]:
    """Every place inside a value."""
    if path:
        yield path
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in steps:
        yield from places(each, (*path, step))


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def broken(spec: Any, other: Any, rng: random.Random) -> None:
    """Change one place of a spec; `other` is a second spec to take pieces of."""
    path = rng.choice(list(places(spec)))
    holder, last = at(spec, path[:-1]), path[-1]
    how = rng.randrange(9)
    if how == 0:
        del holder[last]
    elif how == 1 and isinstance(holder, dict):
        holder[rng.choice([f"{last}x", last[:-1], "type", "name", *BAD_KEYS])] = holder.pop(last)
    elif how == 2 and isinstance(holder[last], dict):
        holder[last][rng.choice(["extra", "type", "name", "lr", *BAD_KEYS])] = rng.choice(ODD)
    elif how == 3 and isinstance(holder, list):
        holder.insert(last, copy.deepcopy(holder[last]))
    elif how == 4:
        holder[last] = copy.deepcopy(at(other, rng.choice(list(places(other)))))
    elif how == 5:
        section = rng.choice([(), ("model",), ("train",), ("data",)])
        if isinstance(at(spec, ()), dict) and isinstance(spec.get(section[0]) if section else spec, dict):
            name = rng.choice(list(at(other, section)))
            at(spec, section)[name] = copy.deepcopy(at(other, section)[name])
    elif how == 6:
        named(spec, rng)
    elif how == 7:
        holder[last] = rng.choice(BAD_NAMES if isinstance(holder[last], str) else NUMBERS)
    else:
        holder[last] = copy.deepcopy(rng.choice(ODD))


def named(spec: Any, rng: random.Random) -> None:
    """Give something a name that it cannot have."""
    homes = [path for path in places(spec) if path[-1] in ("name", "inputs", "vars", "params")]
    if not homes:
        return
    path = rng.choice(homes)
    value = at(spec, path)
    if isinstance(value, dict) and value:
        value[rng.choice(BAD_KEYS)] = value.pop(rng.choice(list(value)))
    elif isinstance(value, str):
        at(spec, path[:-1])[path[-1]] = rng.choice(BAD_NAMES)


def rendered(spec: Any, rng: random.Random) -> Any:
    """A spec as `specdl render` writes it out, three times of four; else, or if it is wrong, as it is."""
    model, _ = validate(read(spec)) if rng.random() < 0.75 else (None, [])
    return spec if model is None else json.loads(json.dumps(render(model)))


def lifted(spec: Any, rng: random.Random) -> None:
    """Write a number, text or truth value of a spec as a variable's."""
    found = [path for path in places(spec) if path[0] not in ("vars", "$schema")]
    found = [path for path in found if isinstance(at(spec, path), (int, float, str))]
    path = rng.choice(found)
    value = at(spec, path)
    spec.setdefault("vars", {})["lifted"] = value
    at(spec, path[:-1])[path[-1]] = "${lifted}"


def whole(value: Any) -> Any:
    """A spec as a schema sees it: 2.0 is a whole number."""
    if isinstance(value, dict):
        return {name: whole(each) for name, each in value.items()}
    if isinstance(value, list):
        return [whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def generated(seed: int) -> tuple[str, Any]:
    """A spec and what was done to it."""
    rng = random.Random(seed)
    spec, other = (rendered(Maker(rng).spec(), rng) for _ in range(2))
    how = rng.choice(["whole", "whole", "lifted", "broken", "broken", "broken"])
    if how == "lifted":
        lifted(spec, rng)
    elif how == "broken":
        for _ in range(rng.choice([1, 1, 1, 2, 3])):
            broken(spec, other, rng)
    return how, spec


@dataclass(frozen=True)
class Verdict:
    """What the reader and each draft of the schema say of a spec."""

    findings: tuple[Any, ...]
    unsaid: tuple[str, ...]
    drafts: dict[str, bool]

    @property
    def agree(self) -> bool:
        return all(valid is (not self.findings) for valid in self.drafts.values())


def judged(spec: Any) -> Verdict:
    """Both verdicts; findings that no schema can have are named, and left out."""
    found = [each for each in validate(read(whole(spec)))[1] if each.severity == "error"]
    names = {id(each): unsaid(each, has_defaults(spec)) for each in found}
    left = tuple(each for each in found if names[id(each)] is None)
    drafts = {draft: validator.is_valid(spec) for draft, validator in DRAFTS.items()}
    return Verdict(left, tuple(name for name in names.values() if name), drafts)


def has_defaults(spec: Any) -> bool:
    """Whether layers of some type have defaults."""
    return bool(
        isinstance(spec, dict) and isinstance(spec.get("model"), dict) and spec["model"].get("defaults")
    )


def of_option(path: tuple[Any, ...], text: str) -> bool:
    """Whether a finding is about an option that a layer lacks and a default could supply."""
    lacked, null = LACKED.match(text), NULL.match(text)
    layer = path if lacked else path[:-1]
    found = lacked or null
    inside = layer[-2:-1] in (("layers",), ("shortcut",))
    return bool(found and inside and found[1] not in {*OWN, "type", "layers", "block"})


def unsaid(finding: Any, defaults: bool) -> str | None:
    """The name of the rule behind a finding that a schema cannot say."""
    text = f"{finding.code} {finding.message}"
    if defaults and of_option(finding.path, text):
        return FILLED
    if finding.path[:1] == ("blocks",) and finding.path[-1] == "default":
        return None
    return next((name for name, pattern in UNSAID.items() if re.match(pattern, text)), None)


def main() -> int:
    """Compare, print and count; 1 if there is a disagreement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10000)
    parser.add_argument("--first", type=int, default=0)
    args = parser.parse_args()
    counts: Counter[str] = Counter()
    for seed in range(args.first, args.first + args.count):
        how, spec = generated(seed)
        verdict = judged(spec)
        counts[f"{how}, {'right' if not verdict.findings else 'wrong'}"] += 1
        counts.update(f"no schema says: {each}" for each in set(verdict.unsaid))
        if not verdict.agree:
            counts["disagreements"] += 1
            if counts["disagreements"] <= 20:
                told(seed, spec, verdict)
    for name, count in sorted(counts.items()):
        print(f"{count:6} {name}")
    return 1 if counts["disagreements"] else 0


def told(seed: int, spec: Any, verdict: Verdict) -> None:
    """Print a disagreement."""
    print(f"seed {seed}: {verdict.drafts}")
    for each in verdict.findings:
        print(f"   reader: {each.code} {each.path} {each.message}")
    if not verdict.findings:
        error = jsonschema.exceptions.best_match(DRAFTS["2020-12"].iter_errors(spec))
        print(
            f"   schema: {list(error.absolute_path) if error else ''} {error.message[:200] if error else ''}"
        )
    print("   ", json.dumps(spec)[:1500])


if __name__ == "__main__":
    sys.exit(main())
