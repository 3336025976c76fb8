"""What users of an exported model see: its name in C, its functions, and the table of the spec's names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from specdl.backends.c.export_plan import HEAD, Door, ExportPlan
from specdl.core.errors import UsageError
from specdl.core.types import BYTES
from specdl.data.elementwise import Step

LONGEST = 48
NAME = re.compile(rf"[A-Za-z][A-Za-z0-9_]{{0,{LONGEST - 1}}}")
HEADERS = frozenset(
    """assert complex ctype errno fenv float inttypes iso646 limits locale math memory setjmp signal stdalign
    stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn string strings threads time uchar wchar
    wctype""".split()
)
"""A file of one of these names beside a program could be taken for the standard's."""


def identifier(text: str) -> str:
    """A name in C for what a spec calls `text`.

    >>> identifier("disc-tanh"), identifier("2nd"), identifier("math")
    ('disc_tanh', 'model_2nd', 'model_math')
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    if not plain[:1].isalpha() or plain.lower() in HEADERS:
        plain = f"model_{plain}".rstrip("_")
    return plain[:LONGEST].rstrip("_")


def checked(name: str) -> str:
    """A name that a user gives; raises `UsageError` for what is none."""
    if not NAME.fullmatch(name) or name.lower() in HEADERS:
        rules = f"a letter, then up to {LONGEST - 1} letters, digits and underscores, and no header of C's"
        raise UsageError(f"`{name}` is no name for C files: {rules}", help=f"--name {identifier(name)}")
    return name


@dataclass(frozen=True)
class Face:
    """An exported model's name and what surrounds its plan."""

    name: str
    plan: ExportPlan
    inside: bool = True
    """Whether the weights are in the source, not in a file beside it."""
    rate: float | None = None
    """The learning rate of the spec."""
    steps: Mapping[str, Sequence[Step]] = field(default_factory=dict)
    """By input, what is done to raw samples; an input that is not here comes as the model takes it."""
    reflected: Mapping[str, str] = field(default_factory=dict)
    """By target, the input that it is."""

    @property
    def upper(self) -> str:
        """How constants begin."""
        return self.name.upper()

    @property
    def real(self) -> str:
        """The C type of numbers."""
        return self.plan.target.real

    @property
    def given(self) -> tuple[Door, ...]:
        """The targets that a caller passes."""
        return tuple(door for door in self.plan.targets if door.value not in self.reflected)

    @property
    def nbytes(self) -> int:
        """Of a model in memory, a multiple of what it is aligned to."""
        return -(-(HEAD + self.plan.nbytes) // HEAD) * HEAD

    @property
    def weights_bytes(self) -> int:
        """Of all parameters, one after another."""
        return sum(each.count for each in self.plan.parameters) * BYTES[self.plan.target.dtype]

    def ctype(self, door: Door) -> str:
        """The C type of a door's numbers."""
        return "int64_t" if door.dtype == "int64" else self.real

    def given_as(self, doors: Sequence[Door]) -> str:
        """Parameters of a function for what goes in."""
        return ", ".join(f"const {self.ctype(door)} *{door.c}" for door in doors)

    @property
    def predict(self) -> str:
        """The declaration of predictions."""
        out = ", ".join(f"{self.ctype(door)} *{door.c}" for door in self.plan.outputs)
        return (
            f"void {self.name}_predict({self.name}_model *model, size_t rows, "
            f"{self.given_as(self.plan.inputs)}, {out})"
        )

    @property
    def train_step(self) -> str:
        """The declaration of a training step."""
        taken = self.given_as((*self.plan.inputs, *self.given))
        return (
            f"{self.real} {self.name}_train_step({self.name}_model *model, size_t rows, {taken}, double lr)"
        )

    def table(self) -> dict[str, Any]:
        """Which of the spec's names is what in C, as JSON."""
        offset, parameters = 0, []
        for number, each in enumerate(self.plan.parameters):
            parameters.append(
                {
                    "number": number,
                    "name": each.name,
                    "shape": list(each.shape),
                    "offset": offset,
                    "trained": each.trained,
                }
            )
            offset += each.count
        raw = {"raw": True}
        return {
            "name": self.name,
            "dtype": self.plan.target.dtype,
            "batch": self.plan.rows,
            "vector_bytes": self.plan.target.vector_bytes,
            "model_bytes": self.nbytes,
            "train": self.plan.trains,
            "weights": None if self.inside else f"{self.name}.bin",
            "inputs": [
                spelled(each) | (raw if self.steps.get(each.value) else {}) for each in self.plan.inputs
            ],
            "outputs": [spelled(each) for each in self.plan.outputs],
            "targets": [spelled(each) for each in self.given],
            "parameters": parameters,
        }


def spelled(door: Door) -> dict[str, Any]:
    """A door as JSON."""
    return {"c": door.c, "name": door.value, "shape": list(door.shape), "dtype": door.dtype}
