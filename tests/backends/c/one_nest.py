"""Nests compiled on their own, and what their statements mean in float64."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch

from specdl.backends.c.body import Body
from specdl.backends.c.names import Names
from specdl.backends.c.target import Target
from specdl.core import plain
from specdl.core.expr import COMPARISONS, Expr
from specdl.core.types import TensorType, bind
from specdl.loops.nests import Nest
from specdl.loops.statements import BLOCK, Copy, Map, Product, Statement, Total, grid_of

INCLUDE = Path(__file__).parents[3] / "specdl/backends/c/include"
FLAGS = "-O2 -march=native -fno-math-errno -fno-trapping-math -ffp-contract=fast".split()
TARGETS = [Target("float32", 64), Target("float32", 32), Target("float64", 64), Target("float64", 16)]
SLACK = 64
NUMBERS = {"lr": 0.125, "t": 3.0}

Emit = Callable[[Nest, "Case", Target, Names], Body]


@dataclass
class Case:
    """A nest, the types of the values it touches, and where they lie: dense unless `padded`."""

    nest: Nest
    emit: Emit
    types: dict[str, TensorType]
    padded: frozenset[str] = frozenset()
    places: dict[str, str] = field(default_factory=dict)
    target: Target = TARGETS[0]

    def ld(self, value: str, cols: int) -> int:
        return self.target.padded(cols) if value in self.padded and cols > 1 else cols

    def dtype(self, value: str):
        dtype = self.types[value].dtype
        return dtype if dtype == "int64" else self.target.dtype

    def place(self, value: str) -> str:
        return self.places.get(value, value)


@dataclass
class Built:
    case: Case
    body: Body
    names: Names
    text: str
    function: ctypes._CFuncPtr | None = None


def emitted(case: Case, target: Target) -> Built:
    case.target = target
    names = Names(target, case.dtype, case.place)
    body = case.emit(case.nest, case, target, names)
    lines = [*names.declarations(), *body.lines]
    return Built(case, body, names, "\n".join(f"  {line}" for line in lines))


def build(cases: list[Case], target: Target, folder: Path) -> list[Built]:
    """Every case as a function of one library."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("needs a C compiler")
    built = [emitted(case, target) for case in cases]
    text = [
        f"#define SPECDL_DOUBLE {int(target.real == 'double')}",
        f"#define LANES {target.lanes}",
        (INCLUDE / "vmath.h").read_text(),
    ]
    for k, each in enumerate(built):
        text.append(
            f"void n{k}(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {{\n{each.text}\n}}"
        )
    source, library = folder / "nests.c", folder / "nests.so"
    source.write_text("\n".join(text))
    quiet = [
        *FLAGS,
        "-shared",
        "-fPIC",
        "-Wall",
        "-Werror",
        "-Wno-unused-variable",
        "-Wno-unused-but-set-variable",
    ]
    done = subprocess.run(
        [compiler, *quiet, str(source), "-o", str(library), "-lm"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = ctypes.CDLL(str(library))
    for k, each in enumerate(built):
        each.function = getattr(loaded, f"n{k}")
        each.function.argtypes = [
            ctypes.c_void_p,
            ctypes.c_longlong,
            ctypes.c_longlong,
            ctypes.c_longlong,
            ctypes.c_void_p,
        ]
    return built


class Memory:
    """Every value of a case at its place, with a guard in all other cells."""

    def __init__(self, built: Built, values: dict[str, torch.Tensor], samples: int, guard: float) -> None:
        self.built, self.case, self.samples = built, built.case, samples
        self.cells: dict[str, np.ndarray] = {}
        for value in self.case.types:
            rows, cols, ld = self.lies(value)
            dtype = np.dtype(self.case.dtype(value))
            size = SLACK + rows * ld + SLACK
            place = self.case.place(value)
            if place not in self.cells or len(self.cells[place]) < size:
                self.cells[place] = np.full(size, guard if dtype.kind == "f" else -7, dtype)
        for value, given in values.items():
            rows, cols, ld = self.lies(value)
            if rows * cols:
                self.view(value)[:] = given.reshape(rows, cols).numpy()

    def lies(self, value: str) -> tuple[int, int, int]:
        grid = grid_of(self.case.types[value].shape)
        return bind(grid.rows, self.samples), grid.cols, self.case.ld(value, grid.cols)

    def view(self, value: str) -> np.ndarray:
        rows, cols, ld = self.lies(value)
        cells = self.cells[self.case.place(value)]
        return cells[SLACK : SLACK + rows * ld].reshape(rows, ld)[:, :cols]

    def run(self, cuts: int) -> None:
        """Calls the function for ranges cut at `cuts` places."""
        real = np.dtype(self.case.target.dtype)
        slots, addresses = [], []
        for kind, what in self.built.names.params:
            if kind == "value":
                assert isinstance(what, str)
                cells = self.cells[self.case.place(what)]
                addresses.append(cells.ctypes.data + SLACK * cells.itemsize)
            else:
                assert isinstance(what, Expr)
                slots.append(np.array([float(evaluate(what, {}, self.samples))], real))
                addresses.append(slots[-1].ctypes.data)
        pointers = (ctypes.c_void_p * max(len(addresses), 1))(*addresses)
        scratch = np.full(self.built.body.scratch + 16, np.nan, real)
        aligned = scratch.ctypes.data + -scratch.ctypes.data % 64
        units, grain = self.built.body.units.at(self.samples), self.built.body.grain
        ends = sorted({0, units, *(units * k // (cuts + 1) // grain * grain for k in range(1, cuts + 1))})
        for lo, hi in pairwise(ends):
            self.built.function(pointers, self.samples, lo, hi, aligned)


def evaluate(expr: Expr, values: dict[str, torch.Tensor], samples: int):
    """The meaning of an expression."""
    if expr.op == "load":
        return values[expr.attr]
    if expr.op in ("const", "scalar", "samples"):
        number = {"const": expr.attr, "scalar": NUMBERS.get(expr.attr), "samples": samples}[expr.op]
        return torch.tensor(number * (expr.attr if expr.op == "samples" else 1), dtype=torch.float64)
    args = [evaluate(arg, values, samples) for arg in expr.args]
    if expr.op == "one_hot":
        return plain.one_hot(args[0], torch.zeros(expr.type.bind(samples).shape, dtype=torch.float64))
    if expr.op == "truth":
        return args[0] != 0
    if expr.op in COMPARISONS:
        return getattr(torch, expr.op)(*args)
    return plain.MAP[expr.op](*args)


def mean(statement: Statement, values: dict[str, torch.Tensor], samples: int) -> torch.Tensor:
    """The meaning of a statement."""
    if isinstance(statement, Product):
        a, b = (values[x.value].reshape(-1, x.cols) for x in (statement.a, statement.b))
        return (a.T if statement.a.transposed else a) @ (b.T if statement.b.transposed else b)
    if isinstance(statement, Total):
        return values[statement.parts][: -(-bind(statement.rows, samples) // BLOCK)].sum()
    if isinstance(statement, Copy):
        source = values[statement.source].reshape(-1, statement.source_cols)
        target = torch.full((len(source), statement.target_cols), torch.nan, dtype=torch.float64)
        part = slice(statement.source_at, statement.source_at + statement.cols)
        target[:, statement.target_at : statement.target_at + statement.cols] = source[:, part]
        return target
    shape = tuple(bind(dim, samples) for dim in statement.shape)
    x = torch.broadcast_to(evaluate(statement.expr, values, samples), shape).to(torch.float64)
    if isinstance(statement, Map):
        return x
    axes = {"row": (-1,), "batch": tuple(range(x.dim() - 1))}
    if statement.over == "all":
        grid = x.reshape(-1, x.shape[-1])
        return torch.stack([rows.sum() for rows in grid.split(BLOCK)])
    if not axes[statement.over]:
        return x
    return plain.REDUCE[statement.how](x, axes[statement.over], statement.over == "row")


def inputs(case: Case, samples: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """Numbers, as the target rounds them, for all that a nest reads; small indices."""
    generator = torch.Generator().manual_seed(seed)
    made = {s.target for s in case.nest.statements}
    given = {}
    for value, type in case.types.items():
        shape = type.bind(samples).shape
        if value in made:
            continue
        if type.dtype == "int64":
            given[value] = torch.randint(-1, 12, shape, generator=generator)
        else:
            drawn = torch.randn(shape, generator=generator, dtype=torch.float64)
            given[value] = drawn.to(getattr(torch, case.target.dtype)).to(torch.float64)
    return given


def run_nest(
    built: Built,
    samples: int,
    cuts: int = 0,
    given: dict[str, torch.Tensor] | None = None,
    guard: float = np.nan,
) -> Memory:
    """The nest on its inputs."""
    memory = Memory(built, inputs(built.case, samples) if given is None else given, samples, guard)
    memory.run(cuts)
    return memory


def expected(case: Case, samples: int, given: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    values = dict(given)
    for statement in case.nest.statements:
        values[statement.target] = mean(statement, values, samples)
    return values


def check_nest(built: Built, samples: int, given: dict[str, torch.Tensor] | None = None) -> None:
    """Right to rounding, the same however the units are cut, and nothing written beyond the rows."""
    case = built.case
    given = inputs(case, samples) if given is None else given
    values = expected(case, samples, given)
    memory = run_nest(built, samples, 0, given)
    tolerance = 1e-5 if case.target.dtype == "float32" else 1e-12
    for value in case.nest.stored:
        rows, cols, _ = memory.lies(value)
        want = np.full(rows * cols, np.nan)
        want[: values[value].numel()] = values[value].numpy().ravel()
        want = want.reshape(rows, cols)
        scale = np.maximum(1, np.abs(np.where(np.isfinite(want), want, 0)).max(initial=0))
        message = f"{case.nest} {value} {case.target} {samples}\n{built.text}"
        np.testing.assert_allclose(
            memory.view(value), want, rtol=tolerance, atol=tolerance * scale, err_msg=message
        )
    # NaN shows what is computed from cells beyond the rows, another number what is written there
    for cuts, guard in ((1, np.nan), (2, 1234.5), (6, 0.5)):
        again = run_nest(built, samples, cuts, given, guard)
        for value in case.nest.stored:
            check_again(value, memory, again, guard, values[value].numel())


def check_again(value: str, once: Memory, again: Memory, guard: float, filled: int) -> None:
    """The same bits in the first `filled` elements, and the guard around what may be written."""
    text, case = again.built.text, again.case
    made, remade = once.view(value).ravel()[:filled], again.view(value).ravel()[:filled]
    if case.nest.kind == "copy":
        untouched = np.isnan(made)
        assert np.array_equal(remade[untouched], np.full_like(made[untouched], guard), equal_nan=True), text
        made, remade = made[~untouched], remade[~untouched]
    assert made.tobytes() == remade.tobytes(), text
    rows, cols, ld = again.lies(value)
    end = rows * ld if filled == rows * cols else filled
    cells = again.cells[case.place(value)]
    for beyond in (cells[:SLACK], cells[SLACK + end :]):
        assert np.array_equal(beyond, np.full_like(beyond, guard), equal_nan=True), text
