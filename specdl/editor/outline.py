"""The layers of a raw spec, what they are called, and what names in it mean."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from specdl.core.diagnostics import Path, below
from specdl.editor.slots import LAYERS, is_block, is_layers, known
from specdl.spec.document import Document
from specdl.spec.expressions import FUNCTIONS
from specdl.spec.text import MAX_DEPTH, Span

NAME = re.compile(r"[^\W\d]\w*")
EXPRESSION = re.compile(r"(?<!\$)\$\{([^}]*)\}")
INDEX = "index"


@dataclass(frozen=True)
class Layers:
    """One list of layers; `outer` is the list that its layers see beyond it."""

    path: Path
    raw: list[Any]
    outer: Layers | None = None
    template: str | None = None
    """The block whose template the list is in."""

    @cached_property
    def names(self) -> tuple[str | None, ...]:
        """The layers' names by place, as `specdl.ops.naming.local_names` gives them; None for no layer."""
        seen: Counter[str] = Counter()
        found: list[str | None] = []
        for each in self.raw:
            tag = each.get("type") if isinstance(each, dict) else None
            name = each.get("name") if isinstance(each, dict) else None
            if isinstance(tag, str):
                seen[tag] += 1
            made = f"{tag}{seen[tag]}" if isinstance(tag, str) else None
            found.append(name if isinstance(name, str) else made)
        return tuple(found)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """Where each name is, the first time it is used."""
        return {name: i for i, name in reversed(list(enumerate(self.names))) if name}


@dataclass(frozen=True)
class Use:
    """A piece of text that names something: where, the value it is in, and the path of what it means."""

    span: Span
    path: Path
    target: Path
    at_key: bool = False


