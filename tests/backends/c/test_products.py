import ctypes
import itertools
import mmap
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

import specdl.backends.c
from specdl.backends.c import products
from specdl.backends.c.blas import Stored, emit_blas
from specdl.backends.c.body import Body, Extent, View
from specdl.backends.c.dots import shape
from specdl.backends.c.products import emit
from specdl.backends.c.target import Target
from specdl.backends.c.tiles import registers
from specdl.backends.c.tiling import choose

CC = shutil.which("cc") or shutil.which("gcc")
pytestmark = pytest.mark.skipif(not CC, reason="no C compiler")
VMATH = Path(specdl.backends.c.__file__).parent / "include" / "vmath.h"
FLAGS = ["-O2", "-march=native", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=fast"]
FLAGS += ["-shared", "-fPIC", "-Wall", "-Werror"]
GUARD = -12345.0
DTYPES = {"float32": np.float32, "float64": np.float64}
LIBC = ctypes.CDLL(None)


@dataclass(frozen=True)
class Case:
    """A (m, k) times b (k, n), each perhaps stored transposed, with gaps beyond the end of each row."""

    m: Extent
    n: int
    k: Extent
    a_transposed: bool = False
    b_transposed: bool = False
    gap: int = 0
    planned: int = 50
    threads: int = 1

    def __str__(self):
        layout = ("a.T " if self.a_transposed else "a ") + ("b.T" if self.b_transposed else "b")
        return f"{self.m.text}x{self.n}x{self.k.text} {layout} +{self.gap} @{self.planned}/{self.threads}"

    def ld(self, cols):
        return cols + self.gap

    def stored(self, samples):
        """The shapes of a and b as they lie in memory."""
        m, k = self.m.at(samples), self.k.at(samples)
        return (k, m) if self.a_transposed else (m, k), (self.n, k) if self.b_transposed else (k, self.n)

    def views(self):
        """a and b; where a row's length depends on the samples, for the planned number of them."""
        (_, la), (_, lb) = self.stored(self.planned)
        la, lb = self.ld(la), self.ld(lb)
        a = View("q0", 1, la) if self.a_transposed else View("q0", la, 1)
        return a, View("q1", lb, 1) if self.b_transposed else View("q1", 1, lb)


def store(case, target):
    """An epilogue that stores a vector, exactly up to the end of the row, and counts that it did."""
    rest = case.n % target.lanes

    def epilogue(row, column, x, tail):
        place = f"q2 + {row}*{case.ld(case.n)} + {column}"
        lines = [f"counts[{row}*{-(-case.n // target.lanes)} + {column}/LANES] += 1;"]
        whole, part = f"ST({place}, {x});", f"STN({place}, {x}, {rest});"
        return [*lines, f"if ({tail}) {part} else {whole}" if rest else whole]

    return epilogue


GEMM = """
typedef const int *number;
typedef void gemm_fn(const char *, const char *, number, number, number, const real *, const real *, number,
                     const real *, number, const real *, real *, number);
static gemm_fn *SGEMM __attribute__((unused)), *DGEMM __attribute__((unused));
void set_blas(void *sgemm, void *dgemm) { SGEMM = (gemm_fn *)sgemm; DGEMM = (gemm_fn *)dgemm; }
"""


def source(cases, target, generate=None):
    """C text with a function for each case."""
    lines = [f"#define SPECDL_DOUBLE {int(target.real == 'double')}", f"#define LANES {target.lanes}"]
    lines += [VMATH.read_text(), GEMM]
    bodies = []
    for index, case in enumerate(cases):
        body = (generate or emitted)(case, target)
        bodies.append(body)
        lines += [
            f"void n{index}(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {{",
            "(void)samples; (void)lo; (void)hi; (void)scratch;",
            "const real *restrict q0 = p[0]; const real *restrict q1 = p[1];",
            "real *restrict q2 = p[2]; int *restrict counts = p[3];",
            *body.lines,
            "}",
        ]
    return "\n".join(lines) + "\n", bodies


def emitted(case, target):
    a, b = case.views()
    return emit(a, b, case.m, case.n, case.k, store(case, target), target, case.planned, case.threads)


def build(text, folder):
    (folder / "n.c").write_text(text)
    done = subprocess.run(
        [CC, *FLAGS, "n.c", "-o", "n.so", "-lm"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(folder / "n.so"))


def before_a_wall(count, dtype):
    """Numbers that end where a page begins that nobody may read; what comes first in memory."""
    page, size = mmap.PAGESIZE, count * np.dtype(dtype).itemsize
    whole = -(-size // page) * page
    memory = np.frombuffer(mmap.mmap(-1, whole + page), np.uint8)
    failed = LIBC.mprotect(ctypes.c_void_p(memory.ctypes.data + whole), ctypes.c_size_t(page), 0)
    assert not failed
    return memory[whole - size : whole].view(dtype)


def matrix(shape, ld, target, seed):
    """Random numbers in rows of `ld`, where the gaps are not a number, and a vector of slack at the end."""
    rows, cols = shape
    memory = before_a_wall((rows - 1) * ld + cols + target.lanes, DTYPES[target.dtype])
    memory[:] = np.nan
    inside = np.lib.stride_tricks.as_strided(memory, shape, (ld * memory.itemsize, memory.itemsize))
    inside[:] = np.random.default_rng(seed).standard_normal(shape)
    return memory, inside


def run(function, body: Body, case, target, samples, cuts):
    """The product and how often each vector was stored, in ranges cut at multiples of the grain."""
    dtype = DTYPES[target.dtype]
    m, n = case.m.at(samples), case.n
    (_, la), (_, lb) = case.stored(case.planned)
    shape_a, shape_b = case.stored(samples)
    a_memory, a = matrix(shape_a, case.ld(la), target, 1)
    b_memory, b = matrix(shape_b, case.ld(lb), target, 2)
    vectors = -(-n // target.lanes)
    out, counts = np.full(m * case.ld(n) + 64, GUARD, dtype), np.zeros(m * vectors, np.int32)
    pointers = (ctypes.c_void_p * 4)(*(x.ctypes.data for x in (a_memory, b_memory, out, counts)))
    units = body.units.at(samples)
    edges = [min(-(-units * c // cuts // body.grain) * body.grain, units) for c in range(cuts)] + [units]
    for lo, hi in itertools.pairwise(edges):
        # each thread has its own scratch memory, with nothing usable in it
        scratch = np.full(body.scratch + 32, np.nan, dtype)
        scratch[body.scratch + 16 :] = GUARD
        at = scratch.ctypes.data + (-scratch.ctypes.data) % 64
        # (aligned by hand: what the guard covers shifts by less than a vector)
        function(
            pointers, ctypes.c_int64(samples), ctypes.c_int64(lo), ctypes.c_int64(hi), ctypes.c_void_p(at)
        )
        assert (scratch[body.scratch + 16 + (at - scratch.ctypes.data) // scratch.itemsize :] == GUARD).all()
    a64, b64 = a.astype(np.float64), b.astype(np.float64)
    meant = (a64.T if case.a_transposed else a64) @ (b64.T if case.b_transposed else b64)
    return out, counts, meant


def check(library, bodies, cases, target, exact=True):
    for index, (case, body) in enumerate(zip(cases, bodies, strict=True)):
        function = getattr(library, f"n{index}")
        dynamic = case.m.times or case.k.times
        # no more samples than planned for where they are along a row
        for samples in [1, 2, 3, 7, 16, 33, 49, 50] if dynamic else [50]:
            first = None
            for cuts in (1, 2, 3):
                what = f"{case}, {samples} samples, {cuts} cuts"
                out, counts, meant = run(function, body, case, target, samples, cuts)
                assert (counts == 1).all(), what
                rows = out[: meant.shape[0] * case.ld(case.n)].reshape(meant.shape[0], -1)
                assert (rows[:, case.n :] == GUARD).all(), what
                assert (out[rows.size :] == GUARD).all(), what
                tight = 4e-14 if target.real == "double" else 1e-5
                np.testing.assert_allclose(rows[:, : case.n], meant, rtol=tight, atol=tight * 8, err_msg=what)
                if exact:
                    first = out if first is None else first
                    assert np.array_equal(out, first), what


BATCH, WIDE = Extent(times=1), Extent(times=3)
TARGETS = [Target("float32", 64), Target("float32", 32), Target("float32", 16)]
TARGETS += [Target("float64", 64), Target("float64", 16)]


def every_shape():
    """Forward, backward to the input and to the weight, over many widths."""
    widths = [1, 2, 3, 5, 8, 15, 16, 17, 25, 33, 40, 70]
    for index, n in enumerate(widths):
        k = Extent(fixed=widths[(index * 5 + 3) % 12])
        m = Extent(fixed=widths[(index * 7 + 2) % 12])
        gap, threads = (0, 3, 7)[index % 3], 1 + index % 3
        planned = (50, 50, 64)[index % 3]
        yield Case(BATCH, n, k, False, True, gap, planned, threads)
        yield Case(BATCH, n, k, False, False, gap, planned, threads)
        yield Case(m, n, BATCH, True, False, gap, planned, threads)
        yield Case(m, n, k, True, True, gap, planned, threads)
        yield Case(m, n, k, False, True, gap, planned, threads)
    yield Case(WIDE, 25, Extent(fixed=25), False, True)
    yield Case(Extent(fixed=2), 25, BATCH, True)
    yield Case(Extent(fixed=25), 2, BATCH, True)
    yield Case(Extent(fixed=1), 200, Extent(fixed=3), False, True, threads=2)
    yield Case(Extent(fixed=3), 130, WIDE, False, True, threads=2)
    yield Case(Extent(fixed=130), 3, WIDE, True, False, threads=2)
    yield Case(BATCH, 300, Extent(fixed=70), False, True, threads=2)
    yield Case(BATCH, 176, Extent(fixed=12), False, False, 5, threads=2)
    yield Case(BATCH, 176, Extent(fixed=12), False, False, 5, planned=1)
    # dot products: few rows, for which b is not turned
    for index, (n, k) in enumerate([(1, 64), (5, 70), (16, 128), (25, 130), (33, 97), (40, 200), (200, 256)]):
        for rows in (1, 2, 4, 7, 12):
            gap, threads = (0, 3)[index % 2], 1 + index % 3
            yield Case(Extent(fixed=rows), n, Extent(fixed=k), False, True, gap, threads=threads)
        yield Case(BATCH, n, Extent(fixed=k), False, True, gap, planned=(1, 2, 4)[index % 3], threads=threads)
    # hardly anything to sum
    for index, n in enumerate([3, 16, 25, 70]):
        yield Case(
            Extent(fixed=40), n, BATCH, True, False, (0, 3)[index % 2], planned=1, threads=1 + index % 3
        )
        yield Case(Extent(fixed=1), n, BATCH, True, False, planned=2, threads=2)
        yield Case(BATCH, n, Extent(fixed=2), False, False, threads=1 + index % 3)
    # panels of b packed at once
    yield Case(Extent(fixed=700), 790, Extent(fixed=4), True, False, threads=2)
    yield Case(Extent(fixed=700), 790, Extent(fixed=4), False, True, threads=1)
    yield Case(Extent(fixed=20), 26500, Extent(fixed=3), True, True, threads=2)


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: f"{t.dtype}-{t.lanes}")
def test_products(target, tmp_path):
    cases = list(every_shape())
    text, bodies = source(cases, target)
    check(build(text, tmp_path), bodies, cases, target)


@pytest.mark.parametrize("target", [TARGETS[0], TARGETS[-1]], ids=lambda t: f"{t.dtype}-{t.lanes}")
def test_products_in_bands(target, tmp_path, monkeypatch):
    monkeypatch.setattr(products, "LARGE_B", 0)
    cases = list(every_shape())
    cases += [
        Case(rows, n, Extent(fixed=70), False, False, gap, planned, threads)
        for rows, planned in [(BATCH, 1), (BATCH, 8), (BATCH, 20), (WIDE, 5), (Extent(fixed=17), 50)]
        for n, gap, threads in [(70, 0, 1), (200, 3, 2), (330, 0, 3)]
    ]
    text, bodies = source(cases, target)
    assert "band" in text
    check(build(text, tmp_path), bodies, cases, target)


def test_a_large_b_is_passed_over_in_bands():
    def banded(rows, width, threads=1):
        case = Case(BATCH, width, Extent(fixed=width), planned=rows, threads=threads)
        return any("band" in line for line in emitted(case, TARGETS[0]).lines)

    assert banded(8, 2048)
    assert banded(8, 2048, threads=2)
    assert not banded(8, 512)
    # there it is packed
    assert not banded(512, 2048)


def by_blas(case, target):
    """Through scratch memory where there is a gap, since what follows stores; else into its place."""
    a, b = case.views()
    stored = None if case.gap else Stored("q2", case.ld(case.n))
    inner = store(case, target)

    def counted(row, column, x, tail):
        return [*inner(row, column, x, tail)[:1], f"(void){x};"]

    return emit_blas(a, b, case.m, case.n, case.k, stored, counted if stored else inner, target, case.planned)


@pytest.mark.parametrize("target", [TARGETS[0], TARGETS[-1]], ids=lambda t: f"{t.dtype}-{t.lanes}")
def test_products_by_blas(target, tmp_path):
    shared = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
    cases = list(every_shape())
    text, bodies = source(cases, target, by_blas)
    library = build(text, tmp_path)
    library.set_blas(*(ctypes.cast(getattr(shared, name), ctypes.c_void_p) for name in ("sgemm_", "dgemm_")))
    check(library, bodies, cases, target, exact=False)


def test_nothing_follows_a_product_by_blas():
    case = Case(Extent(fixed=1000), 700, Extent(fixed=3))
    a, b = case.views()
    body = emit_blas(
        a, b, case.m, case.n, case.k, Stored("q2", 700), lambda *_: [], Target("float32", 64), 50
    )
    assert body.scratch == 0
    # one call for all the rows, and no loop over what it leaves
    assert sum(line.count("for (") for line in body.lines) == 1
    assert "LD(" not in "".join(body.lines)


def test_scratch_memory_of_a_product_by_blas_is_no_more_than_its_result():
    for rows, planned in [(Extent(fixed=8), 50), (BATCH, 8)]:
        case = Case(rows, 1000, Extent(fixed=3), planned=planned)
        a, b = case.views()
        body = emit_blas(
            a, b, case.m, case.n, case.k, None, store(case, TARGETS[0]), TARGETS[0], case.planned
        )
        assert body.scratch == 8 * 1008


def test_text_depends_on_the_arguments_alone():
    case = Case(BATCH, 25, Extent(fixed=25), False, True)
    first, second = (emitted(case, TARGETS[0]) for _ in range(2))
    assert first == second


def test_few_rows_are_dot_products():
    def turns(rows, k, planned=50):
        body = emitted(Case(rows, 128, Extent(fixed=k), False, True, planned=planned), TARGETS[0])
        return any("transpose(" in line for line in body.lines)

    assert not turns(Extent(fixed=4), 128)
    assert not turns(BATCH, 128, planned=4)
    assert turns(BATCH, 128, planned=50)
    # nor do they pay where little is summed
    assert turns(Extent(fixed=4), 16)


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: f"{t.dtype}-{t.lanes}")
def test_dots_fit_the_registers(target):
    for height in (1, 2, 3, 4, 12, 100):
        rows, columns = shape(height, target)
        assert rows * columns + min(rows, columns) + 1 <= registers(target)
        assert rows <= height
        assert columns <= target.lanes


@pytest.mark.parametrize("target", TARGETS, ids=lambda t: f"{t.dtype}-{t.lanes}")
def test_tiles_fit_the_registers(target):
    for height, width in itertools.product((1, 2, 7, 25, 50, 128, 1000), (1, 2, 3, 7, 13, 64)):
        for threads in (1, 2, 8):
            tiling = choose(height, width, target, threads)
            assert tiling.rows * tiling.vectors + tiling.vectors + 1 <= registers(target)
            assert tiling.rows <= height
            assert tiling.vectors <= width
