"""Whole nets on the native backend beside torch: steps, epochs, evaluation, kernels, threads."""

import numpy as np
import pytest
import torch

from specdl.analysis import programs, reading
from specdl.backends.base import StepScalars
from specdl.backends.c.compiler import find
from specdl.backends.c.executable import lower as lower_to_c
from specdl.backends.choice import native_plan
from specdl.backends.torch.executable import lower as lower_to_torch
from specdl.core.errors import CompilerFault, UsageError
from specdl.data.deal import Deal
from specdl.data.load import load
from specdl.data.order import Order, batches
from specdl.plan.machine import ARCHITECTURE, X86
from specdl.plan.plan import make
from tests.backends.c.compilers import NEEDS_COMPILER
from tests.backends.c.models import NETS, begun, compiled, deal, eager, heads, native, rates, samples, state
from tests.loops.test_fuse import Kept, tower

pytestmark = NEEDS_COMPILER
EVERY = pytest.mark.parametrize("net", NETS)
TOLERANCE = {"float32": 1e-5, "float64": 1e-11}


def close(what, got, wanted, tolerance):
    got, wanted = got.double(), wanted.double()
    scale = max(1e-3, float(wanted.abs().max())) if wanted.numel() else 1.0
    torch.testing.assert_close(
        got, wanted, rtol=tolerance, atol=tolerance * scale, msg=lambda m: f"{what}: {m}"
    )


