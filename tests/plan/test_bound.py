"""The bytes that a run at most takes: never fewer than the plan's, and few enough to be of use."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from specdl.analysis import analyse
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


def bounds(compilation):
    graph, spec = compilation.graph, compilation.spec
    return run_at_most(graph, spec.optimizer, spec.data.batch_size), checkpoint_at_most(graph, spec.optimizer)


@pytest.mark.parametrize("file", SPECS, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_run_takes_more(file):
    compilation, findings = analyse(file)
    if compilation is None:
        pytest.fail("; ".join(map(str, findings)))
    most, checkpoint = bounds(compilation)
    total = compilation.plan.bytes.total
    assert total <= most
    assert checkpoint_bytes(compilation.plan.schedules["train"].program) <= checkpoint


@given(specs())
@settings(max_examples=30)
def test_no_random_net_takes_more(spec):
    compilation, _ = analyse(spec)
    assert compilation is not None
    assert compilation.plan.bytes.total <= bounds(compilation)[0]


def wide(width):
    return {
        "specdl": 1,
        "name": "wide",
        "data": {"batch_size": 8},
        "model": {"input": {"shape": [width]}, "layers": [{"type": "linear", "out_features": width}]},
        "loss": {"type": "mse"},
        "optimizer": {"type": "adam", "lr": 0.1},
        "train": {"epochs": 1},
    }


def test_the_bound_is_within_reach():
    # a check that never believes a run to fit would plan every spec
    compilation, _ = analyse(wide(1000))
    assert bounds(compilation)[0] < 40 * compilation.plan.bytes.total


def test_a_check_of_what_surely_fits_makes_no_plan(monkeypatch):
    import specdl

    monkeypatch.setattr("specdl.plan.plan.make", lambda *_: pytest.fail("a plan was made"))
    assert [each.code for each in specdl.check(wide(100), max_memory=1 << 30)] == []
    with pytest.raises(pytest.fail.Exception):
        specdl.check(wide(100), max_memory=1 << 16)
