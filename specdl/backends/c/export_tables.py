"""The tables of an exported source: calls with their places, parameters, and numbers, exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable

from specdl.backends.c.export_face import Face
from specdl.backends.c.export_header import ranks
from specdl.core.types import BYTES

PER_LINE = 8


def schedule(face: Face, name: str) -> str:
    """The tables of a schedule's calls."""
    plan, code = face.plan, face.plan.code[name]
    size, planned = BYTES[plan.target.dtype], plan.schedules[name]
    slots = {expr: plan.slots[name] + number * size for number, expr in enumerate(code.slots)}
    calls, places = [], []
    for call in code.calls:
        units = call.units
        calls.append(f"    {{n{call.function}, {len(call.params)}, {units.times}, {units.fixed}}},\n")
        at = [
            plan.at(planned.place(each)) if isinstance(each, str) else slots[each] for _, each in call.params
        ]
        places.append(f"    {', '.join(map(str, at))},\n" if at else "")
    scratch = plan.base["scratch"]
    return (
        f"\nstatic const call {name}_calls[] = {{\n{''.join(calls) or '    {0, 0, 0, 0},' + chr(10)}}};\n"
        f"static const i64 {name}_places[] = {{\n{''.join(places) or '    0,' + chr(10)}}};\n"
        f"static const schedule {name} = {{{name}_calls, {name}_places, numbers{code.numbers}, "
        f"{plan.slots[name]}, {scratch}}};\n"
    )


def described(face: Face) -> str:
    """The table of the parameters, and where they lie."""
    rows, places, offset = [], [], 0
    for each in face.plan.parameters:
        axes = ", ".join(map(str, each.shape)) or "0"
        rows.append(f"    {{{offset}, {each.count}, {len(each.shape)}, {{{axes}}}, {int(each.trained)}}},\n")
        places.append(f"    {each.place},\n")
        offset += each.count
    none = f"    {{0, 0, {ranks(face)}, {{0}}, 0}},\n"
    return (
        f"\nconst {face.name}_parameter {face.name}_parameters[] = {{\n{''.join(rows) or none}}};\n"
        f"\nstatic const i64 parameter_places[] = {{\n{''.join(places) or '    0,' + chr(10)}}};\n"
    )


def numbers(values: Iterable[float], real: str) -> str:
    """Lines of numbers, exactly as they are."""
    texts = [number(value, "f" if real == "float" else "") for value in values] or ["0"]
    lines = (texts[at : at + PER_LINE] for at in range(0, len(texts), PER_LINE))
    return "".join(f"    {', '.join(line)},\n" for line in lines)


def number(value: float, suffix: str) -> str:
    """A number in hexadecimal, which C reads without rounding.

    >>> number(0.1, ""), number(0.5, "f"), number(-0.0, "f")
    ('0x1.999999999999ap-4', '0x1p-1f', '-0x0p+0f')
    """
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    mantissa, exponent = value.hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}p{exponent}{suffix}"
