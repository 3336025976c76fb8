"""The bytes of native plans at other batch sizes: those that the plan made for them has."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specdl.analysis import analyse, programs
from specdl.backends.c import totals
from specdl.backends.choice import bytes_for, native_plan
from specdl.ops.optimizers.sgd import SGD
from specdl.plan.plan import make
from tests.plan.test_bound import EXTREMES, ROOT, SPECS
from tests.program.graphs import Drawn
from tests.test_testing import Centre
from tests.test_twin import specs

BATCHES = (1, 3, 64, 1000, 2**31 - 1)


def plan_of(source):
    """Torch's plan of a spec."""
    compilation, findings = analyse(source)
    assert compilation is not None, findings
    return compilation.plan


def agree(plan, threads, batches=BATCHES):
    total = bytes_for(plan, native_plan(plan, threads), threads)
    made = {name: schedule.program for name, schedule in plan.schedules.items()}
    for rows in batches:
        assert total(rows) == native_plan(make(made, rows), threads).bytes.total


@pytest.mark.parametrize("file", SPECS[::6], ids=lambda file: str(file.relative_to(ROOT)))
def test_of_specs(file):
    agree(plan_of(file), None)


@pytest.mark.parametrize("threads", [None, 1, 3])
@pytest.mark.parametrize("name", EXTREMES)
def test_of_extremes(name, threads):
    agree(plan_of(EXTREMES[name]), threads, (1, 64, 5000))


@given(specs(), st.sampled_from([None, 1, 3]), st.sampled_from(BATCHES))
@settings(max_examples=25)
def test_of_random_nets(spec, threads, rows):
    agree(plan_of(spec), threads, (rows,))


def test_of_what_torch_runs_a_part_of():
    drawn = Drawn(3)
    drawn.loss(drawn.linear("fc", drawn.add("k", Centre(), "x"), 2))
    plan = make(programs(drawn.graph(fc="fc.y"), SGD(lr=0.1)), 10)
    assert native_plan(plan).torch_slots
    agree(plan, 2)


def test_no_code_is_made_for_it(monkeypatch):
    plan = plan_of(EXTREMES["products of few rows"])
    native = native_plan(plan)
    monkeypatch.setattr("specdl.backends.c.assemble.function", lambda *_: pytest.fail("code was made"))
    assert bytes_for(plan, native)(64) == native.bytes.total


def test_products_of_equal_sizes_are_counted_once():
    plan = plan_of(EXTREMES["rows that are mostly padding"])
    native = native_plan(plan)
    found = list(totals.products(native))
    assert len(found) > 300
    assert len(set(found)) < 10
