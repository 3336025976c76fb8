"""Templates of layers: parameters filled in, repetitions counted, growth bounded before it happens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import Field

from specdl.core.diagnostics import Finding, Fix, Note, Path, Replace
from specdl.core.entry import Entry
from specdl.core.suggest import Suggester
from specdl.core.wording import as_written, dotted, shown
from specdl.ops.base import Composite, LayerEntry
from specdl.ops.layers.block import Block
from specdl.spec.expressions import FAILED, NAME, RESERVED, Failed, Scope, names_in
from specdl.spec.fields import SIMPLE, keys
from specdl.spec.model import ModelSection
from specdl.spec.variables import NAME_RULE, resolve
from specdl.spec.walker import Site, Walker

MAX_LAYERS = 10_000
"""Layers that all blocks of a spec may make."""
MAX_WORK = 2_000_000
"""Characters of expressions that all blocks of a spec may evaluate; any other value counts as ten."""
MAX_BLOCK_DEPTH = 16
BLOCKS = ("blocks",)
ParamType = Literal["int", "float", "str", "bool"]
LAYERS = keys(ModelSection)["layers"]
"""The layers of a template are judged as those of a model."""
TYPES: Mapping[ParamType, type] = {"int": int, "float": float, "str": str, "bool": bool}


class ParamSpec(Entry):
    """A parameter of a template that may be left out where it is used."""

    kind: Annotated[ParamType, Field(alias="type", description="What values it takes.", examples=["int"])]
    default: Annotated[
        int | float | str | bool | None, Field(description="Its value where none is given.", examples=[1])
    ] = None


class Template(Entry):
    """Layers to be used many times, with the parameters they have."""

    params: Annotated[
        Mapping[str, ParamType | ParamSpec],
        Field(
            description="Their types, or `{type, default}`, by name.",
            examples=[{"channels": "int", "stride": {"type": "int", "default": 1}}],
        ),
    ] = {}
    layers: Annotated[
        tuple[Any, ...],
        Field(
            min_length=1,
            description="As in `model.layers`.",
            examples=[({"type": "linear", "out_features": "${channels}", "name": "fc"},)],
        ),
    ]


@dataclass
class Known:
    """A template that can be used: its raw layers and its parameters' types and defaults."""

    path: Path
    layers: list[Any]
    types: dict[str, ParamType]
    defaults: dict[str, Any]
    counts: bool
    """Whether its layers speak of `${index}`."""
    size: int = 0
    """How many layers it has, without those of the blocks in it."""
    cost: int = 0
    """What filling in its parameters takes, in characters of expressions."""
    used: bool = False


