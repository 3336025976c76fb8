"""The flat program: single-assignment instructions over named values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from specdl.core.errors import CompilerFault
from specdl.core.types import TensorType
from specdl.ops.base import Op

Phase = Literal["forward", "backward", "update"]
Function = Literal["forward", "backward", "update", "both"]
"""A kernel of an op; `both` is forward and backward of a loss run together."""
SCALARS = ("lr", "t")
"""The learning rate of the step, and its number from 1."""


@dataclass(frozen=True)
class Instr:
    """One op applied to values: mappings from the kernel's arguments to names of values.

    `phase` says when it runs; `runs` which of the op's kernels, where that is another one: the
    compiler joins gradients by `add.forward` in backward.
    A result nobody wants is None: it is not computed, and `unwanted` keeps its type.
    """

    phase: Phase
    node: str
    op: Op
    reads: Mapping[str, str]
    writes: Mapping[str, str | None]
    unwanted: Mapping[str, TensorType] = field(default_factory=dict)
    runs: Function | None = None

    @property
    def wanted(self) -> Mapping[str, str]:
        """The results that are computed."""
        return {arg: value for arg, value in self.writes.items() if value is not None}

    @property
    def function(self) -> Function:
        """The name of the op's kernel: `backward`."""
        return self.runs or self.phase

    @property
    def kernel(self) -> str:
        """The op and its kernel: `linear.backward`."""
        return f"{self.op.type}.{self.function}"

    def __str__(self) -> str:
        results = ", ".join(value or "_" for value in self.writes.values())
        text = f"{results} = {self.kernel}({', '.join(self.reads.values())})"
        return f"{text} if finite" if self.phase == "update" else text


@dataclass(frozen=True)
class Program:
    """What one step does.

    - `types`: every value that an instruction reads or writes, but for the scalars `lr` and `t`.
    - `inputs`, `parameters`, `state`: what a step is given; `inputs` are the data and targets.
    - `gradients`: a parameter's name to the value of its gradient.
    - `results`: what must be there when the step has run.
    - `carries`: what the step hands on to the next, to what it received in its place.
    - `aliases`: values that are another one's elements, at no cost.
    - `packs`: values that stand for several others lying side by side, in order.
    - `outputs`: the model's results by name; `loss`, where there is one, is a value.
    """

    types: Mapping[str, TensorType]
    inputs: tuple[str, ...]
    parameters: tuple[str, ...]
    instrs: tuple[Instr, ...]
    results: tuple[str, ...]
    outputs: Mapping[str, str]
    state: tuple[str, ...] = ()
    gradients: Mapping[str, str] = field(default_factory=dict)
    carries: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    packs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    loss: str | None = None

    def root(self, value: str) -> str:
        """The value whose elements these are."""
        while value in self.aliases:
            value = self.aliases[value]
        return value

    def members(self, value: str) -> tuple[str, ...]:
        """The values a pack stands for, or the value itself."""
        return self.packs.get(value, (value,))

    def phase(self, phase: Phase) -> tuple[Instr, ...]:
        """The instructions of one phase, in order."""
        return tuple(instr for instr in self.instrs if instr.phase == phase)

    def stored(self) -> Iterator[str]:
        """The values that have a place of their own."""
        return (value for value in self.types if value not in self.aliases and value not in self.packs)

    def verify(self) -> Program:
        """This program, if it keeps its promises; raises `CompilerFault` else.

        Every value is written once and before it is read, every read and write has a type,
        and nothing reads what a carry replaces after it was replaced.
        """
        known = {*self.inputs, *self.parameters, *self.state, *SCALARS}
        replaced: set[str] = set()
        for instr in self.instrs:
            self.verify_reads(instr, known, replaced)
            for write in instr.wanted.values():
                for value in self.members(write):
                    if value in known:
                        raise CompilerFault(f"`{value}` is written twice: {instr}")
                    known.add(value)
                    if value in self.carries:
                        replaced.add(self.carries[value])
        unwritten = {*self.results, *self.carries} - known
        untyped = known - set(SCALARS) - set(self.types)
        if unwritten or untyped:
            raise CompilerFault(f"never written: {sorted(unwritten)}; without a type: {sorted(untyped)}")
        return self

    def verify_reads(self, instr: Instr, known: set[str], replaced: set[str]) -> None:
        """Raise `CompilerFault` if an instruction reads what is not there, or not there any more."""
        for read in instr.reads.values():
            for value in self.members(read):
                if value not in known:
                    raise CompilerFault(f"`{value}` is read before it is written: {instr}")
                if value in replaced:
                    raise CompilerFault(f"`{value}` is read after its place was taken: {instr}")

    def __str__(self) -> str:
        given = ", ".join(
            f"{name}: {self.types[name]}" for name in (*self.inputs, *self.parameters, *self.state)
        )
        lines = [f"program({given}):"]
        guarded = False
        for instr in self.instrs:
            if instr.phase == "update" and not guarded:
                checked = [self.loss or "", *self.gradients.values()]
                lines.append(f"  finite = isfinite({', '.join(checked)})")
                guarded = True
            lines.append(f"  {instr}")
        return "\n".join(lines)
