"""Layers to nodes: names given, inputs looked up, composites opened, types inferred."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from specdl.core.diagnostics import Note
from specdl.core.names import composed, is_word
from specdl.core.types import TensorType
from specdl.core.wording import quoted
from specdl.graph.graph import Node
from specdl.graph.infer import Call, Hints, infer
from specdl.graph.names import READ
from specdl.graph.parameters import Inits, Parameters
from specdl.graph.report import Report, Result, Section, Site
from specdl.graph.scope import Binding, Scope, resolve
from specdl.ops.base import Composite, LayerEntry

DEPTH = 30
"""How deep composites may stand inside one another: as deep as a spec can write them, and a bound on
a plug-in that would expand for ever."""


@dataclass
class Frame:
    """A list of layers being built, and what the layers around it say about it."""

    scope: Scope
    inits: list[Inits]
    trainable: bool
    entry: LayerEntry | None = None
    """The composite whose layers these are; None for the model."""
    local: str = ""
    """The composite's name in the list around it; empty where that name is another layer's."""


@dataclass
class Expander:
    """Builds the nodes of a model in order, with one stack instead of recursion."""

    report: Report
    parameters: Parameters
    nodes: list[Node] = field(default_factory=list)
    values: dict[str, TensorType] = field(default_factory=dict)
    hints: Hints = field(default_factory=Hints)
    taken: dict[str, Site] = field(default_factory=dict)
    """Every node and composite by its whole name, as `composed` writes it."""
    count: int = 0

    def run(self, entries: tuple[LayerEntry, ...], inputs: Mapping[str, Result], inits: Inits) -> Scope:
        """Build all layers of the model; its names."""
        model = Scope(Site("", ("model",), (Section.LAYERS,)), entries, inputs)
        stack = [Frame(model, [inits], True)]
        while stack:
            frame = stack[-1]
            if frame.scope.at == len(frame.scope.entries):
                stack.pop()
                if stack:
                    self.close(frame, stack[-1])
            else:
                inner = self.layer(frame)
                if inner is not None:
                    stack.append(inner)
        return model

    def layer(self, frame: Frame) -> Frame | None:
        """Build the next layer of a list; a composite gives the list of its own layers instead."""
        scope = frame.scope
        entry = scope.entries[scope.at]
        site, local = self.place(scope, entry)
        values = self.read(scope, entry, site)
        if isinstance(entry.op, Composite):
            inner = self.open(frame, entry, entry.op, site, local, values)
            if inner is not None:
                return inner
            binding = Binding(site, Result(site.name, "", None, site.path))
        else:
            binding = self.primitive(frame, entry, site, values)
        self.bind(scope, local, binding, frame.inits)
        return None

    def place(self, scope: Scope, entry: LayerEntry) -> tuple[Site, str]:
        """Where a layer is, under its whole name; and its name in the list if that is its own."""
        local = scope.names[scope.at]
        whole = scope.prefix + local
        self.count += 1
        path = scope.path(scope.at)
        trail = entry._trail if entry._path else scope.site.trail
        site = Site(whole, path, (Section.LAYERS, self.count), trail)
        where = ("name",) if entry.name and path != scope.site.path else ()
        if entry.name and not is_word(entry.name):
            message = f"`{entry.name}` cannot be a layer's name: a name is a word without dots"
            self.report.error(site, "E116", message, *where)
        elif local in READ:
            self.report.error(
                site, "E116", f"no layer can be called `{local}`: it names what is read", *where
            )
        elif composed(whole) not in self.taken and same_input(scope, local) is None:
            self.taken[composed(whole)] = site
            return site, local
        else:
            self.duplicate(scope, local, site, where)
        return Site(f"{whole}'{self.count}", site.path, site.order, site.trail), ""

    def duplicate(self, scope: Scope, local: str, site: Site, where: tuple[str, ...]) -> None:
        """Tell that a name is used twice, and where."""
        called, other = local, same_input(scope, local)
        if other is not None:
            message = f"`{local}` is an input's name already"
            notes = [Note("the input is declared", scope.inputs[other].path, at_key=True, label=True)]
        else:
            first = self.taken[composed(site.name)]
            called, other = site.name, first.name
            message = f"two layers are called `{called}`"
            notes = [Note("the first is made", first.path, label=True)]
        if called != other:
            notes.append(Note("they are the same letters, with accents joined in one and apart in the other"))
        help = None if site.path == scope.site.path else f'"name": "{scope.free(local)}"'
        self.report.error(site, "E213", message, *where, help=help, notes=notes)

    def read(self, scope: Scope, entry: LayerEntry, site: Site) -> list[Result] | None:
        """The values a layer reads; None, with findings, if a name means nothing."""
        found: list[Result | None] = []
        for i, name in enumerate(entry.inputs if entry.inputs is not None else ("previous",)):
            if name != "previous":
                found.append(resolve(scope, name, i, site, self.report))
            elif scope.previous is not None:
                found.append(scope.previous)
            else:
                message = (
                    f"`{site.name}` does not say which of the inputs it reads: {quoted(scope.inputs, 'or')}"
                )
                where = ("inputs", i) if entry.inputs is not None else ()
                help = f'"inputs": ["{next(iter(scope.inputs))}"]' if len(scope.inputs) else None
                self.report.error(site, "E211", message, *where, help=help)
                found.append(None)
        values = [value for value in found if value is not None]
        self.hints.read(values)
        return values if len(values) == len(found) else None

    def open(
        self,
        frame: Frame,
        entry: LayerEntry,
        op: Composite,
        site: Site,
        local: str,
        values: list[Result] | None,
    ) -> Frame | None:
        """The list of layers a composite stands for; None, with a finding, if it cannot be had."""
        for argument in entry.tie:
            message = f"`{op.type}` has no parameters of its own to tie"
            help = "write `tie` on the layer inside it"
            self.report.error(site, "E214", message, "tie", argument, at_key=True, help=help)
        if values is not None and len(values) != 1:
            message = f"`{op.type}` reads one value, not {len(values)}"
            self.report.error(site, "E210", message, "inputs", notes=self.report.made(values))
        if len(frame.inits) >= DEPTH:
            self.report.error(site, "E005", f"layers stand inside one another more than {DEPTH} deep")
            return None
        known = values[0] if values and len(values) == 1 else Result("input", "", None, site.path)
        scope = Scope(site, op.expand(), {"input": known}, frame.scope, op.closed, prefix=f"{site.name}.")
        inits = [*frame.inits, Inits(site, entry.init)]
        return Frame(scope, inits, frame.trainable and entry.trainable, entry, local)

    def close(self, frame: Frame, outer: Frame) -> None:
        """Bind a composite whose layers are all built: its value is that of its last layer."""
        scope, entry = frame.scope, frame.entry
        assert entry is not None
        assert scope.previous is not None
        frame.inits[-1].check(self.report)
        last = scope.previous
        result = Result(scope.site.name, last.value, last.type, scope.site.path)
        binding = Binding(scope.site, result, scope=scope)
        self.activate(outer, entry, binding)
        self.bind(outer.scope, frame.local, binding, outer.inits)

    def primitive(self, frame: Frame, entry: LayerEntry, site: Site, values: list[Result] | None) -> Binding:
        """Build one op, and its activation."""
        binding = self.apply(frame, Call(entry.op, site, values, entry, frame.trainable and entry.trainable))
        self.activate(frame, entry, binding)
        return binding

    def activate(self, frame: Frame, entry: LayerEntry, binding: Binding) -> None:
        """Apply a layer's activation: its name then means the value after it."""
        if entry.activation is None:
            return
        site, source = binding.site, binding.result
        name, where = f"{site.name}.activation", ("activation",)
        if composed(name) in self.taken:
            notes = [Note("the first is made", self.taken[composed(name)].path, label=True)]
            self.report.error(site, "E213", f"two layers are called `{name}`", *where, notes=notes)
            return
        self.taken[composed(name)] = site
        self.hints.read([source])
        inner = Site(name, site.path, site.order, site.trail)
        call = Call(entry.activation, inner, [source], None, frame.trainable and entry.trainable, where)
        binding.activation = self.apply(frame, call)
        made = binding.activation.result
        self.hints.same(made, source)
        binding.result = Result(site.name, made.value, made.type, site.path)

    def apply(self, frame: Frame, call: Call) -> Binding:
        """The node of one op on its values; without one, with or after a finding, if they do not fit."""
        op, site = call.op, call.site
        fitted = infer(call, self.report, self.hints)
        if fitted is None:
            return Binding(site, Result(site.name, "", None, site.path))
        signature, given = fitted
        params = self.parameters.add(
            signature, call.entry, site, frame.scope, around=frame.inits, trainable=call.trainable
        )
        inputs = {argument: value.value for argument, value in given.items()}
        outputs = {argument: f"{site.name}.{argument}" for argument in signature.out}
        saved = {argument: f"{site.name}.{argument}" for argument in signature.saved}
        for argument, type in (*signature.out.items(), *signature.saved.items()):
            self.values[f"{site.name}.{argument}"] = type
        path = (*site.path, *call.where)
        self.nodes.append(Node(site.name, op, inputs, outputs, saved, params, path, site.trail))
        results = {
            argument: Result(value, value, signature.out[argument], site.path)
            for argument, value in outputs.items()
        }
        first = next(iter(results.values()))
        result = Result(site.name, first.value, first.type, site.path)
        self.hints.made(result, site, op)
        return Binding(site, result, results)

    def bind(self, scope: Scope, local: str, binding: Binding, around: list[Inits]) -> None:
        """Make a layer known by its name and as `previous`, and go on to the next."""
        if local:
            scope.bound[local] = binding
        if binding.result.type is None:
            for each in around:
                each.sound = False
        scope.previous = binding.result
        scope.at += 1


def same_input(scope: Scope, local: str) -> str | None:
    """The input of a scope that is called like a layer in it, however the name's accents are written."""
    if local in scope.inputs:
        return local
    if local.isascii():
        return None
    return next((name for name in scope.inputs if composed(name) == composed(local)), None)
