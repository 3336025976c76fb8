"""The bytes that a run at most takes: never fewer than the plan's, and few enough to be of use."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from specdl.analysis import analyse
from specdl.backends.choice import native_plan
from specdl.plan.bound import checkpoint_at_most, run_at_most
from specdl.plan.disk import checkpoint_bytes
from tests.test_twin import specs

ROOT = Path(__file__).parent.parent.parent
SPECS = sorted(
    file
    for folder in ("models", "tests/check/good")
    for file in (ROOT / folder).rglob("*")
    if file.suffix in (".json", ".yaml", ".yml")
)


@pytest.fixture(params=[16, 64], autouse=True)
def vectors(request, monkeypatch):
    """Processors with the narrowest and the widest vectors."""
    monkeypatch.setattr("specdl.plan.machine.vector_bytes", lambda: request.param)


def bound(compilation, threads=2):
    graph, spec = compilation.graph, compilation.spec
    return run_at_most(graph, spec.optimizer, spec.data.batch_size, threads)


def totals(compilation, threads=2):
    """The bytes that a run takes on each backend."""
    return compilation.plan.bytes.total, native_plan(compilation.plan, threads).bytes.total


@pytest.mark.parametrize("file", SPECS, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_run_takes_more(file):
    compilation, findings = analyse(file)
    if compilation is None:
        pytest.fail("; ".join(map(str, findings)))
    for threads in (1, 100):
        assert max(totals(compilation, threads)) <= bound(compilation, threads)
    most = checkpoint_at_most(compilation.graph, compilation.spec.optimizer)
    assert checkpoint_bytes(compilation.plan.schedules["train"].program) <= most


@given(specs())
@settings(max_examples=30)
def test_no_random_net_takes_more(spec):
    compilation, _ = analyse(spec)
    assert compilation is not None
    assert max(totals(compilation)) <= bound(compilation)


def net(width, *layers, batch_size=8, loss="mse", optimizer="sgd"):
    return {
        "specdl": 1,
        "name": "net",
        "data": {"batch_size": batch_size},
        "model": {"input": {"shape": [width]}, "layers": list(layers)},
        "loss": {"type": loss},
        "optimizer": {"type": optimizer, "lr": 0.1},
        "train": {"epochs": 1},
    }


def linear(width, activation=None):
    layer = {"type": "linear", "out_features": width}
    return layer | ({"activation": activation} if activation else {})


EXTREMES = {
    "rows that are mostly padding": net(2, *[linear(2, "tanh")] * 60, batch_size=4096),
    "rows with as much padding as numbers": net(17, *[linear(17, "softmax")] * 40, batch_size=4096),
    "rows too long for the stack": net(2, linear(100_000, "softmax"), batch_size=1, loss="cross_entropy"),
    "weights packed by columns": net(100_000, linear(2), linear(100_000), batch_size=32),
    "products of few rows": net(4000, linear(4000), linear(4000), batch_size=64, optimizer="adam"),
    "many rows": net(3, linear(5, "sigmoid"), linear(3), batch_size=200_000),
    "products that a BLAS makes": net(1024, linear(1024, "tanh"), linear(1024), batch_size=2048),
}


@pytest.mark.parametrize("threads", [1, 2, 128])
@pytest.mark.parametrize("name", EXTREMES)
def test_no_extreme_takes_more(name, threads):
    compilation, _ = analyse(EXTREMES[name])
    assert max(totals(compilation, threads)) <= bound(compilation, threads)


def wide(width):
    return net(width, linear(width), optimizer="adam")


def test_the_bound_is_within_reach():
    # a check that never believes a run to fit would plan every spec
    compilation, _ = analyse(wide(1000))
    assert bound(compilation) < 40 * min(totals(compilation))


def test_a_check_of_what_surely_fits_makes_no_plan(monkeypatch):
    import specdl

    monkeypatch.setattr("specdl.plan.plan.make", lambda *_: pytest.fail("a plan was made"))
    assert [each.code for each in specdl.check(wide(100), max_memory=1 << 30)] == []
    with pytest.raises(pytest.fail.Exception):
        specdl.check(wide(100), max_memory=1 << 16)
