"""The source of an exported model: nest functions, tables of calls, and the functions of its header."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from specdl.backends.c.assemble import header
from specdl.backends.c.export_face import Face
from specdl.backends.c.export_plan import HEAD, Door
from specdl.backends.c.export_tables import described, numbers, schedule
from specdl.backends.c.export_texts import (
    BEGIN,
    CLANG,
    LOAD_FILE,
    LOUD,
    MODEL,
    PARAMETERS,
    PREDICT,
    PREPARE,
    QUIET,
    TRAIN,
)
from specdl.core.errors import CompilerFault
from specdl.data.elementwise import Filled, Step

Array = np.ndarray[Any, Any]


def source(face: Face, weights: Mapping[str, Array]) -> str:
    """The text of NAME.c."""
    plan, words = face.plan, {"name": face.name, "upper": face.upper}
    lines, *rest = plan.assembler.prelude()
    most = max((len(call.params) for code in plan.code.values() for call in code.calls), default=1)
    files = "" if face.inside else "#include <stdio.h>\n"
    parts = [
        f"/* {face.name}.h says what is here and how to compile it. */\n\n",
        f'#include "{face.name}.h"\n{files}\n{lines}#define MOST_POINTERS {max(most, 1)}\n\n',
        *(
            f"{text}\n"
            for text in (CLANG, *rest, header("export.h"), QUIET, *plan.assembler.definitions(), LOUD)
        ),
        *(schedule(face, name) for name in plan.schedules),
        described(face),
    ]
    begin = ""
    if face.inside:
        elements = (
            element for each in plan.parameters for element in weights[each.name].reshape(-1).tolist()
        )
        parts.append(f"\nstatic const real begin[] = {{\n{numbers(elements, plan.target.real)}}};\n")
        begin = BEGIN.format(**words)
    model, parameters = MODEL.format(begin=begin, head=HEAD, **words), PARAMETERS.format(**words)
    parts += [model, parameters, *([] if face.inside else [LOAD_FILE.format(**words)]), *putting(face)]
    parts.append(predict(face))
    if plan.trains:
        parts.append(train_step(face))
    return "".join(parts)


def putting(face: Face) -> Iterator[str]:
    """The functions that bring samples in."""
    lines = []
    for number, door in enumerate(face.plan.inputs):
        steps = face.steps.get(door.value, ())
        if steps:
            yield prepare(number, door, steps)
            lines.append(f"    prepare{number}({door.c}, rows, (real *)(arena + {door.place}));\n")
        else:
            lines.append(copied(face, door))
    given = face.given_as(face.plan.inputs)
    yield f"\nstatic void put(char *arena, size_t rows, {given})\n{{\n{''.join(lines)}}}\n"


def copied(face: Face, door: Door) -> str:
    """The line that brings one array in."""
    return f"    memcpy(arena + {door.place}, {door.c}, rows * {size(face, door)} * sizeof *{door.c});\n"


def size(face: Face, door: Door) -> str:
    """The constant that says how many numbers a sample has."""
    return f"{face.upper}_{door.c.upper()}_SIZE"


def prepare(number: int, door: Door, steps: Sequence[Step]) -> str:
    """The function that does to raw samples what the run's data had done to it."""
    tables: list[str] = []
    lines: list[str] = []

    def table(values: Array) -> str:
        name = f"k{len(tables)}"
        tables.append(f"    static const double {name}[] = {{\n{numbers(values.tolist(), 'double')}    }};\n")
        return f"{name}[j]"

    for step in steps:
        if isinstance(step, Filled):
            lines.append(f"            if (value != value) value = {table(step.values)};\n")
        else:
            lines.append(f"            value = (value - {table(step.mean)}) / {table(step.std)};\n")
    return PREPARE.format(number=number, size=door.size, tables="".join(tables), lines="".join(lines))


def predict(face: Face) -> str:
    """The function that predicts."""
    plan = face.plan
    take = "".join(
        f"        memcpy({door.c} + done * {size(face, door)}, arena + {door.place}, "
        f"n * {size(face, door)} * sizeof *{door.c});\n"
        for door in plan.outputs
    )
    moved = ", ".join(f"{door.c} + done * {size(face, door)}" for door in plan.inputs)
    count = len(plan.code["infer"].calls)
    return PREDICT.format(predict=face.predict, upper=face.upper, moved=moved, count=count, take=take)


def train_step(face: Face) -> str:
    """The function that trains."""
    plan, code = face.plan, face.plan.code["step"]
    loss = plan.schedules["step"].program.loss
    if loss is None:
        raise CompilerFault("a training step without a loss")
    inputs = {door.value: door for door in plan.inputs}
    targets = []
    for door in plan.targets:
        source = face.reflected.get(door.value)
        if source is None:
            targets.append(copied(face, door))
        else:
            place = inputs[source].place
            targets.append(
                f"    memcpy(arena + {door.place}, arena + {place}, rows * {door.size} * sizeof(real));\n"
            )
    return TRAIN.format(
        name=face.name,
        upper=face.upper,
        train_step=face.train_step,
        inputs=", ".join(door.c for door in plan.inputs),
        targets="".join(targets),
        early=code.early,
        late=len(code.calls) - code.early,
        loss=plan.at(plan.schedules["step"].place(loss)),
    )
