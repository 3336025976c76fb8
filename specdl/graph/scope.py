"""Names: what a layer can read, and what a reference means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count

from specdl.core.diagnostics import Note, Path
from specdl.core.suggest import nearest
from specdl.core.wording import quoted
from specdl.graph.report import Report, Result, Site
from specdl.ops.base import LayerEntry
from specdl.ops.naming import local_names

SHOWN = 5
"""How many names a message lists at most."""
LOOKS = 100_000
"""How many layers of a list are looked at to tell cycles from layers that only come too late."""


@dataclass
class Binding:
    """A layer that has been built: what its name means, and what can be read inside it."""

    site: Site
    result: Result
    outputs: Mapping[str, Result] | None = None
    """Results of an op by argument, before the activation; None where its types are unknown."""
    scope: Scope | None = None
    """The layers of a composite."""
    activation: Binding | None = None

    def inside(self, part: str) -> Binding | Result | None:
        """What `<this layer>.<part>` means; None if there is no such thing."""
        if self.scope is not None and part in self.scope.bound:
            return self.scope.bound[part]
        if part == "activation":
            return self.activation
        if self.scope is None and self.outputs is None:
            return Result(f"{self.site.name}.{part}", "", None, self.site.path)
        return (self.outputs or {}).get(part)

    def parts(self) -> list[str]:
        """What can follow the dot."""
        names = [*(self.scope.bound if self.scope else {}), *(self.outputs or {})]
        return [*names, "activation"] if self.activation else names


@dataclass
class Scope:
    """The layers of one list while they are built, in order."""

    site: Site
    """The composite whose layers these are, or the model."""
    entries: tuple[LayerEntry, ...]
    inputs: Mapping[str, Result]
    """`input` for a composite; for the model its inputs by name."""
    parent: Scope | None = None
    closed: bool = False
    prefix: str = ""
    names: tuple[str, ...] = ()
    position: Mapping[str, int] = field(default_factory=dict)
    """Where a name is in the list, the first time it is used."""
    at: int = 0
    """The place of the layer being built."""
    bound: dict[str, Binding] = field(default_factory=dict)
    previous: Result | None = None
    """What the layer before made; None before the first of a model with several inputs."""
    looks: int = LOOKS
    offered: dict[str, int] = field(default_factory=dict)
    """The number of the last name that was offered in place of one."""

    def __post_init__(self) -> None:
        self.names = local_names(self.entries)
        self.position = {name: i for i, name in reversed(list(enumerate(self.names)))}
        if len(self.inputs) == 1:
            self.previous = next(iter(self.inputs.values()))

    def free(self, name: str) -> str:
        """A name for what has one that is taken: nothing here is called so, and it was not offered before."""
        for number in count(self.offered.get(name, 1) + 1):
            found = f"{name}_{number}"
            if found not in self.position and found not in self.inputs:
                break
        self.offered[name] = number
        return found

    def path(self, at: int) -> Path:
        """Where the layer at a place of the list is written; what a composite makes is where it is."""
        written = self.entries[at]._path
        if written:
            return written
        return self.site.path if self.parent else ("model", "layers", at)

    def visible(self) -> list[str]:
        """What the layer being built can read: inputs and earlier layers, outermost first."""
        chain: list[Scope] = []
        scope: Scope | None = self
        while scope is not None:
            chain.append(scope)
            scope = None if scope.closed else scope.parent
        names = [name for each in reversed(chain) for name in (*each.inputs, *each.bound)]
        return list(dict.fromkeys(names))

    def layers(self) -> list[str]:
        """The layers that are built, of this list and those around it that it sees."""
        return [name for name in self.visible() if (home := self.owner(name)) and name in home.bound]

    def owner(self, name: str) -> Scope | None:
        """The innermost scope, from here outwards, in which a name is an input or a layer."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.inputs or name in scope.position:
                return scope
            scope = None if scope.closed else scope.parent
        return None

    def hidden(self, name: str) -> Binding | None:
        """The layer outside a block that a name would mean if a block could see out."""
        scope = self.parent
        while scope is not None:
            if name in scope.bound:
                return scope.bound[name]
            scope = scope.parent
        return None

    def depends(self, later: int, earlier: int) -> bool:
        """Whether the layer at place `later` reads, by way of others, the one at `earlier`.

        Where that has been asked of very many layers, the answer is no.
        """
        todo, seen = [later], {later}
        while todo and self.looks:
            self.looks -= 1
            at = todo.pop()
            for name in self.entries[at].inputs or ("previous",):
                read = at - 1 if name == "previous" else self.position.get(name.split(".")[0], -1)
                if read == earlier:
                    return True
                if read >= 0 and read not in seen:
                    seen.add(read)
                    todo.append(read)
        return False


