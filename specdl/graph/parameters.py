"""Parameters: their names, how they start, which are frozen, and which are shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from specdl.core.diagnostics import Path
from specdl.core.errors import CompilerFault
from specdl.core.record import record
from specdl.core.suggest import nearest
from specdl.core.types import DType, TensorType
from specdl.core.wording import quoted
from specdl.graph.graph import Parameter
from specdl.graph.report import Report, Result, Site
from specdl.graph.scope import Binding, Scope, did_you_mean, follow
from specdl.ops.base import Initializer, LayerEntry, Param, Signature
from specdl.ops.registry import CATALOGS

FIXED = ("zeros", "ones", "constant")
"""Initialisers of parameters that start at a number, such as the scale of a normalisation."""


@dataclass
class Inits:
    """The `init` of a composite or of the model, and which parameters it met."""

    site: Site
    inits: Mapping[str, Initializer]
    seen: set[str] = field(default_factory=set)
    sound: bool = True
    """Whether the parameters of every layer inside are known."""

    def check(self, report: Report) -> None:
        """Tell of names that no parameter inside has."""
        if self.sound:
            unknown(self.site, self.inits, self.seen, report)


ELSEWHERE = {
    "kernel": "weight",
    "kernel_initializer": "weight",
    "w": "weight",
    "b": "bias",
    "bias_initializer": "bias",
}
"""What others call parameters."""


def unknown(site: Site, inits: Iterable[str], known: Iterable[str], report: Report) -> None:
    """Tell of keys of an `init` that are no parameter's name."""
    names = sorted(known)
    for key in inits:
        if key not in names:
            whose = f"`{site.name}` has no" if site.name else "no layer has a"
            message = f"{whose} parameter `{key}`"
            report.error(site, "E111", message, "init", key, at_key=True, help=meant(key, names))


def meant(word: str, names: list[str]) -> str | None:
    """A help with the name meant by a slip, or with all of them where they are few."""
    if not names:
        return None
    near = ELSEWHERE.get(word.lower()) or nearest(word, names)
    near = near if near in names else None
    return f"did you mean `{near}`?" if near else f"name {quoted(names, 'or')}"


@record()
class Tie:
    """A parameter that a layer reads from another one."""

    name: str
    """What it would be called: `head.weight`."""
    type: TensorType
    owner: str
    """The reference in the spec: `tok.weight`."""
    argument: str
    site: Site
    scope: Scope