@dataclass
class Outline:
    """What the names in a document mean; works on documents that have mistakes."""

    document: Document
    found: dict[Path, Layers] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.spec = self.document.value if isinstance(self.document.value, dict) else {}
        self.add(("model", "layers"), None, None)
        for name in self.blocks:
            self.add(("blocks", name, "layers"), None, name)

    @property
    def blocks(self) -> Mapping[str, Any]:
        """The templates by name."""
        blocks = self.spec.get("blocks")
        return blocks if isinstance(blocks, dict) else {}

    def params(self, block: str) -> Mapping[str, Any]:
        """The parameters of a template."""
        found = below(self.blocks, (block, "params"))
        return found if isinstance(found, dict) else {}

    def add(self, path: Path, outer: Layers | None, template: str | None) -> None:
        """Note the list of layers at a path, and those inside its layers."""
        raw = below(self.spec, path)
        if not isinstance(raw, list) or len(path) > MAX_DEPTH:
            return
        made = self.found[path] = Layers(path, raw, outer, template)
        for i, each in enumerate(raw):
            for name in nested(each):
                self.add((*path, i, name), None if is_block(each) else made, template)

    def layers(self) -> Iterator[tuple[Layers, int, Mapping[str, Any]]]:
        """Every layer with the list it is in and its place there."""
        for group in self.found.values():
            for i, each in enumerate(group.raw):
                if isinstance(each, dict):
                    yield group, i, each

    def name(self, path: Path) -> str | None:
        """The name of the layer at a path, in its list."""
        group = self.found.get(path[:-1]) if path else None
        return group.names[path[-1]] if group and isinstance(path[-1], int) else None

    def inputs(self) -> Mapping[str, Path]:
        """The model's inputs by name."""
        several = below(self.spec, ("model", "inputs"))
        if isinstance(several, dict):
            return {name: ("model", "inputs", name) for name in several}
        return {"input": ("model", "input")}

    def readable(self, group: Layers, at: int) -> Iterator[tuple[str, Path]]:
        """The names that the layer at a place of a list can read, nearest first."""
        here: Layers | None = group
        while here is not None:
            names = [(name, i) for i, name in enumerate(here.names[:at]) if name]
            yield from ((name, (*here.path, i)) for name, i in reversed(names))
            if here.path != ("model", "layers"):
                yield "input", here.path[:-2]
            if here.outer is None:
                break
            at = int(here.path[len(here.outer.path)])
            here = here.outer
        if here and here.path == ("model", "layers"):
            yield from self.inputs().items()

    def meant(self, name: str, group: Layers | None, at: int = -1) -> Path | None:
        """The layer or input that a name means to the layer at a place of a list."""
        root, *parts = name.split(".")
        if root == "previous" and group is not None and at > 0:
            return (*group.path, at - 1)
        while group is not None:
            if root in group.places:
                return self.inside((*group.path, group.places[root]), parts)
            if root == "input" and group.path != ("model", "layers"):
                return None
            if group.outer is None:
                break
            group = group.outer
        if group is None or group.path == ("model", "layers"):
            return self.inputs().get(root)
        return None

    def inside(self, path: Path, parts: list[str]) -> Path:
        """What the rest of a dotted name means in a layer: a layer inside it, or itself for a result."""
        raw = below(self.spec, path)
        lists = [(*path, name) for name in nested(raw)]
        if is_block(raw):
            if parts and parts[0].isdigit():
                parts = parts[1:]
            lists = lists or [("blocks", str(raw.get("block")), "layers")]
        for each in lists:
            group = self.found.get(each)
            rest = parts[1:] if parts and each[-1] == "shortcut" and parts[0] == "shortcut" else parts
            if group and rest and rest[0] in group.places:
                return self.inside((*each, group.places[rest[0]]), rest[1:])
        return path

    @cached_property
    def uses(self) -> list[Use]:
        """Every piece of text that names a layer, an input, a block, a variable or a parameter of a block."""
        found: list[Use] = []
        for group, at, raw in self.layers():
            found += self.layer_uses(group, at, raw)
        model = self.found.get(("model", "layers"))
        output = below(self.spec, ("model", "output"))
        outer: list[tuple[Path, Any]] = [(("model", "output"), output)]
        if isinstance(output, list):
            outer = [(("model", "output", i), each) for i, each in enumerate(output)]
        losses = self.spec.get("losses")
        for i, each in enumerate(losses if isinstance(losses, list) else ()):
            outer.append((("losses", i, "output"), below(each, ("output",))))
        for path, name in outer:
            found += self.use(path, name, self.meant(name, model) if isinstance(name, str) else None)
        return [*found, *self.expressions()]

    def layer_uses(self, group: Layers, at: int, raw: Mapping[str, Any]) -> Iterator[Use]:
        """What a layer names: what it reads, what it is tied to, its block and the block's parameters."""
        path = (*group.path, at)
        inputs, tie = raw.get("inputs"), raw.get("tie")
        for i, name in enumerate(inputs if isinstance(inputs, list) else ()):
            if isinstance(name, str):
                yield from self.use((*path, "inputs", i), name, self.meant(name, group, at))
        for argument, name in tie.items() if isinstance(tie, dict) else ():
            if isinstance(name, str) and "." in name:
                meant = self.meant(name.rpartition(".")[0], group, at)
                yield from self.use((*path, "tie", argument), name, meant)
        block = raw.get("block")
        if is_block(raw) and isinstance(block, str) and block in self.blocks:
            yield from self.use((*path, "block"), block, ("blocks", block))
            given = raw.get("with")
            for name in given if isinstance(given, dict) else ():
                here = (*path, "with", name)
                if name in self.params(block) and here in self.document.keys:
                    yield Use(self.document.keys[here], here, ("blocks", block, "params", name), at_key=True)

    def use(self, path: Path, name: Any, target: Path | None) -> Iterator[Use]:
        """A value that is a name as a whole."""
        if isinstance(name, str) and target and path in self.document.values:
            yield Use(self.document.values[path], path, target)

    def expressions(self) -> Iterator[Use]:
        """The names in `${...}`."""
        lines = self.document.lines
        text = lines.text if lines else ""
        for path, (start, end) in self.document.values.items():
            if end - start < 4:
                continue
            for match in EXPRESSION.finditer(text, start, end):
                for name in NAME.finditer(match[1]):
                    target = self.variable(name[0], path)
                    begin = match.start(1) + name.start()
                    if target:
                        yield Use((begin, begin + len(name[0])), path, target)

    def variable(self, name: str, path: Path) -> Path | None:
        """What a name in an expression at a path means."""
        if name in FUNCTIONS or name == INDEX:
            return None
        if path[:1] == ("blocks",) and len(path) > 3 and name in self.params(str(path[1])):
            return ("blocks", path[1], "params", name)
        declared = self.spec.get("vars")
        return ("vars", name) if isinstance(declared, dict) and name in declared else None


def nested(raw: Any) -> Iterator[str]:
    """The keys of a raw layer that hold lists of layers."""
    item = LAYERS.kind.item if is_layers(LAYERS.kind) else None  # type: ignore[union-attr]
    if item is None or not isinstance(raw, dict):
        return
    for name, value in raw.items():
        if isinstance(value, list):
            key = known(item, raw).get(name)
            if key and is_layers(key.kind):
                yield name