@dataclass
class Blocks:
    """The templates of a spec, and their use."""

    scope: Scope
    known: dict[str, Known | Failed] = field(default_factory=dict)
    left: int = MAX_LAYERS
    work: int = MAX_WORK
    sizes: dict[str, int] = field(default_factory=dict)
    """What each template makes at least."""
    alone: bool = False
    """Whether templates are judged one by one."""
    using: list[str] = field(default_factory=list)
    """The blocks that are being filled in, outermost first."""
    suggester: Suggester = field(default_factory=Suggester)

    def declare(self, raw: Any, walker: Walker) -> None:
        """Take the `blocks` of a spec; a faulty template is `FAILED`, with its findings."""
        if raw is None:
            return
        site = Site(BLOCKS)
        if not isinstance(raw, dict):
            walker.tell(
                "E113", f"`blocks` is {shown(raw)}, but must be a mapping of names to templates", site
            )
            return
        for name, template in raw.items():
            here = site.at(name)
            if isinstance(template, dict):
                self.known[name] = self.template(template, here, walker)
            else:
                what = (
                    f"the block `{dotted((name,))}` is {shown(template)}, but must be a mapping with `layers`"
                )
                self.known[name] = walker.tell("E113", what, here)

    def template(self, raw: dict[str, Any], site: Site, walker: Walker) -> Known | Failed:
        findings: list[Finding] = []
        header = dict(raw)
        if raw.get("params") is None:
            header.pop("params", None)
        else:
            header["params"] = resolve(raw["params"], (*site.path, "params"), self.scope, findings)
        for finding in findings:
            walker.add(finding, site)
        made = walker.entry(Template, header, site)
        if not isinstance(made, Template) or "layers" not in raw:
            return FAILED
        types, defaults = dict[str, ParamType](), dict[str, Any]()
        before = len(walker.found)
        for name, param in made.params.items():
            types[name] = param.kind if isinstance(param, ParamSpec) else param
            self.param(name, types[name], param, site.at("params", name), walker)
            if isinstance(param, ParamSpec) and param.default is not None:
                defaults[name] = param.default
        if len(walker.found) > before:
            return FAILED
        layers = raw["layers"]
        counts = mentions_index(layers)
        return Known(site.path, layers, types, defaults, counts, size(layers), cost(layers))

    def param(self, name: str, kind: ParamType, param: Any, site: Site, walker: Walker) -> None:
        """Judge a parameter's name and default."""
        if not NAME.fullmatch(name) or name in RESERVED:
            reason = "it has a meaning of its own in expressions"
            if name not in RESERVED:
                reason = NAME_RULE
            walker.tell("E116", f"`{dotted((name,))}` cannot be a parameter: {reason}", site, at_key=True)
            return
        default = param.default if isinstance(param, ParamSpec) else None
        if default is not None and not fits(default, kind):
            what = f"the default of `{name}` is {shown(default)}, but must be {SIMPLE[TYPES[kind]][0]}"
            walker.tell("E124", what, site.at("default"))

    def check_unused(self, walker: Walker) -> None:
        """Judge the templates that nothing uses, as far as that can be without their parameters' values.

        The blocks that these use in their turn are not filled in: they are judged on their own.
        """
        self.left, self.work, self.alone = MAX_LAYERS, MAX_WORK, True
        for name, known in self.known.items():
            if isinstance(known, Known) and not known.used:
                self.fill(walker, name, known, dict.fromkeys(known.types, FAILED), 1, Site(known.path))
                self.left = MAX_LAYERS

    def __call__(self, walker: Walker, op: Composite, site: Site) -> Any:
        """The use of a block with the layers it stands for, or `FAILED`."""
        assert isinstance(op, Block)
        if op.layers is not None:
            return op
        if op.block is None:
            return FAILED
        known = self.known.get(op.block)
        if known is None:
            meant = self.suggester.nearest(op.block, self.known)
            help = f"did you mean `{meant}`?" if meant else "declare it in `blocks`, at the top of the spec"
            return walker.tell("E123", f"no block is called `{op.block}`", site.at("block"), help=help)
        if isinstance(known, Failed):
            return FAILED
        arguments = self.arguments(op, known, site, walker)
        if arguments is None or self.alone or not self.allowed(op.block, op.repeat, site, walker):
            return FAILED
        inner = Site(site.path, (site.path, *site.trail), site.depth)
        body = self.fill(walker, op.block, known, arguments, op.repeat or 1, inner)
        return FAILED if body is None else op.filled(body)

    def arguments(self, op: Block, known: Known, site: Site, walker: Walker) -> dict[str, Any] | None:
        """The values of a template's parameters at a use; None, with findings, if they are not right."""
        before = len(walker.found)
        free = [name for name in known.types if name not in op.arguments]
        strange = [name for name in op.arguments if name not in known.types]
        for name, value in op.arguments.items():
            here = site.at("with", name)
            if name not in known.types:
                meant = self.suggester.nearest(name, free)
                help = f"did you mean `{meant}`?" if meant else listed(known.types)
                walker.tell(
                    "E124", f"the block `{op.block}` has no parameter `{dotted((name,))}`", here, True, help
                )
            elif not fits(value, known.types[name]):
                wanted = SIMPLE[TYPES[known.types[name]]][0]
                note = Note(f"`{name}` is declared", (*known.path, "params", name), label=True)
                message = f"`{name}` is {shown(value)}, but must be {wanted}"
                from specdl.spec.complaints import type_help

                right, meant, sure = type_help(TYPES[known.types[name]], value)
                fix = Fix(f"write {as_written(meant)}", (Replace(here.path, meant),), sure) if right else None
                walker.tell("E124", message, here, help=right, notes=(note,), fix=fix)
        meant_names = {self.suggester.nearest(name, free) for name in strange}
        lacking = [name for name in free if name not in known.defaults and name not in meant_names]
        instead = len(lacking) == len(strange) == 1 and meant_names == {None}
        if not instead:  # else one was written for the other
            for name in lacking:
                wanted = SIMPLE[TYPES[known.types[name]]][0]
                note = Note(f"`{name}` is declared", (*known.path, "params", name), label=True)
                where = site.at("with") if op.arguments else site
                walker.tell("E124", f"the block `{op.block}` needs `{name}`: {wanted}", where, notes=(note,))
        return {**known.defaults, **op.arguments} if len(walker.found) == before else None

    def allowed(self, name: str, repeat: int | None, site: Site, walker: Walker) -> bool:
        """Whether a use neither stands in itself nor makes too many layers."""
        if name in self.using:
            ring = [*self.using[self.using.index(name) :], name]
            text = " -> ".join(f"`{each}`" for each in ring)
            walker.tell("E125", f"a block cannot use itself: {text}", site.at("block"))
            return False
        if len(self.using) >= MAX_BLOCK_DEPTH:
            walker.tell("E125", f"blocks are nested more than {MAX_BLOCK_DEPTH} deep", site.at("block"))
            return False
        least = (repeat or 1) * self.least(name)
        if least > self.left:
            count = f"{least:,}" if least < 10**12 else "over 10**12"
            what = f"`repeat` of {repeat}" if repeat and repeat < 10**12 else f"the block `{name}`"
            message = f"{what} makes {count} layers or more; all blocks together may make {MAX_LAYERS:,}"
            walker.tell("E126", message, site.at("repeat") if repeat else site)
            return False
        return True

    def least(self, name: str, depth: int = 0) -> int:
        """A number of layers that a template surely makes, without making them."""
        known = self.known.get(name)
        if name in self.sizes or not isinstance(known, Known) or depth >= MAX_BLOCK_DEPTH:
            return self.sizes.get(name, 0)
        self.sizes[name] = 0  # a template that uses itself ends here
        total, todo = 0, list[Any]([known.layers])
        while todo:
            value = todo.pop()
            if isinstance(value, list):
                total += sum(isinstance(each, dict) and "type" in each for each in value)
                todo.extend(value)
            elif isinstance(value, dict):
                if value.get("type") == "block" and isinstance(value.get("block"), str):
                    repeat = value.get("repeat")
                    times = repeat if isinstance(repeat, int) and not isinstance(repeat, bool) else 1
                    total += max(times, 0) * self.least(value["block"], depth + 1)
                todo.extend(each for each in value.values() if isinstance(each, (list, dict)))
        self.sizes[name] = total
        return total

    def fill(
        self, walker: Walker, name: str, known: Known, arguments: Mapping[str, Any], repeat: int, site: Site
    ) -> tuple[tuple[LayerEntry, ...], ...] | None:
        """The layers of each repetition; None, with findings, where some cannot be made.

        Repetitions that do not speak of `${index}` are alike and made once, but counted each.
        """
        known.used = True
        if known.counts and repeat * known.cost > self.work:
            self.work = -1
            self.enough(walker, known, site)
            return None
        self.using.append(name)
        body: list[tuple[LayerEntry, ...]] = []
        before, made = self.left, 0
        try:
            for index in range(repeat):
                if index and not known.counts:
                    self.left = before - (index + 1) * made
                    layers = body[0] if self.enough(walker, known, site) else None
                else:
                    layers = self.repetition(walker, known, {**self.scope, **arguments, "index": index}, site)
                    made = before - self.left
                if layers is None:
                    return None
                body.append(layers)
        finally:
            self.using.pop()
        return tuple(body)

    def enough(self, walker: Walker, known: Known, site: Site) -> bool:
        """Whether no more layers and expressions were asked for than there may be."""
        here = Site((*known.path, "layers"), site.trail, site.depth)
        if self.left < 0:
            walker.tell("E126", f"all blocks together may make {MAX_LAYERS:,} layers; these are more", here)
        elif self.work < 0:
            limit = f"{MAX_WORK:,} characters of expressions"
            walker.tell("E126", f"all blocks together may evaluate {limit}; these are more", here)
        return self.left >= 0 and self.work >= 0

    def repetition(
        self, walker: Walker, known: Known, scope: Scope, site: Site
    ) -> tuple[LayerEntry, ...] | None:
        """The layers of one repetition."""
        self.left -= known.size
        self.work -= known.cost
        if not self.enough(walker, known, site):
            return None
        path = (*known.path, "layers")
        here = Site(path, site.trail, site.depth)
        findings: list[Finding] = []
        raw = resolve(known.layers, path, scope, findings)
        for finding in findings:
            walker.add(finding, here)
        made = walker.resolve(LAYERS.kind, raw, here, LAYERS)
        if isinstance(made, tuple) and all(isinstance(each, LayerEntry) for each in made):
            return made
        # what is no layer and has no finding yet gets the one that it would have in a model
        walker.construct(
            ModelSection, {LAYERS.name: made}, Site(known.path, site.trail, site.depth), "the block"
        )
        return None