class Parameters:
    """The parameters of all layers so far."""

    def __init__(self, report: Report, dtype: DType) -> None:
        self.report, self.dtype = report, dtype
        self.owned: dict[str, Parameter] = {}
        self.paths: dict[str, Result] = {}
        self.ties: dict[str, Tie] = {}

    def add(
        self,
        signature: Signature,
        entry: LayerEntry | None,
        site: Site,
        scope: Scope,
        *,
        around: list[Inits],
        trainable: bool,
    ) -> dict[str, str]:
        """The names of the parameters of the node at `site`, by argument.

        `entry` is the layer whose own `init` and `tie` count: None for an activation, which has
        those around it only.
        """
        inits = entry.init if entry else {}
        ties = entry.tie if entry else {}
        unknown(site, inits, signature.params, self.report)
        self.check_ties(ties, inits, signature, site)
        for argument, param in signature.params.items():
            whole = f"{site.name}.{argument}"
            type = TensorType(param.shape, self.dtype)
            self.paths[whole] = Result(whole, whole, type, site.path)
            for each in around:
                each.seen.add(argument)
            if argument in ties:
                self.ties[whole] = Tie(whole, type, ties[argument], argument, site, scope)
                continue
            init, said = self.choose(argument, param, site, inits, around)
            self.owned[whole] = Parameter(whole, type, param, init, trainable, said)
        return {argument: f"{site.name}.{argument}" for argument in signature.params}

    def check_ties(
        self, ties: Mapping[str, str], inits: Mapping[str, Initializer], signature: Signature, site: Site
    ) -> None:
        """Tell of ties of parameters that are not there, or that are given a start of their own."""
        for argument, owner in ties.items():
            if argument not in signature.params:
                help = meant(argument, sorted(signature.params))
                message = f"`{site.name}` has no parameter `{argument}`"
                self.report.error(site, "E214", message, "tie", argument, at_key=True, help=help)
            elif argument in inits:
                message = f"`{site.name}.{argument}` is tied to `{owner}`, and so has no `init` of its own"
                help = f"take `{argument}` out of `init`"
                self.report.error(site, "E214", message, "init", argument, at_key=True, help=help)

    def choose(
        self, argument: str, param: Param, site: Site, own: Mapping[str, Initializer], around: list[Inits]
    ) -> tuple[Initializer, Path]:
        """How a parameter starts: as its layer says, else as the nearest section around it says; and where.

        What a composite or the model says is about parameters that start at random. One whose
        op starts it at a number (the scale of a normalisation at one) keeps that, unless its own
        layer says otherwise: `"init": {"weight": "xavier_normal"}` is never meant for it.
        """
        if argument in own:
            return own[argument], (*site.path, "init", argument)
        if param.init not in FIXED:
            for each in reversed(around):
                if argument in each.inits:
                    return each.inits[argument], (*each.site.path, "init", argument)
        cls = CATALOGS["inits"].get(param.init)
        if cls is None:
            raise CompilerFault(f"no initialiser is called `{param.init}`")
        init = cls.model_validate({"type": param.init})
        if not isinstance(init, Initializer):
            raise CompilerFault(f"`{param.init}` is no initialiser")
        return init, ()

    def resolve(self) -> dict[str, str]:
        """The owner of every tied parameter, by what it would be called."""
        targets = {name: self.target(tie) for name, tie in self.ties.items()}
        owners: dict[str, str] = {}
        told: set[str] = set()
        for name, tie in self.ties.items():
            chain, at = [name], targets[name]
            while at is not None and at in targets and at not in chain:
                chain.append(at)
                at = targets[at]
            if at is None:
                continue
            if at in chain:
                self.cycle(tie, chain[chain.index(at) :], told)
            elif self.fits(tie, at):
                owners[name] = at
        return owners

    def cycle(self, tie: Tie, members: list[str], told: set[str]) -> None:
        """Tell of parameters that are tied in a ring, once."""
        if not told.isdisjoint(members):
            return
        told.update(members)
        ring = (
            f"{quoted(members)} are tied to one another"
            if len(members) > 1
            else f"`{members[0]}` is tied to itself"
        )
        help = f"take `tie` off the layer that is to own the {tie.argument}"
        self.report.error(tie.site, "E214", ring, "tie", tie.argument, help=help)

    def fits(self, tie: Tie, owner: str) -> bool:
        """Whether a tied parameter has the type of its owner; tells if not."""
        other = self.owned[owner].type
        if other == tie.type:
            return True
        message = f"`{tie.name}` is {tie.type} and cannot be tied to `{owner}`, which is {other}"
        notes = self.report.made([self.paths[owner]])
        self.report.error(tie.site, "E214", message, "tie", tie.argument, notes=notes)
        return False

    def target(self, tie: Tie) -> str | None:
        """The whole name of the parameter that a tie names, earlier or later; None with a finding."""
        *parts, argument = tie.owner.split(".")
        layer = self.layer(tie, parts)
        if not isinstance(layer, Binding):
            return None
        if layer.scope is None and layer.outputs is None:
            return None
        whole = f"{layer.site.name}.{argument}"
        if whole in self.owned or whole in self.ties:
            return whole
        whole_names = (name.rpartition(".") for name in (*self.owned, *self.ties))
        known = sorted(last for node, _, last in whole_names if node == layer.site.name)
        message = f"`{layer.site.name}` has no parameter `{argument}`"
        near = nearest(argument, known)
        help = f"did you mean `{'.'.join((*parts, near))}`?" if near else None
        self.report.error(tie.site, "E214", message, "tie", tie.argument, help=help)
        return None

    def layer(self, tie: Tie, parts: list[str]) -> Binding | None:
        """The layer that a tie names; None, with a finding if it is not there."""
        home = tie.scope.owner(parts[0]) if parts else None
        near = None
        found: Binding | Result | str
        if not parts:
            example = f"{tie.scope.names[0]}.{tie.argument}"
            found = f"`tie` names a layer and its parameter, such as `{example}`, not `{tie.owner}`"
        elif home is None or parts[0] not in home.position:
            found = f"no layer is called `{parts[0]}`"
            root = self.report.suggester.nearest(parts[0], tie.scope.layers())
            near = ".".join((root, *parts[1:])) if root else None
        elif parts[0] not in home.bound:  # its name has a finding
            return None
        else:
            found = follow(home.bound[parts[0]], parts[1:])
            near = did_you_mean(home, ".".join(parts))
        if isinstance(found, Binding):
            return found
        if isinstance(found, Result):
            if found.type is None:
                return None
            found, near = f"`{found.name}` is a result, and has no parameters", None
        argument = tie.owner.rpartition(".")[2]
        help = f"did you mean `{near}.{argument}`?" if near else None
        self.report.error(tie.site, "E214", found, "tie", tie.argument, help=help)
        return None
