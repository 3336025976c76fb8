"""Formulas as lists of torch calls with their scratch, worked out without torch.

The calls are what the torch backend binds to buffers; they are made here, before the
plan, so that bytes are exact. A call writes one buffer: a result, or a temporary whose
lifetime ends within the instruction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from specdl.core.errors import CompilerFault
from specdl.core.expr import VIEWS, Expr, is_number, walk
from specdl.core.types import TensorType
from specdl.program.patterns import Match, match


@dataclass(frozen=True)
class Ref:
    """A buffer as a call sees it: an argument of the kernel or a temporary, behind views."""

    name: str
    views: tuple[tuple[Any, ...], ...] = ()
    """From the buffer outwards: `("transpose",)`, `("reshape", shape)`, `("slice", axis, start, stop)`."""

    def __str__(self) -> str:
        return self.name + "".join(f".{view[0]}" for view in self.views)


Operand = Ref | Expr
"""A buffer, or a number."""


@dataclass(frozen=True)
class Call:
    """One torch function over operands, written to `out`."""

    function: str
    args: tuple[Operand, ...]
    out: Ref
    options: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        inner = [*map(str, self.args), *(f"{name}={value}" for name, value in self.options.items())]
        return f"{self.out} = {self.function}({', '.join(inner)})"


@dataclass(frozen=True)
class CallList:
    """The calls of one instruction, over the names of its arguments and of its scratch."""

    calls: tuple[Call, ...]
    scratch: Mapping[str, TensorType]

    def __str__(self) -> str:
        return "\n".join(map(str, self.calls))


def render(formulas: Mapping[str, Expr], inplace: Mapping[str, str] | None = None) -> CallList:
    """The calls that compute results by argument from formulas.

    `inplace` names results that lie where an argument lies: they are written once that
    argument is not needed any more.
    """
    return Renderer(formulas, inplace or {}).run()


class Renderer:
    """Chooses the calls, then gives each a buffer: a result's own where it is free, else scratch."""

    def __init__(self, formulas: Mapping[str, Expr], inplace: Mapping[str, str]) -> None:
        self.formulas, self.inplace = formulas, inplace
        self.roots: dict[Expr, list[str]] = {}
        for arg, formula in formulas.items():
            self.roots.setdefault(formula, []).append(arg)
        self.order = walk(formulas.values())
        self.steps = self.choose()
        self.last = self.last_uses()
        self.calls: list[Call] = []
        self.scratch: dict[str, TensorType] = {}
        self.taken = {*formulas, *(e.attr for e in self.order if e.op == "load")}
        """Names that no temporary can have."""
        self.where: dict[Expr, Ref] = {}
        self.free: list[tuple[TensorType, str, int]] = []
        """Buffers nobody needs now, and the step from which on they are spoken for."""

    def choose(self) -> list[tuple[Expr, Match]]:
        """The calls in order: from the results backwards, so that readers swallow what they can."""
        uses: dict[Expr, int] = {}
        for e in self.order:
            for arg in e.args:
                uses[arg] = uses.get(arg, 0) + 1
        absorbed: set[Expr] = set()
        chosen: dict[Expr, Match] = {}

        def single(e: Expr) -> bool:
            return uses[e] == 1 and e not in self.roots

        for e in reversed(self.order):
            if e not in absorbed and computed(e):
                chosen[e] = match(e, single)
                absorbed.update(chosen[e].absorbed)
        return [(e, chosen[e]) for e in self.order if e in chosen]

    def last_uses(self) -> dict[Expr, int]:
        """The last step that reads each stored node, through whatever views."""
        last: dict[Expr, int] = {}
        for step, (_, found) in enumerate(self.steps):
            for arg in found.args:
                last[base(arg)] = step
        for root in self.roots:
            if not computed(root):
                last[base(root)] = len(self.steps)
        return last

    def run(self) -> CallList:
        deadline = {arg: self.deadline(root) for root, args in self.roots.items() for arg in args}
        for arg, formula in self.formulas.items():
            if arg not in self.inplace and computed(formula):
                self.free.append((formula.type, arg, deadline[arg]))
        for step, (e, found) in enumerate(self.steps):
            self.step(step, e, found)
        self.copy_rest()
        return CallList(tuple(self.calls), self.scratch)

    def copy_rest(self) -> None:
        """Write the results that were not made in their own places.

        What replaces no argument goes first, and what is read from an argument that another
        result replaces leaves it before any is replaced.
        """
        rest = [(e, arg) for e, args in self.roots.items() for arg in args if self.where.get(e) != Ref(arg)]
        for root, arg in rest:
            if arg not in self.inplace:
                self.copy(self.operand(root), arg)
        replacing = [(root, arg) for root, arg in rest if arg in self.inplace]
        sources: list[Operand] = []
        for root, arg in replacing:
            source = self.operand(root)
            others = {self.inplace[each] for _, each in replacing if each != arg}
            if isinstance(source, Ref) and (source.views or source.name in others):
                kept = self.temporary(root.type)
                self.copy(source, kept.name)
                source = kept
            sources.append(source)
        for source, (_, arg) in zip(sources, replacing, strict=True):
            self.copy(source, arg)

    def deadline(self, root: Expr) -> int:
        """The step at which a result is made; -1 for one that is a copy of what is read."""
        return next((step for step, (e, _) in enumerate(self.steps) if e is root), -1)

    def step(self, step: int, e: Expr, found: Match) -> None:
        operands = tuple(self.operand(arg) for arg in found.args)
        # an elementwise call may write where it reads, unless it reads through a view
        viewed = {base(arg) for arg in found.args if arg.op in VIEWS}
        early = [arg for arg in found.args if found.elementwise and base(arg) not in viewed]
        self.release(step, early, found)
        out = self.take(step, e)
        self.release(step, [arg for arg in found.args if arg not in early], found)
        self.where[e] = out
        beside = tuple(self.temporary(type) for type in found.scratch)
        self.calls.append(Call(found.function, (*operands, *beside), out, found.options))

    def take(self, step: int, e: Expr) -> Ref:
        """A buffer for the result of a step."""
        for arg in self.roots.get(e, ()):
            entry = next((f for f in self.free if f[1] == arg), None)
            if entry is not None:
                self.free.remove(entry)
                return Ref(arg)
        last = self.last.get(e, -1)
        if e not in self.roots:
            for type, name, until in self.free:
                if type == e.type and self.leaves(last, until):
                    self.free.remove((type, name, until))
                    return Ref(name)
        return self.temporary(e.type)

    def leaves(self, last: int, until: int) -> bool:
        """Whether what is read last at one step is gone from a buffer that is spoken for from another on."""
        if last == until < len(self.steps):
            return self.steps[until][1].elementwise
        return last <= until

    def temporary(self, type: TensorType) -> Ref:
        """A buffer of the instruction's own."""
        count = len(self.scratch)
        while (name := f"s{count}") in self.taken:
            count += 1
        self.taken.add(name)
        self.scratch[name] = type
        return Ref(name)

    def release(self, step: int, args: list[Expr], found: Match) -> None:
        """Give back what this step reads for the last time."""
        for arg in {base(arg): None for arg in args}:
            if self.last.get(arg) != step:
                continue
            if arg.op == "load":
                self.release_argument(arg.attr, found)
            elif arg not in self.roots and arg in self.where:
                name = self.where[arg].name
                until = len(self.steps) if name in self.scratch else self.deadline(self.formulas[name])
                self.free.append((arg.type, name, until))

    def release_argument(self, name: str, found: Match) -> None:
        """Where an argument lay that a result replaces, that result may be written from now on."""
        for result, source in self.inplace.items():
            if source == name and result in self.formulas and found.elementwise:
                formula = self.formulas[result]
                self.free.append((formula.type, result, self.deadline(formula)))

    def operand(self, e: Expr) -> Operand:
        """A number as it is, or a stored value behind its views."""
        if is_number(e):
            return e
        views: list[tuple[Any, ...]] = []
        while e.op in VIEWS and e not in self.where:
            views.append(view(e))
            (e,) = e.args
        home = Ref(e.attr) if e.op == "load" else self.where[e]
        return Ref(home.name, (*home.views, *reversed(views)))

    def copy(self, source: Operand, arg: str) -> None:
        """Write a number or the elements of a buffer to a result."""
        self.calls.append(Call("copy" if isinstance(source, Ref) else "fill", (source,), Ref(arg)))


def computed(e: Expr) -> bool:
    """Whether a node needs a call: it is neither stored, a number, nor a view."""
    return e.op != "load" and e.op not in VIEWS and not is_number(e)


def base(e: Expr) -> Expr:
    """The stored node behind views."""
    while e.op in VIEWS:
        (e,) = e.args
    return e


def view(e: Expr) -> tuple[Any, ...]:
    """A view node as data."""
    if e.op == "transpose":
        return ("transpose",)
    if e.op == "reshape":
        return ("reshape", e.attr)
    if e.op == "slice":
        return ("slice", *e.attr)
    raise CompilerFault(f"{e.op} is no view")


def scratch_bytes(lists: Iterable[CallList], rows: int) -> int:
    """The most bytes of scratch that any one instruction needs at a batch of `rows`."""
    return max((sum(t.nbytes(rows) for t in each.scratch.values()) for each in lists), default=0)