@EVERY
@pytest.mark.parametrize("dtype", TOLERANCE)
def test_results_losses_and_gradients_are_torchs(net, dtype):
    made, twin, tolerance = native(NETS[net], dtype=dtype), eager(NETS[net], dtype=dtype), TOLERANCE[dtype]
    for rows in sorted({1, made.plan.rows // 2 + 1, made.plan.rows}):
        data = samples(made, rows, rows)
        made.put(data), twin.put(data)
        wanted = twin.infer()
        for name, value in made.infer().items():
            close(name, value, wanted[name], tolerance)
        (results, loss), (wanted, expected) = made.evaluate(), twin.evaluate()
        assert loss == pytest.approx(expected, rel=tolerance)
        for name, value in results.items():
            close(name, value, wanted[name], tolerance)
        assert made.loss() == pytest.approx(twin.loss(), rel=tolerance)
        made.backward(), twin.backward()
        assert made.gradients.keys() == twin.gradients.keys()
        for name, value in made.gradients.items():
            close(f"gradient of {name}", value, twin.gradients[name], tolerance)


@EVERY
def test_steps_are_torchs(net):
    made, twin = native(NETS[net], dtype="float64"), eager(NETS[net], dtype="float64")
    size = made.plan.rows
    for t in range(1, 31):
        data = samples(made, size if t % 3 else 1 + t % size, t)
        made.put(data), twin.put(data)
        assert made.step(StepScalars(0.03, t)) == pytest.approx(twin.step(StepScalars(0.03, t)), rel=1e-9)
    for name, value in {**made.parameters, **made.optimizer_state}.items():
        close(name, value, {**twin.parameters, **twin.optimizer_state}[name], 1e-9)


@EVERY
def test_an_epoch_at_once_is_its_steps(net):
    """Bit for bit, with a smaller batch at the end of each epoch, and however it is split into calls."""
    made, again, stepped = (native(NETS[net]) for _ in range(3))
    size = made.plan.rows
    rows = 3 * size + size // 2
    data, dealt = samples(made, rows), deal(made, rows, seed=5)
    lr = rates(20)
    losses = made.train(data, dealt, 0, lr)
    assert len(losses) == 20
    parts, first = [], 0
    for count in (1, 2, 7, 1, 9):
        parts += list(again.train(data, dealt, first, lr[first : first + count]))
        first += count
    assert parts == list(losses)
    assert state(again) == state(made)
    one_by_one = []
    for step in range(20):
        index = torch.from_numpy(dealt.indices(step))
        if step % 2:
            stepped.gather(data, index)
        else:
            stepped.put({name: value[index] for name, value in data.items()})
        one_by_one.append(stepped.step(StepScalars(float(lr[step]), step + 1)))
    assert one_by_one == list(losses)
    assert state(stepped) == state(made)


@EVERY
def test_threads_change_no_bit(net):
    ends = []
    for threads in (1, 2, 2):
        made = native(NETS[net], threads=threads)
        assert made.threads == threads
        rows = 2 * made.plan.rows + made.plan.rows // 3
        data = samples(made, rows)
        losses = made.train(data, deal(made, rows), 0, rates(25))
        made.put(samples(made, made.plan.rows))
        made.loss(), made.backward()
        gradients = [value.numpy().tobytes() for value in made.gradients.values()]
        ends.append((list(losses), state(made), gradients))
    assert all(end == ends[0] for end in ends)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("batch", [1, 2, 3, 8])
def test_threads_change_no_bit_of_few_rows(batch, dtype):
    """Few rows are shared out by columns, or where those are few by rows: by other C."""
    ends = []
    for threads in (1, 2):
        made = native(heads((15, 31, 63, 66, 100, 129), (1, 3, 16), batch), threads=threads, dtype=dtype)
        data = samples(made, 2 * batch)
        ends.append((list(made.train(data, deal(made, 2 * batch), 0, rates(5))), state(made)))
    assert ends[0] == ends[1]


@EVERY
def test_with_every_product_by_a_library(net, monkeypatch):
    """As torch within rounding, the same bits from two runs, and its steps are the epoch's."""
    monkeypatch.setattr("specdl.backends.c.plan.prefers_blas", lambda *sizes: True)
    made, again, twin = native(NETS[net], blas=True), native(NETS[net], blas=True), eager(NETS[net])
    assert made.plan.calls_blas
    rows = 2 * made.plan.rows + made.plan.rows // 2
    data, dealt, lr = samples(made, rows), deal(made, rows), rates(12, 0.01)
    losses = made.train(data, dealt, 0, lr)
    np.testing.assert_allclose(losses, twin.train(data, dealt, 0, lr), rtol=1e-4)
    for step in range(12):
        again.gather(data, torch.from_numpy(dealt.indices(step)))
        again.step(StepScalars(float(lr[step]), step + 1))
    assert state(again) == state(made)
    for name, value in made.parameters.items():
        close(name, value, twin.parameters[name], 1e-4)


@EVERY
def test_evaluation_by_batches_is_by_the_batch(net):
    made, twin = native(NETS[net]), eager(NETS[net])
    size = made.plan.rows
    data, rows = samples(made, 4 * size), range(1, 3 * size + size // 2 + 1)
    outputs = {name: torch.full((len(rows), *v.shape[1:]), torch.nan) for name, v in made.infer().items()}
    wanted = {name: buffer.clone() for name, buffer in outputs.items()}
    losses = made.evaluate_rows(data, rows, size, outputs)
    expected = twin.evaluate_rows(data, rows, size, wanted)
    np.testing.assert_allclose(losses, expected, rtol=1e-5)
    for name, buffer in outputs.items():
        close(name, buffer, wanted[name], 1e-5)
    alone = made.evaluate_rows(data, rows, size, {})
    assert list(alone) == list(losses)


@EVERY
def test_kernels_one_by_one_are_what_they_are_together(net):
    made, again = native(NETS[net]), native(NETS[net])
    for rows in (made.plan.rows, 1):
        data = samples(made, rows)
        made.put(data), again.put(data)
        loss = made.loss()
        made.backward()
        kernels = again.kernels
        assert [kernel.native for kernel in kernels] == [True] * len(kernels)
        assert len(kernels) == made.native_instructions
        for kernel in kernels:
            if kernel.phase != "update":
                kernel()
        assert again.bound("train").loss() == loss
        for name, value in made.gradients.items():
            assert torch.equal(value, again.gradients[name]), name


@EVERY
def test_updates_one_by_one_are_a_step_of_rate_one(net):
    made, again = native(NETS[net], dtype="float64"), native(NETS[net], dtype="float64")
    data = samples(made, made.plan.rows)
    made.put(data), again.put(data)
    made.step(StepScalars(1.0, 1))
    for kernel in again.kernels:
        kernel()
    for name, value in {**made.parameters, **made.optimizer_state}.items():
        close(name, value, {**again.parameters, **again.optimizer_state}[name], 1e-12)


@pytest.mark.skipif(ARCHITECTURE not in X86, reason="these are levels of x86-64")
@pytest.mark.parametrize("march", ["x86-64-v3", "x86-64-v2"])
@pytest.mark.parametrize("net", ["odd", "classes", "shapes"])
def test_on_processors_with_narrower_vectors(net, march, monkeypatch):
    monkeypatch.setenv("SPECDL_MARCH", march)
    made, twin = native(NETS[net], threads=2), eager(NETS[net])
    assert made.plan.goal.target.vector_bytes < 64
    rows = 2 * made.plan.rows + 3
    data, dealt, lr = samples(made, rows), deal(made, rows), rates(12, 0.01)
    np.testing.assert_allclose(made.train(data, dealt, 0, lr), twin.train(data, dealt, 0, lr), rtol=1e-4)
    for name, value in made.parameters.items():
        close(name, value, twin.parameters[name], 1e-4)


def test_frozen_parameters_stay():
    made = native(NETS["tied"])
    before = made.parameters["still.weight"].clone()
    data = samples(made, 40)
    made.train(data, deal(made, 40), 0, rates(10))
    assert torch.equal(made.parameters["still.weight"], before)
    assert not any(name.startswith("still") for name in (*made.gradients, *made.optimizer_state))
    assert "second.weight" not in made.parameters


@pytest.mark.parametrize("name", ["disc", "digits"])
def test_a_thousand_steps_end_where_torchs_do(name):
    path = f"models/{name}.json"
    made, twin = native(path, threads=2, blas=True), eager(path)
    compilation = compiled(path)
    part = load(compilation.spec.data, reading(compilation)).parts["train"]
    data = {
        key: torch.from_numpy(np.ascontiguousarray(value)).to(made.batch()[key].dtype)
        for key, value in {**part.inputs, **part.targets}.items()
    }
    rows = len(next(iter(data.values())))
    size = compilation.spec.data.batch_size
    dealt = Deal(Order(0, rows, shuffle=True), size, batches(rows, size, drop_last=False).steps)
    lr = np.full(1000, compilation.spec.optimizer.lr)
    losses = [np.asarray(each.train(data, dealt, 0, lr)) for each in (made, twin)]
    assert len(losses[0]) == len(losses[1]) == 1000
    ends = [float(np.mean(each[-dealt.steps_per_epoch :])) for each in losses]
    assert ends[0] == pytest.approx(ends[1], rel=1e-3)
    whole = [np.mean(each.evaluate_rows(data, range(rows // size * size), size, {})) for each in (made, twin)]
    assert whole[0] == pytest.approx(whole[1], rel=1e-3)


def test_time_is_looked_at():
    made = native(NETS["disc"])
    data = samples(made, 500)
    losses = made.train(data, deal(made, 500), 3, rates(1_000_000), seconds=0.01)
    assert 1 <= len(losses) < 1_000_000


def test_what_is_refused():
    made = native(NETS["disc"])
    with pytest.raises(UsageError, match="1 to 50 rows, not 51"):
        made.put(samples(made, 51))
    with pytest.raises(UsageError, match="needs the activations"):
        made.backward()
    made.put(samples(made, 5))
    made.loss(), made.backward()
    with pytest.raises(UsageError, match="needs the activations"):
        made.backward()


def test_data_that_a_native_loop_cannot_deal_out_is_refused():
    made = native(NETS["disc"])
    data = samples(made, 100)
    with pytest.raises(UsageError, match="`input` has 99 rows, and 100 are dealt out"):
        made.train({name: rows[:99] for name, rows in data.items()}, deal(made, 100), 0, rates(2))
    with pytest.raises(UsageError, match="1 to 50 rows, not 80"):
        # the first batch that is asked for is the short one
        made.train(data, Deal(Order(0, 100), 80, 2), 1, rates(2))


def test_other_data_at_the_same_place_is_not_taken_for_the_same():
    made = native(NETS["disc"])
    data = samples(made, 2)
    dealt = deal(made, 2)
    made.train(data, dealt, 0, rates(1))
    with pytest.raises(CompilerFault, match="no dense array"):
        made.train({**data, "input": data["input"].t()}, dealt, 0, rates(1))


def test_an_optimiser_whose_state_is_made_of_what_it_replaces():
    graph = tower(3)
    plans = make(programs(graph, Kept()), 8)
    toolchain = find()
    assert toolchain is not None
    made, twin = begun(lower_to_c(native_plan(plans, 1), toolchain)), begun(lower_to_torch(plans))
    for t in range(1, 6):
        data = samples(made, 8, t)
        made.put(data), twin.put(data)
        assert made.step(StepScalars(0.1, t)) == pytest.approx(twin.step(StepScalars(0.1, t)), rel=1e-5)
    for name, value in {**made.parameters, **made.optimizer_state}.items():
        close(name, value, {**twin.parameters, **twin.optimizer_state}[name], 1e-5)