def readable(scope: Scope) -> str | None:
    """A help that lists what can be read."""
    names = scope.visible()
    if not names:
        return None
    shown = names if len(names) <= SHOWN else names[-SHOWN:]
    return f"read {quoted(shown, 'or')}" if shown else None


def follow(binding: Binding, parts: list[str]) -> Binding | Result | str:
    """What is inside a layer along dotted names; a text says what is not there."""
    for i, part in enumerate(parts):
        found = binding.inside(part)
        if found is None:
            return f"`{binding.site.name}` has no result or layer called `{part}`"
        if isinstance(found, Result):
            rest = parts[i + 1 :]
            return found if not rest or found.type is None else f"`{found.name}` has nothing inside it"
        binding = found
    return binding


def resolve(scope: Scope, reference: str, index: int, site: Site, report: Report) -> Result | None:
    """What the layer at `site` reads as its input number `index`; None, with a finding, if nothing.

    Names are looked up from the inside outwards. A dotted name reaches into a layer: a second
    result (`lstm1.h`) or a layer of a composite (`res1.linear1`).
    """
    root, *parts = reference.split(".")
    home = scope.owner(root)
    if home is None:
        dangling(scope, reference, index, site, report)
        return None
    if root in home.inputs:
        if not parts:
            return home.inputs[root]
        message = f"`{root}` is an input, and has nothing inside it"
        report.error(site, "E211", message, "inputs", index, help=f"read `{root}`")
        return None
    if home.position[root] >= home.at:
        later(scope, home, reference, index, site, report)
        return None
    if root not in home.bound:  # its name has a finding
        return Result(root, "", None, site.path)
    found = follow(home.bound[root], parts)
    if isinstance(found, str):
        meant = did_you_mean(home, reference)
        help = f"did you mean `{meant}`?" if meant else None
        report.error(site, "E211", found, "inputs", index, help=help)
        return None
    return found if isinstance(found, Result) else found.result


def did_you_mean(home: Scope, reference: str) -> str | None:
    """The dotted name that was probably meant where its root is known and the rest is a slip."""
    root, *parts = reference.split(".")
    above = follow(home.bound[root], parts[:-1]) if parts else None
    meant = nearest(parts[-1], above.parts()) if isinstance(above, Binding) else None
    return ".".join((root, *parts[:-1], meant)) if meant else None


def dangling(scope: Scope, reference: str, index: int, site: Site, report: Report) -> None:
    """Tell that a name is not known here."""
    if report.full:
        return
    meant = report.suggester.nearest(reference, scope.visible())
    help = f"did you mean `{meant}`?" if meant else readable(scope)
    outside = scope.hidden(reference.split(".", maxsplit=1)[0])
    if outside is None:
        message = f"no layer or input is called `{reference}`"
        report.error(site, "E211", message, "inputs", index, help=help)
        return
    message = f"`{reference}` is outside the block: its layers read one another and `input` only"
    report.error(site, "E211", message, "inputs", index, help=help, notes=report.made([outside.result]))


def later(scope: Scope, home: Scope, reference: str, index: int, site: Site, report: Report) -> None:
    """Tell that a layer reads itself or one that comes after it."""
    if report.full:
        return
    root = reference.split(".", maxsplit=1)[0]
    at = home.position[root]
    reader = home.names[home.at]
    if at == home.at:
        whole = f"`{reference}`, which it is a part of"
        message = f"`{site.name}` reads {'itself' if scope is home else whole}"
        report.error(site, "E212", message, "inputs", index, help=readable(scope))
        return
    if home.depends(at, home.at):
        message, help = (
            f"`{site.name}` reads `{reference}`, which depends on `{reader}`: a cycle",
            readable(scope),
        )
    else:
        message, help = f"`{site.name}` reads `{reference}`, which comes after it", readable(scope)
        needs = home.entries[at].inputs
        if needs and all(name in home.bound or name in home.inputs for name in needs):
            help = f"put `{home.names[at]}` before `{reader}`"
    notes = [Note(f"`{root}` is made", home.path(at), label=True)]
    report.error(site, "E212", message, "inputs", index, help=help, notes=notes)