def fits(value: Any, kind: ParamType) -> bool:
    """Whether a value is of a parameter's type; a whole number is a number."""
    if value is FAILED:
        return True
    if kind == "bool" or isinstance(value, bool):
        return kind == "bool" and isinstance(value, bool)
    return isinstance(value, (int, float) if kind == "float" else TYPES[kind])


def listed(types: Mapping[str, ParamType]) -> str:
    """The parameters that there are, for a help."""
    names = ", ".join(f"`{name}`" for name in types)
    return f"its parameters are {names}" if names else "it has no parameters"


def mentions_index(value: Any) -> bool:
    """Whether an expression in a raw value speaks of `index`."""
    if isinstance(value, str):
        return "index" in names_in(value)
    if isinstance(value, (dict, list)):
        return any(mentions_index(each) for each in (value.values() if isinstance(value, dict) else value))
    return False


def cost(value: Any) -> int:
    """What it takes to put values into a raw value. Nesting is bounded, so the recursion is."""
    if isinstance(value, (dict, list)):
        return 10 + sum(map(cost, value.values() if isinstance(value, dict) else value))
    return 10 + (len(value) if isinstance(value, str) and "${" in value else 0)


def size(value: Any) -> int:
    """How many layers stand in a raw value; what has a `type` in a list is one."""
    if isinstance(value, dict):
        return sum(map(size, value.values()))
    if not isinstance(value, list):
        return 0
    return sum(size(each) + (isinstance(each, dict) and "type" in each) for each in value)
