"""The runtime on nests written by hand: orders, batches, the guard, time, threads and denormals."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from specdl.backends.c import runtime
from specdl.backends.c.runtime import (
    CallEntry,
    Column,
    Library,
    Schedule,
    Team,
    Training,
    torch_symbols,
)
from specdl.core.errors import CompilerFault
from specdl.data.deal import Deal
from specdl.data.order import Order, batches

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler")

INCLUDE = Path(runtime.__file__).parent / "include"
FLAGS = "-O2 -std=gnu11 -Wall -Wextra -Werror -fno-math-errno -fno-trapping-math -shared -fPIC".split()
HEAD = """
#include <stdint.h>
#define LANES 16
typedef {real} real;
typedef int64_t i64;
"""
RECORD, MARK, SUM, MOVE, TINY, NUMBER, POISON, SEEN, EMPTY = range(9)
NESTS = """
/* [log, cursor, batch]: append the samples of the batch, as numbers */
static void record(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {
    i64 *log = p[0], *cursor = p[1], *batch = p[2];
    for (i64 i = 0; i < samples; i++) log[(*cursor)++] = batch[i];
    (void)lo; (void)hi; (void)scratch;
}
/* [counts]: one more for each unit */
static void mark(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {
    i64 *counts = p[0];
    for (i64 i = lo; i < hi; i++) counts[i]++;
    (void)samples; (void)scratch;
}
/* [x, loss]: the mean of a column, by way of the scratch */
static void sum(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {
    const real *x = p[0];
    scratch[0] = 0;
    for (i64 i = 0; i < samples; i++) scratch[0] += x[i];
    *(real *)p[1] = scratch[0] / (real)samples;
    (void)lo; (void)hi;
}
/* [weights, x, rate]: each weight moves by every sample of the batch */
static void move(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {
    real *weights = p[0];
    const real *x = p[1], rate = *(const real *)p[2];
    for (i64 i = lo; i < hi; i++)
        for (i64 j = 0; j < samples; j++) weights[i] = weights[i] * (real)0.999 - rate * x[j] * (real)(i + 1);
    (void)scratch;
}
/* [small, results]: a product too small for a normal number, and a small number read */
static void tiny(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {
    volatile const real *small = p[0];
    volatile real *results = p[1];
    for (i64 i = lo; i < hi; i++) results[i] = i % 2 ? small[0] * small[0] : small[1] * (real)1e30;
    (void)samples; (void)scratch;
}
/* [slots, results]: what the slots hold */
static void number(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {
    memcpy(p[1], p[0], 3 * sizeof(real));
    (void)samples; (void)lo; (void)hi; (void)scratch;
}
/* [loss, steps, when, bad]: the loss is `bad` in step number `when` */
static void poison(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {
    i64 *steps = p[1];
    *(real *)p[0] = (*steps)++ == *(i64 *)p[2] ? *(real *)p[3] : (real)*steps;
    (void)samples; (void)lo; (void)hi; (void)scratch;
}
/* [seen]: which threads came, by where their scratch lies */
static void seen(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {
    real **seen = p[0];
    for (i64 i = lo; i < hi; i++) seen[i] = scratch;
    (void)samples;
}
static void empty(void *const *p, i64 samples, i64 lo, i64 hi, real *scratch) {
    (void)p; (void)samples; (void)lo; (void)hi; (void)scratch;
}
nest_fn *const specdl_nests[] = {record, mark, sum, move, tiny, number, poison, seen, empty};
static void numbers0(double lr, double t, double samples, real *s) {
    s[0] = (real)lr; s[1] = (real)t; s[2] = (real)samples;
}
numbers_fn *const specdl_numbers[] = {numbers0};
const i64 specdl_counts[] = {9, 1};
void *blas_seen(void) { return (void *)SGEMM; }
"""


def built(folder: Path, real: str) -> Library:
    source, library = folder / f"{real}.c", folder / f"{real}.so"
    source.write_text(
        HEAD.format(real=real)
        + (INCLUDE / "nest.h").read_text()
        + (INCLUDE / "order.h").read_text()
        + (INCLUDE / "runtime.h").read_text()
        + NESTS
    )
    subprocess.run([COMPILER, *FLAGS, str(source), "-o", str(library)], check=True)
    return Library(ctypes.CDLL(str(library)), 8 if real == "double" else 4)


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return built(tmp_path_factory.mktemp("runtime"), "double")


def address(array):
    return array.ctypes.data


ONE = Team.of(1)
TEAMS = [1, 2, 3]


def column(source, buffer):
    """A column between arrays of (rows, cols), the buffer's rows perhaps longer."""
    assert source.flags["C_CONTIGUOUS"]
    return Column(address(source), source[0].nbytes, address(buffer), buffer.strides[0])


class Recorder:
    """Trains nothing: the loss is 1, and the samples of each batch are written down."""

    def __init__(self, library, deal, threads=1, room=1 << 20):
        rows = deal.order.rows
        self.source = np.arange(rows, dtype=np.int64)
        self.buffer = np.zeros(deal.batch_size, dtype=np.int64)
        self.log, self.cursor = np.zeros(room, dtype=np.int64), np.zeros(1, dtype=np.int64)
        self.loss = np.ones(1)
        pointers = [address(a) for a in (self.log, self.cursor, self.buffer)]
        calls = [CallEntry(RECORD, 0, 1, 0, alone=True)]
        self.schedule = Schedule(library, Team.of(threads), calls, pointers, loss=address(self.loss))
        self.training = Training(self.schedule, deal, [column(self.source, self.buffer)])

    def samples(self, first, count):
        self.cursor[0] = 0
        losses, reason = self.training.run(first, np.zeros(count))
        assert (len(losses), reason) == (count, "done")
        return self.log[: self.cursor[0]]


def deal_of(rows, batch, seed=0, shuffle=True, drop_last=False):
    return Deal(Order(seed, rows, shuffle), batch, batches(rows, batch, drop_last).steps)


ORDERS = [
    (1, 1, 3), (1, 50, 2), (2, 1, 40), (2, 3, 9), (3, 2, 60), (5, 2, 30), (63, 10, 9), (64, 64, 7),
    (65, 16, 300), (1000, 50, 40), (1000, 64, 3), (997, 300, 40), (8192, 1000, 5), (8192, 4096, 3),
    (8193, 1000, 4), (100003, 4096, 2),
]  # fmt: skip
"""Rows, rows of a batch, epochs."""


@pytest.mark.parametrize(("rows", "batch", "epochs"), ORDERS)
@pytest.mark.parametrize("threads", [1, 2])
def test_samples_come_in_the_order_of_the_data(library, rows, batch, epochs, threads):
    deal = deal_of(rows, batch, seed=rows)
    found = Recorder(library, deal, threads).samples(0, epochs * deal.steps_per_epoch)
    assert len(found) == epochs * rows
    assert np.array_equal(found, np.concatenate(deal.batches(0, epochs * deal.steps_per_epoch)))


@pytest.mark.parametrize("seed", [0, 1, -1, 2**63 - 1, -(2**63)])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("drop_last", [True, False])
def test_every_seed_and_setting_has_its_order(library, seed, shuffle, drop_last):
    deal = deal_of(1003, 60, seed, shuffle, drop_last)
    assert np.array_equal(
        Recorder(library, deal).samples(0, 3 * deal.steps_per_epoch),
        np.concatenate(deal.batches(0, 3 * deal.steps_per_epoch)),
    )


@pytest.mark.parametrize("rows", [7, 1000, 8193])
def test_a_stretch_may_begin_and_end_anywhere(library, rows):
    deal = deal_of(rows, max(rows // 7, 3), seed=4)
    recorder = Recorder(library, deal)
    for first, count in [(1, 1), (3, 9), (10**6 + 1, 20), (2**40, 2), (0, 8)]:
        assert np.array_equal(recorder.samples(first, count), np.concatenate(deal.batches(first, count)))


@pytest.mark.parametrize(
    "row_bytes", [1, 2, 3, 4, 5, 7, 8, 12, 15, 16, 17, 24, 31, 32, 33, 36, 64, 100, 1000]
)
@pytest.mark.parametrize("pad", [0, 12])
@pytest.mark.parametrize("threads", [1, 2])
def test_rows_of_any_size_are_gathered(library, row_bytes, pad, threads):
    deal = deal_of(203, 150, seed=1)
    random = np.random.default_rng(row_bytes)
    source = random.integers(0, 256, (203, row_bytes)).astype(np.uint8)
    buffer = np.full((151, row_bytes + pad), 7, dtype=np.uint8)
    loss = np.ones(1)
    schedule = Schedule(library, Team.of(threads), [CallEntry(EMPTY, 0, 1, 0)], [], loss=address(loss))
    Training(schedule, deal, [column(source, buffer)]).run(0, [0.0])
    assert np.array_equal(buffer[:150, :row_bytes], source[deal.indices(0)])
    assert (buffer[:150, row_bytes:] == 7).all()
    assert (buffer[150:] == 7).all()


class Trainer:
    """Weights that move by the samples of a batch; the loss is the mean of the batch."""

    def __init__(self, library, threads=1, rows=1000, batch=64, weights=37):
        self.deal = deal_of(rows, batch, seed=3)
        self.source = np.random.default_rng(0).normal(size=(rows, 1))
        self.buffer, self.loss = np.zeros((batch, 1)), np.zeros(1)
        self.weights, self.slots, self.seen = np.zeros(weights), np.zeros(3), np.zeros(3)
        arrays = (self.buffer, self.loss, self.weights, self.buffer, self.slots, self.slots, self.seen)
        pointers = [address(a) for a in arrays]
        calls = [
            CallEntry(SUM, 0, 0, 1),
            CallEntry(MOVE, 2, 0, weights, grain=5),
            CallEntry(NUMBER, 5, 0, 1, barrier=True, alone=True),
        ]
        self.schedule = Schedule(
            library, Team.of(threads), calls, pointers,
            numbers=0, slots=self.slots, early=1, loss=address(self.loss), scratch=np.zeros(16 * threads),
        )  # fmt: skip
        self.training = Training(self.schedule, self.deal, [column(self.source, self.buffer)])


def test_a_step_is_numbers_early_calls_guard_and_commit(library):
    trainer = Trainer(library)
    rates = np.linspace(0.1, 0.2, 21)
    losses, reason = trainer.training.run(5, rates, first_t=6)
    assert reason == "done"
    weights, scale = np.zeros(37), np.arange(1, 38)
    for loss, rate, batch in zip(losses, rates, trainer.deal.batches(5, 21), strict=True):
        x = trainer.source[batch, 0]
        assert loss == pytest.approx(x.mean(), rel=1e-12, abs=1e-15)
        for value in x:
            weights = weights * 0.999 - rate * value * scale
    assert np.allclose(trainer.weights, weights, rtol=1e-12)
    assert trainer.seen.tolist() == [rates[-1], 26, 64]


def test_numbers_are_told_the_step_and_the_samples(library):
    trainer = Trainer(library, rows=100, batch=64)
    trainer.training.run(3, [0.5])
    assert trainer.seen.tolist() == [0.5, 4, 36]
    trainer.training.run(3, [0.25, 0.5], first_t=10)
    assert trainer.seen.tolist() == [0.5, 11, 64]


def test_no_steps_are_none(library):
    losses, reason = Trainer(library).training.run(3, [])
    assert (losses.tolist(), reason) == ([], "done")


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_change_no_bit(library, threads):
    one, many = Trainer(library), Trainer(library, threads)
    rates = np.full(100, 0.01)
    alone, together = one.training.run(0, rates), many.training.run(0, rates)
    assert np.array_equal(alone[0], together[0])
    assert np.array_equal(one.weights, many.weights)
    assert np.isfinite(one.weights).all()
    assert one.weights.all()


class Poisoned:
    """The loss counts the steps, and is not finite in one of them; a count tells of commits."""

    def __init__(self, library, threads, when, bad):
        self.steps, self.when, self.bad = np.zeros(1, np.int64), np.array([when]), np.array([bad])
        self.loss, self.early, self.commits = np.zeros(1), np.zeros(40, np.int64), np.zeros(40, np.int64)
        self.source, self.buffer = np.arange(10), np.zeros(2, np.int64)
        arrays = (self.loss, self.steps, self.when, self.bad, self.early, self.commits)
        calls = [CallEntry(POISON, 0, 0, 1, alone=True), CallEntry(MARK, 4, 0, 40), CallEntry(MARK, 5, 0, 40)]
        self.schedule = Schedule(
            library, Team.of(threads), calls, [address(a) for a in arrays], early=2, loss=address(self.loss)
        )
        self.deal = deal_of(10, 2)
        self.training = Training(self.schedule, self.deal, [column(self.source, self.buffer)])


@pytest.mark.parametrize("threads", TEAMS)
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("when", [0, 6])
def test_nothing_of_a_step_without_a_finite_loss_is_committed(library, threads, bad, when):
    run = Poisoned(library, threads, when, bad)
    losses, reason = run.training.run(0, np.zeros(20))
    assert reason == "not finite"
    assert losses.tolist() == list(range(1, when + 1))
    assert run.early.tolist() == [when + 1] * 40
    assert run.commits.tolist() == [when] * 40
    assert np.array_equal(run.buffer, run.deal.indices(when))
    # the steps after can be taken again once the cause is gone
    assert run.training.run(when, np.zeros(3))[1] == "done"
    assert run.commits.tolist() == [when + 3] * 40


@pytest.mark.parametrize("threads", [1, 2])
def test_time_ends_a_stretch_after_a_whole_step(library, threads):
    run = Poisoned(library, threads, -1, 0.0)
    losses, reason = run.training.run(0, np.zeros(5_000_000), seconds=0.02)
    assert reason == "late"
    assert 1 <= len(losses) < 5_000_000
    assert run.commits.tolist() == run.early.tolist() == [len(losses)] * 40


def test_one_step_is_taken_however_little_time_there_is(library):
    run = Poisoned(library, 1, -1, 0.0)
    losses, reason = run.training.run(0, np.zeros(9), seconds=0.0)
    assert (len(losses), reason) == (1, "late")
    losses, reason = run.training.run(1, np.zeros(9), seconds=600.0)
    assert (len(losses), reason) == (9, "done")


def test_calls_from_and_to(library):
    counts = np.zeros((3, 8), np.int64)
    calls = [CallEntry(MARK, i, 1, 0) for i in range(3)]
    schedule = Schedule(library, ONE, calls, [address(row) for row in counts])
    schedule.run(8)
    schedule.run(8, first=1)
    schedule.run(5, first=1, last=2)
    schedule.run(5, first=2, last=2)
    assert counts.tolist() == [[1] * 8, [3] * 5 + [2] * 3, [2] * 8]


@pytest.mark.parametrize("threads", TEAMS)
@pytest.mark.parametrize("grain", [1, 2, 6, 7, 64])
@pytest.mark.parametrize(("times", "fixed"), [(1, 0), (0, 1), (0, 5), (3, 0), (2, 3), (0, 0)])
def test_threads_cover_all_units_once(library, threads, grain, times, fixed):
    team = Team.of(threads)
    for samples in (1, 2, 3, 11, 64, 65):
        units = times * samples + fixed
        counts, seen = np.zeros(units + 8, np.int64), np.zeros(units + 8, np.int64)
        calls = [CallEntry(MARK, 0, times, fixed, grain), CallEntry(SEEN, 1, times, fixed, grain)]
        scratch = np.zeros(8 * threads)
        schedule = Schedule(library, team, calls, [address(counts), address(seen)], scratch=scratch)
        schedule.run(samples)
        assert counts.tolist() == [1] * units + [0] * 8
        cuts = np.flatnonzero(np.diff(seen[:units])) + 1
        assert (cuts % grain == 0).all()
        assert len(cuts) == min(team.threads, -(-units // grain) or 1) - 1
        if units:
            assert seen[0] == address(scratch)


def test_threads_have_equal_parts_of_the_scratch(library):
    seen, scratch, team = np.zeros(64, np.int64), np.zeros(18), Team.of(2)
    Schedule(library, team, [CallEntry(SEEN, 0, 0, 64)], [address(seen)], scratch=scratch).run(1)
    parts = [address(scratch) + 8 * 9 * thread for thread in range(team.threads)]
    assert np.unique(seen).tolist() == parts


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("trains", [True, False])
def test_denormals_are_zero_inside_and_numbers_outside(library, threads, trains):
    small, results, loss = np.array([1e-160, 1e-310]), np.ones(64), np.ones(1)
    schedule = Schedule(
        library, Team.of(threads), [CallEntry(TINY, 0, 0, 64)], [address(small), address(results)],
        loss=address(loss),
    )  # fmt: skip
    before = small[0] * small[0], small[1] * 2
    if trains:
        Training(schedule, deal_of(4, 2), []).run(0, [0.0])
    else:
        schedule.run(1)
    assert results.tolist() == [0.0] * 64
    assert before == (small[0] * small[0], small[1] * 2)
    assert min(before) > 0


def test_a_schedule_without_a_loss_does_not_train(library):
    schedule = Schedule(library, ONE, [CallEntry(EMPTY, 0, 1, 0)], [])
    with pytest.raises(CompilerFault, match="without a loss"):
        Training(schedule, deal_of(4, 2), [])


def test_float32_libraries_and_their_blas(tmp_path):
    library = built(tmp_path, "float")
    library.c.blas_seen.restype = ctypes.c_void_p
    assert library.c.blas_seen() == torch_symbols().get("sgemm_")
    slots, seen = np.zeros(3, np.float32), np.zeros(3, np.float32)
    schedule = Schedule(
        library, ONE, [CallEntry(NUMBER, 0, 0, 1)], [address(slots), address(seen)], numbers=0, slots=slots
    )
    schedule.run(7, 0.1, 3)
    assert seen.tolist() == np.array([0.1, 3, 7], np.float32).tolist()
    with pytest.raises(CompilerFault, match="has structures of"):
        Library(library.c, 8)


def test_a_team_is_of_one_where_torch_has_no_libgomp(monkeypatch):
    symbols = torch_symbols()
    monkeypatch.setattr(runtime, "torch_symbols", lambda: {"sgemm_": symbols.get("sgemm_", 0)})
    assert Team.of(4).threads == 1
