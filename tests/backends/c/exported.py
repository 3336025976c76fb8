"""Exported models run as programs of their own: a main that reads arrays, and writes what comes of them."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from specdl.backends.c.compiler import find, zig_of_package
from specdl.backends.c.export import export
from specdl.backends.c.export_face import Face, identifier
from specdl.backends.c.export_plan import make
from specdl.backends.c.target import Target

STRICT = ["-std=c11", "-Wall", "-Wextra", "-Werror"]
SANITIZE = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]

MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include "{name}.h"

static inline void *array(FILE *file, size_t count, size_t size)
{{
    /* exactly as large as it is, so that a sanitizer sees what is read beyond */
    void *p = malloc(count * size);
    if (fread(p, size, count, file) != count) exit(3);
    return p;
}}

int main(void)
{{
    FILE *in = fopen("in.bin", "rb"), *out = fopen("out.bin", "wb");
    {name}_model *model = {name}_new();
    if (!in || !out || !model) return 2;
{load}{body}    {name}_free(model);
    fclose(in);
    fclose(out);
    return 0;
}}
"""


def compilers():
    """Commands of the compilers that are here, by family."""
    found = {name: [path] for name in ("gcc", "clang") if (path := shutil.which(name))}
    if find_spec("ziglang"):
        found["zig"] = list(zig_of_package() or ())
    return found


def cc():
    """The command of the compiler that specdl finds."""
    toolchain = find()
    if toolchain is None:
        pytest.skip("there is no C compiler here")
    return list(toolchain.command)


@cache
def sanitizers():
    """The flags of the sanitizers, or those that do without where the compiler has none."""
    command = [*cc(), *SANITIZE, "-x", "c", "-", "-o", "/dev/null"]
    done = subprocess.run(
        command, input="int main(void){return 0;}", text=True, capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("the C compiler has no sanitizers")
    return SANITIZE


def face_of(model, *, train=True, vector_bytes=16, name=None, **more):
    """What is exported of a compiled model."""
    programs = {key: each.program for key, each in model.plan.schedules.items()}
    step = programs["train"] if train else None
    target = Target(model.spec.model.dtype, vector_bytes)
    plan = make(programs["infer"], step, model.plan.rows, target)
    return Face(name or identifier(model.graph.name), plan, rate=0.1, **more)


def written(face, model, folder: Path):
    """The files of a model in a folder."""
    for name, content in export(face, {n: p.numpy() for n, p in model.parameters.items()}).items():
        (folder / name).write_bytes(content)


def compiled(face, folder: Path, body: str, flags, command=None):
    """The program around the lines of `body`; `model`, `in` and `out` are there."""
    load = "" if face.inside else f'    if ({face.name}_load_file(model, "{face.name}.bin")) return 4;\n'
    (folder / "main.c").write_text(MAIN.format(name=face.name, load=load, body=body))
    build([*(command or cc()), *flags, "main.c", f"{face.name}.c", "-lm", "-o", "main"], folder)


def build(command, folder: Path):
    """Run a compiler; its words are the failure."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    assert not done.stderr, done.stderr


def run(folder: Path, arrays, count, dtype):
    """Run the program on arrays; the `count` numbers that it writes."""
    (folder / "in.bin").write_bytes(b"".join(np.ascontiguousarray(each).tobytes() for each in arrays))
    done = subprocess.run(["./main"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = np.fromfile(folder / "out.bin", dtype)
    assert len(found) == count
    return found


def arrays_in(face, doors, rows):
    """Lines that read an array for each door."""
    return "".join(
        f"    {face.ctype(d)} *{d.c} = array(in, {rows * d.size}, sizeof *{d.c});\n" for d in doors
    )


def freed(doors):
    """Lines that give them back."""
    return "".join(f"    free({door.c});\n" for door in doors)


def predicting(face, rows):
    """Lines that predict for rows, and write the outputs."""
    inputs, outputs = face.plan.inputs, face.plan.outputs
    made = "".join(f"    {face.real} *{d.c} = malloc({rows * d.size} * sizeof *{d.c});\n" for d in outputs)
    names = ", ".join(door.c for door in (*inputs, *outputs))
    put = "".join(f"    fwrite({d.c}, sizeof *{d.c}, {rows * d.size}, out);\n" for d in outputs)
    call = f"    {face.name}_predict(model, {rows}, {names});\n"
    return arrays_in(face, inputs, rows) + made + call + put + freed((*inputs, *outputs))


def training(face, batches, lr):
    """Lines that take a step on each batch of so many rows, write the losses and then the weights."""
    doors, lines = (*face.plan.inputs, *face.given), []
    names = ", ".join(door.c for door in doors)
    for rows in batches:
        step = f"    loss = {face.name}_train_step(model, {rows}, {names}, {lr!r});\n"
        put = "    fwrite(&loss, sizeof loss, 1, out);\n"
        lines.append(f"    {{\n{arrays_in(face, doors, rows)}{step}{put}{freed(doors)}    }}\n")
    weights = (
        f"    void *bytes = malloc({face.upper}_WEIGHTS_BYTES);\n    {face.name}_save(model, bytes);\n"
        f"    fwrite(bytes, 1, {face.upper}_WEIGHTS_BYTES, out);\n    free(bytes);\n"
        f"    if ({face.name}_steps(model) != {len(batches)}) return 5;\n"
    )
    return f"    {face.real} loss;\n{''.join(lines)}{weights}"
