"""The header of an exported model: constants and documented functions."""

from __future__ import annotations

from specdl import __version__
from specdl.backends.c.export_face import Face
from specdl.backends.c.export_plan import Door

HEAD = """/* {name}: a model that specdl {version} compiled to C.
   {name}.json has the spec's names for what is here.

   Compile {name}.c with gcc or clang and link with -lm; nothing else is needed:
       cc -O2 -march=native -fno-math-errno -fno-trapping-math -ffp-contract=fast -c {name}.c
   Samples lie one after another, the numbers of each in the order of its shape, the last axis fastest.
   A model is one block of memory; each is used by one thread at a time. */

#ifndef {upper}_H
#define {upper}_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {{
#endif
"""

MODEL = """
/* The weights, what a step keeps, and room for a batch. */
typedef struct {name}_model {name}_model;

/* A model{begun}; NULL where there is no memory. */
{name}_model *{name}_new(void);

/* Gives back what {name}_new made; nothing else. */
void {name}_free({name}_model *model);

/* The same in memory of the caller's: {upper}_MODEL_BYTES bytes at a multiple of 64; NULL if it is at none.
   Nothing is allocated, and the memory stays the caller's. */
{name}_model *{name}_init(void *memory);
"""

PREDICT = """
/* Computes the outputs for any number of samples, {upper}_BATCH at a time.
{notes} */
{predict};
"""

PARAMETERS = """
/* A parameter: where its elements begin in a file of weights, how many there are, its shape as torch has it
   (the last axis fastest), and whether training changes it. */
typedef struct {{
    size_t offset, count;
    int rank;
    size_t shape[{rank}];
    int trained;
}} {name}_parameter;

extern const {name}_parameter {name}_parameters[];

/* The elements of a parameter, by its number, to read and to write; NULL for a number that there is not. */
{real} *{name}_weights({name}_model *model, int number);

/* All parameters as bytes: {upper}_WEIGHTS_BYTES of them, {real}s in the order of {name}_parameters without
   gaps, the least significant byte of each first. The first sets them: 0, or -1 if `size` is another. */
int {name}_load({name}_model *model, const void *bytes, size_t size);
void {name}_save({name}_model *model, void *bytes);
"""

LOAD_FILE = """
/* {name}_load from a file such as {name}.bin: 0, or -1 with the weights as they were if it cannot be read. */
int {name}_load_file({name}_model *model, const char *path);
"""

TRAIN = """
/* One training step on 1 to {upper}_BATCH samples: forward, backward, update, as the spec's optimiser has it;
   the loss before the update. Steps are counted inside.
   A loss that is not finite is returned as it is, and nothing is changed. NAN for another number of rows.
{notes} */
{train_step};

/* Training steps taken. */
int64_t {name}_steps(const {name}_model *model);
"""

TAIL = """
#ifdef __cplusplus
}
#endif

#endif
"""


def header(face: Face) -> str:
    """The text of NAME.h."""
    plan, words = face.plan, {"name": face.name, "upper": face.upper, "real": face.real}
    begun = (
        " with the weights that were exported"
        if face.inside
        else f" whose weights are 0 until {face.name}_load"
    )
    parts = [
        HEAD.format(version=__version__, **words),
        *constants(face),
        MODEL.format(begun=begun, **words),
        PREDICT.format(predict=face.predict, notes=notes(face, (*plan.inputs, *plan.outputs)), **words),
        PARAMETERS.format(rank=ranks(face), **words),
    ]
    if not face.inside:
        parts.append(LOAD_FILE.format(**words))
    if plan.trains:
        told = notes(face, (*plan.inputs, *face.given))
        parts.append(TRAIN.format(train_step=face.train_step, notes=told, **words))
    return "".join((*parts, TAIL))


def ranks(face: Face) -> int:
    """The axes that there is room for in a parameter's description."""
    return max((len(each.shape) for each in face.plan.parameters), default=1) or 1


def constants(face: Face) -> list[str]:
    """The lines of constants."""
    plan = face.plan
    found = {"BATCH": (str(plan.rows), "samples that are computed at a time")}
    for door in (*plan.inputs, *plan.outputs, *face.given):
        found[f"{door.c.upper()}_SIZE"] = (str(door.size), f"numbers of a sample of {door.c}{shape(door)}")
    found["PARAMETERS"] = (str(len(plan.parameters)), "how many there are")
    found["WEIGHTS_BYTES"] = (str(face.weights_bytes), "of all parameters")
    found["MODEL_BYTES"] = (str(face.nbytes), "of a model in memory")
    if plan.trains and face.rate is not None:
        found["LR"] = (repr(face.rate), "the learning rate of the spec")
    return [
        "\n",
        *(f"#define {face.upper}_{name} {value} /* {what} */\n" for name, (value, what) in found.items()),
    ]


def shape(door: Door) -> str:
    """A shape for a comment."""
    return f": {' x '.join(map(str, door.shape))}" if len(door.shape) > 1 else ""


def notes(face: Face, doors: tuple[Door, ...]) -> str:
    """A line for each thing that goes in or comes out."""
    lines = []
    for door in doors:
        what = f"rows x {face.upper}_{door.c.upper()}_SIZE {face.ctype(door)}s"
        if face.steps.get(door.value) and door in face.plan.inputs:
            what += ", raw: the transforms of the run are part of the model"
        lines.append(f"   {door.c}: {what}")
    return ";\n".join(lines) + "."
