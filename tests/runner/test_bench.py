import numpy as np
import pytest

import specdl
from specdl.data.base import Part
from specdl.data.order import Order
from specdl.runner.bench import Limit, Walk, bench, limit
from tests.cli.conftest import spec


@pytest.fixture
def model():
    return specdl.compile(spec(data={"batch_size": 8}))


class Recorder:
    """An executable that notes which rows it is given."""

    def __init__(self):
        self.batches = []

    def train(self, data, deal, first, rates, seconds=None):
        assert first == len(self.batches)
        assert seconds is None
        self.batches += [batch.tolist() for batch in deal.batches(first, len(rates))]


def test_steps_go_through_the_data_as_a_run_does(model):
    model.executable = recorder = Recorder()
    walk = Walk(model, {}, 20)
    for count in (1, 4, 2, 7):
        walk.go(count)
    order = Order(0, 20)
    for epoch in range(4):
        rows = order.indices(epoch, 0, 20).tolist()
        assert recorder.batches[3 * epoch : 3 * epoch + 3] == [rows[:8], rows[8:16], rows[16:]]


def test_a_bench_trains(model):
    before = {name: value.clone() for name, value in model.parameters.items()}
    noise = np.random.default_rng(0)
    part = Part({"input": noise.random((20, 6), np.float32)}, {"target": np.arange(20) % 3})
    timing = bench(model, part, 0.02)
    assert timing.steps >= 5
    assert timing.us_per_step > 0
    assert any(not (model.parameters[name] == value).all() for name, value in before.items())


def test_the_limit_is_the_larger_of_two_times():
    assert Limit(2_000, 100, 1e9, 1e9).us == pytest.approx(2.0)
    assert Limit(2_000, 5_000, 1e9, 1e9).us == pytest.approx(5.0)


def test_what_a_step_has_to_do(model):
    found = limit(model.plan, 0.01)
    sizes = model.plan.bytes
    assert found.flops > 3 * 2 * 8 * (6 * 5 + 5 * 3)
    assert found.bytes == 2 * (sizes.params + sizes.optimizer) + 8 * 6 * 4 + 8 * 8
    assert found.flops_per_s > 1e8
    assert found.bytes_per_s > 1e8
